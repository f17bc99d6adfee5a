"""What can go wrong on the wire, each as an exception that holds the values and builds the sentence.

Only the caller's own calls raise (`send`, `ask`, a constructor). What a peer sends is never raised: see `BadFrame`.
"""

from pathlib import Path


class TransportError(Exception):
    """Parent of everything that this package raises on purpose."""


class AddressInvalid(TransportError):
    """The text is no address that this package connects or binds to."""

    def __init__(self, text: str, problem: str, remedy: str) -> None:
        super().__init__(text, problem, remedy)
        self.text, self.problem, self.remedy = text, problem, remedy

    def __str__(self) -> str:
        return f"{self.text}: {self.problem}; {self.remedy}"


class AddressInUse(TransportError):
    """Somebody listens at the address already, or this process may not bind it."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(address, problem)
        self.address, self.problem = address, problem

    def __str__(self) -> str:
        return f"cannot listen at {self.address}: {self.problem}; stop the process that holds it or choose another"


class KeysInvalid(TransportError):
    """A file of keys is missing, open to others or not what it should be."""

    def __init__(self, file: Path, problem: str, remedy: str) -> None:
        super().__init__(file, problem, remedy)
        self.file, self.problem, self.remedy = file, problem, remedy

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}; {self.remedy}"


class MessageTooLarge(TransportError):
    """One message is longer than a frame may be. Nothing was queued."""

    def __init__(self, kind: str, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(kind, size_bytes, limit_bytes)
        self.kind, self.size_bytes, self.limit_bytes = kind, size_bytes, limit_bytes

    def __str__(self) -> str:
        return (
            f"{self.kind} takes {self.size_bytes} bytes, a message may take {self.limit_bytes}; "
            "store the payload and send its reference"
        )


class Overloaded(TransportError):
    """The peer does not take what waits for it. Nothing was queued; what waited before still waits."""

    def __init__(self, peer: str, messages: int, size_bytes: int) -> None:
        super().__init__(peer, messages, size_bytes)
        self.peer, self.messages, self.size_bytes = peer, messages, size_bytes

    def __str__(self) -> str:
        return (
            f"{self.peer} does not take what it is sent: {self.messages} messages ({self.size_bytes} bytes) wait; "
            "send less, or give up on it"
        )


class PeerUnreachable(TransportError):
    """The peer is not known (any more), or this end is closed. Nothing will be delivered."""

    def __init__(self, peer: str, why: str) -> None:
        super().__init__(peer, why)
        self.peer, self.why = peer, why

    def __str__(self) -> str:
        return f"{self.peer} cannot be reached: {self.why}"


class NoReply(TransportError):
    """The answer did not come in time. Whether the request was carried out is not known."""

    def __init__(self, peer: str, timeout_s: float) -> None:
        super().__init__(peer, timeout_s)
        self.peer, self.timeout_s = peer, timeout_s

    def __str__(self) -> str:
        return f"{self.peer} did not answer within {self.timeout_s:g} s; it may still carry the request out"
