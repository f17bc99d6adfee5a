"""The tree that a binary FBX file is, as bytes: version 7.4, which every program since 2014 reads.

The format has no public specification; the layout here is that of files from the vendor's own library, as it has been
described by others: records of end offset, property count, property bytes and name, then properties, then children.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

VERSION = 7400
MAGIC = b"Kaydara FBX Binary  \0\x1a\0"
# Readers of the vendor check that these three belong together; so every file of ours was made in this minute.
FILE_ID = bytes.fromhex("28b32aebb624ccc2bfc8b02aa92bfcf1")
CREATED = "1970-01-01 10:00:00:000"
_FOOT_ID = bytes.fromhex("fabcab09d0c8d466b176fb831cf7267e")
_FOOT = bytes.fromhex("f85a8c6adef5d97eece90ce3758f290b")
_NOTHING = b"\0" * 13
_ARRAYS = {"float64": b"d", "int32": b"i", "int64": b"l", "float32": b"f"}


@dataclass
class Node:
    """One record: a name, values, and the records within.

    Args:
        values: bool, int (32 bits), Id (64 bits), float (64 bits), str, bytes, or arrays of float64, int32 or int64.
    """

    name: str
    values: Sequence[Any] = ()
    children: list[Node] = field(default_factory=list)

    def add(self, name: str, *values: Any) -> Node:
        """A new child, the last."""
        child = Node(name, values)
        self.children.append(child)
        return child


class Id(int):
    """An integer of 64 bits: what objects are called by."""


def encode(nodes: Sequence[Node]) -> bytes:
    """The file that holds these records."""
    data = bytearray(MAGIC + struct.pack("<I", VERSION))
    for node in nodes:
        _append(data, node)
    data += _NOTHING + _FOOT_ID + b"\0" * 4
    data += b"\0" * (16 - len(data) % 16)
    return bytes(data + struct.pack("<I", VERSION) + b"\0" * 120 + _FOOT)


def _append(data: bytearray, node: Node) -> None:
    start = len(data)
    values = b"".join(_value(value) for value in node.values)
    name = node.name.encode()
    data += struct.pack("<IIIB", 0, len(node.values), len(values), len(name)) + name + values
    if node.children:
        for child in node.children:
            _append(data, child)
        data += _NOTHING
    struct.pack_into("<I", data, start, len(data))


def _value(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        raw = np.ascontiguousarray(value).tobytes()
        # Not compressed: the geometry of a rig is small beside its texture, and is often zipped again on its way.
        return _ARRAYS[str(value.dtype)] + struct.pack("<III", value.size, 0, len(raw)) + raw
    if isinstance(value, bool):
        return b"C" + struct.pack("<?", value)
    if isinstance(value, Id):
        return b"L" + struct.pack("<q", value)
    if isinstance(value, int):
        return b"I" + struct.pack("<i", value)
    if isinstance(value, float):
        return b"D" + struct.pack("<d", value)
    if isinstance(value, str):
        text = value.encode()
        return b"S" + struct.pack("<I", len(text)) + text
    if isinstance(value, bytes):
        return b"R" + struct.pack("<I", len(value)) + value
    raise TypeError(f"an FBX record cannot hold {type(value).__name__}")
