"""When a request that failed is tried again, and how long before. Decisions only: the clock's time is passed in."""

from __future__ import annotations

from collections.abc import Callable

from aigc.client.errors import Busy, ClientError, Refused, ServerAway

FIRST_S = 0.25
LONGEST_S = 8.0
GATEWAYS = (502, 504)
"""What a proxy says while the server behind it is away."""


class Retrying:
    """One request's tries.

    Args:
        budget_s: it is tried again for so long; 0: never.
        begun: when the first try began, on the caller's clock.
        may_repeat: the request does no more twice than once.
        was_heard: the server has answered this client before. One that never has is not waited for, since its address
            is rather wrong than it away.
        chance: gives numbers from 0 to 1, so that many clients do not come back at one moment.
    """

    def __init__(
        self, budget_s: float, begun: float, *, may_repeat: bool, was_heard: bool, chance: Callable[[], float]
    ) -> None:
        self._ends = begun + budget_s
        self._may_repeat = may_repeat
        self._was_heard = was_heard
        self._chance = chance
        self._tries = 0

    def pause_s(self, error: ClientError, now: float) -> float | None:
        """Seconds until the next try; None if the error stands."""
        if not self._is_passing(error):
            return None
        asked = error.retry_after_s if isinstance(error, Refused) else None
        if asked is None:
            step = min(LONGEST_S, FIRST_S * 2**self._tries)
            asked = step * (0.5 + self._chance() / 2)
        self._tries += 1
        return asked if now + asked <= self._ends else None

    def _is_passing(self, error: ClientError) -> bool:
        match error:
            case ServerAway():
                return self._was_heard and (self._may_repeat or not error.was_sent)
            case Busy():
                return self._may_repeat or error.retry_after_s is not None
            case Refused():
                return self._may_repeat and error.status in GATEWAYS
        return False
