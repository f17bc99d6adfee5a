import struct

import numpy as np
import pytest

from aigc.mesh.fbx_nodes import MAGIC, VERSION, Id, Node, encode


def test_a_record_says_where_it_ends_and_how_long_its_values_are():
    node = Node("Name", [True, 7, Id(1 << 40), 0.5, "text", b"raw"])

    data = encode([node])

    start = len(MAGIC) + 4
    assert data.startswith(MAGIC) and struct.unpack_from("<I", data, len(MAGIC)) == (VERSION,)
    end, count, size, name = struct.unpack_from("<IIIB", data, start)
    assert (count, name, data[start + 13 : start + 17]) == (6, 4, b"Name")
    assert end == start + 13 + 4 + size
    assert data[start + 17 : end] == (
        b"C\x01" + b"I" + struct.pack("<i", 7) + b"L" + struct.pack("<q", 1 << 40) + b"D" + struct.pack("<d", 0.5)
        + b"S\x04\0\0\0text" + b"R\x03\0\0\0raw"
    )  # fmt: skip


def test_records_within_end_with_an_empty_one():
    node = Node("Out")
    node.add("In", np.arange(3, dtype=np.int32))

    data = encode([node])

    start = len(MAGIC) + 4
    end = struct.unpack_from("<I", data, start)[0]
    inner = start + 13 + 3
    assert data[inner + 13 : inner + 15] == b"In"
    assert data[inner + 15 : inner + 28] == b"i" + struct.pack("<III", 3, 0, 12)
    assert data[end - 13 : end] == b"\0" * 13


def test_the_foot_begins_at_a_multiple_of_sixteen():
    for length in range(20):
        data = encode([Node("x" * length)])
        assert (len(data) - 4 - 120 - 16) % 16 == 0


def test_what_a_record_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="set"):
        encode([Node("Name", [{1}])])
