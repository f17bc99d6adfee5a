"""The tree of a binary FBX file from anybody: every offset, count and length is checked before it is followed."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from aigc.mesh.fbx_nodes import MAGIC, Id, Node
from aigc.runner.model import InputInvalid

_DEEPEST = 64
_MOST_NODES = 500_000
_MOST_BYTES = 512 * 1024 * 1024  # of all arrays together, unpacked
_SCALARS = {b"Y": ("<h", 2), b"C": ("<b", 1), b"I": ("<i", 4), b"F": ("<f", 4), b"D": ("<d", 8), b"L": ("<q", 8)}
_ARRAYS = {b"f": "<f4", b"d": "<f8", b"l": "<i8", b"i": "<i4", b"b": "<i1", b"c": "<i1"}


def parse(data: bytes) -> list[Node]:
    """The records at the top of the file.

    Raises:
        InputInvalid: it is FBX as text, damaged, or announces more than is read here.
    """
    if not data.startswith(MAGIC[:18]):
        raise InputInvalid("this FBX file is written as text", "export it as binary FBX, or as GLB")
    try:
        return _Parser(data).top()
    except (struct.error, IndexError, ValueError, zlib.error, RecursionError) as problem:
        raise InputInvalid(f"the FBX file is damaged ({problem})", "export it anew, or as GLB") from None


class _Parser:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._wide = struct.unpack_from("<I", data, 23)[0] >= 7500
        self._head = "<QQQB" if self._wide else "<IIIB"
        self._nodes_left, self._bytes_left = _MOST_NODES, _MOST_BYTES

    def top(self) -> list[Node]:
        nodes: list[Node] = []
        place = len(MAGIC) + 4
        while True:
            node, place = self._node(place, len(self._data), 0)
            if node is None:
                return nodes
            nodes.append(node)

    def _node(self, place: int, limit: int, depth: int) -> tuple[Node | None, int]:
        """The record there, None for an empty one, and the place after it."""
        end, count, size, length = struct.unpack_from(self._head, self._data, place)
        begin = place + struct.calcsize(self._head)
        if end == 0:
            return None, begin
        self._nodes_left -= 1
        if end > limit or begin + length + size > end or depth > _DEEPEST or self._nodes_left < 0 or count > size:
            raise ValueError(f"a record at byte {place} says that it ends at {end}")
        name = self._data[begin : begin + length].decode("utf-8", "replace")
        node, at = Node(name, []), begin + length
        values: list[object] = []
        for _ in range(count):
            value, at = self._value(at, end)
            values.append(value)
        node.values = values
        at = begin + length + size
        while at < end:
            child, at = self._node(at, end, depth + 1)
            if child is None:
                break
            node.children.append(child)
        return node, end

    def _value(self, place: int, limit: int) -> tuple[object, int]:
        kind, place = self._data[place : place + 1], place + 1
        if kind in _SCALARS:
            form, size = _SCALARS[kind]
            value = struct.unpack_from(form, self._data, place)[0]
            return (Id(value) if kind == b"L" else value), place + size
        if kind in (b"S", b"R"):
            length = struct.unpack_from("<I", self._data, place)[0]
            if place + 4 + length > limit:
                raise ValueError(f"a text at byte {place} is cut off")
            raw = self._data[place + 4 : place + 4 + length]
            return (raw.decode("utf-8", "replace") if kind == b"S" else raw), place + 4 + length
        if kind in _ARRAYS:
            return self._array(_ARRAYS[kind], place, limit)
        raise ValueError(f"a value at byte {place} is of an unknown kind")

    def _array(self, kind: str, place: int, limit: int) -> tuple[object, int]:
        count, packed, size = struct.unpack_from("<III", self._data, place)
        begin, length = place + 12, count * np.dtype(kind).itemsize
        self._bytes_left -= length
        if begin + size > limit or self._bytes_left < 0:
            raise ValueError(f"an array at byte {place} announces {length:,} bytes")
        raw = self._data[begin : begin + size]
        if packed:
            # No more than was announced is ever unpacked.
            raw = zlib.decompressobj().decompress(raw, length) if length else b""
        if len(raw) != length:
            raise ValueError(f"an array at byte {place} is shorter than it says")
        return np.frombuffer(raw, kind), begin + size
