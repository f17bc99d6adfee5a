"""When a child that ended is started again: OTP's restart intensity, with exponential back-off.

After the supervisor of Erlang/OTP (J. Armstrong, Making reliable distributed systems in the presence of software
errors, 2003): more than `intensity` restarts within `period_s` mean that restarting does not help.
"""

from collections import deque

from msgspec import Struct


class RestartSettings(Struct, frozen=True, kw_only=True):
    """How patient a supervisor is. Times in seconds."""

    intensity: int = 5
    """Restarts within `period_s` that are tolerated."""
    period_s: float = 60.0
    base_s: float = 0.2
    """Pause before the first restart; it doubles with each one within the period."""
    limit_s: float = 10.0
    """Longest pause."""


class Restart(Struct, frozen=True):
    """Start it again after this many seconds."""

    after_s: float


class GiveUp(Struct, frozen=True):
    """It ended too often; tell whoever supervises the supervisor, in these words."""

    reason: str


class RestartPolicy:
    """The decision of one supervisor about one child. It keeps no time and rolls no dice of its own."""

    def __init__(self, settings: RestartSettings) -> None:
        self._settings = settings
        self._exits: deque[float] = deque()

    def on_exit(self, reason: str, now: float, jitter: float = 0.0) -> Restart | GiveUp:
        """What to do about a child that ended at `now` (monotonic seconds) for this reason.

        Args:
            jitter: 0 to 1; lengthens the pause by up to that share of itself, so that many children do not come back
                in step.
        """
        settings = self._settings
        while self._exits and self._exits[0] <= now - settings.period_s:
            self._exits.popleft()
        self._exits.append(now)
        if len(self._exits) > settings.intensity:
            return GiveUp(f"ended {len(self._exits)} times within {settings.period_s:g} s, at last: {reason}")
        # The exponent is held back so that a generous intensity cannot overflow a float.
        pause = min(settings.limit_s, settings.base_s * 2.0 ** min(len(self._exits) - 1, 60))
        return Restart(pause * (1.0 + jitter))
