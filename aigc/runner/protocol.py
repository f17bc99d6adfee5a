"""What a worker and its runner say to each other: msgpack arrays `[version, kind, lease, body]`.

worker -> runner   run, interrupt                                              one or more in a frame, end to end
runner -> worker   connected, loaded, progressed, finished, failed, stopped    one in a frame

A runner gives the lease back as it got it and never looks inside. `Boot` is the first word, left in a file.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgpack  # type: ignore[import-untyped]

VERSION = 1
MESSAGE_BYTES = 1 << 20
"""No message and no frame is longer: what is large goes into files."""

RUN = "run"
INTERRUPT = "interrupt"
CONNECTED = "connected"
LOADED = "loaded"
PROGRESSED = "progressed"
FINISHED = "finished"
FAILED = "failed"
STOPPED = "stopped"

_OWN = threading.local()
_DEEPEST = 16
_LONGEST = 10_000


class ProtocolError(Exception):
    """A frame that is none of ours; the text says why."""


class Message(NamedTuple):
    """One of them, taken apart. What is in the body has the types of msgpack, and nothing more is known about it."""

    kind: str
    lease: tuple[Any, ...] | None
    body: dict[str, Any]


def _packer() -> Any:
    """This thread's. A fresh one allocates 256 KB, which glibc takes from the system and gives back each time."""
    packer = getattr(_OWN, "packer", None)
    if packer is None:
        packer = _OWN.packer = msgpack.Packer()
    return packer


def encode(kind: str, lease: tuple[Any, ...] | None, body: dict[str, Any]) -> bytes:
    """One message, which is a frame too.

    Raises:
        ProtocolError: it holds what msgpack cannot say, or is longer than `MESSAGE_BYTES`.
    """
    try:
        message: bytes = _packer().pack((VERSION, kind, lease, body))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"{kind} cannot be packed: {error}") from error
    if len(message) > MESSAGE_BYTES:
        raise ProtocolError(f"{kind} is {len(message)} bytes long, {MESSAGE_BYTES} may be")
    return message


def frames(messages: Iterable[bytes]) -> Iterator[bytes]:
    """The messages in as few frames as hold them, in order."""
    frame = bytearray()
    for message in messages:
        if len(frame) + len(message) > MESSAGE_BYTES:
            yield bytes(frame)
            frame.clear()
        frame += message
    if frame:
        yield bytes(frame)


def decode(frame: bytes) -> list[Message]:
    """The messages of one frame.

    Raises:
        ProtocolError: it holds anything else, or what is of another version.
    """
    unpacker = msgpack.Unpacker(max_buffer_size=MESSAGE_BYTES)
    messages: list[Message] = []
    end = 0
    try:
        unpacker.feed(frame)
        for parts in unpacker:
            messages.append(_message(parts))
            end = unpacker.tell()
    except ProtocolError:
        raise
    except Exception as error:  # msgpack raises whatever comes, down to RecursionError
        raise ProtocolError(f"not msgpack: {type(error).__name__}") from error
    if end < len(frame):
        raise ProtocolError("its last message is cut short")
    return messages


def _message(parts: Any) -> Message:
    if not isinstance(parts, list) or len(parts) != 4 or parts[0] != VERSION:
        raise ProtocolError(f"not an array of version {VERSION}, kind, lease and body")
    _, kind, lease, body = parts
    if not (isinstance(kind, str) and isinstance(body, dict) and (lease is None or isinstance(lease, list))):
        raise ProtocolError("kind, lease or body has the wrong type")
    return Message(kind, None if lease is None else tuple(lease), body)


def plain(value: Any, depth: int = 0) -> Any:
    """`value` in types that msgpack and JSON both have: numbers of other libraries as numbers, the rest as text.

    NaN and infinities become None, keys become text; what is nested deeper than 16 is cut, and lists at 10,000 items.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {str(key): plain(value[key], depth + 1) for key in list(value)[:_LONGEST]}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in list(value)[:_LONGEST]]
    for name in ("tolist", "item"):  # numpy's arrays and numbers, torch's tensors
        convert = getattr(value, name, None)
        if callable(convert):
            return plain(convert(), depth + 1)
    return str(value)


@dataclass(frozen=True)
class Boot:
    """All that a runner is told when it starts. Paths are absolute."""

    runner: str
    token: str
    """Its identity on the socket, known to nobody else."""
    address: str
    class_path: str
    device: str
    """`cpu` or `cuda:0`, as the model's `load` gets it."""
    scratch: str
    """Its current folder; attempts have folders in it."""
    init: dict[str, Any] = dataclasses.field(default_factory=dict)
    writable: tuple[str, ...] = ()
    """Folders that it may write to beside the scratch folder: the staging root, and what the catalogue declares."""
    network: bool = False
    confine: bool = True
    file_bytes: int = 0
    """RLIMIT_FSIZE; 0: no limit."""
    open_files: int = 0
    """RLIMIT_NOFILE; 0: as inherited."""
    output_bytes: int = 0
    """Of all files of one result; 0: no limit."""
    fsync: bool = True

    def write(self, path: Path) -> None:
        """The file at `path` holds this, readable to its owner only."""
        path.touch(0o600)
        path.write_bytes(msgpack.packb(dataclasses.asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Boot:
        """What `write` left there."""
        fields = msgpack.unpackb(path.read_bytes())
        return cls(**{**fields, "writable": tuple(fields["writable"])})
