import struct
import zlib

import numpy as np
import pytest

from aigc.mesh.fbx_nodes import MAGIC, Id, Node, encode
from aigc.mesh.fbx_parse import parse
from aigc.runner.model import InputInvalid

START = len(MAGIC) + 4


def packed(count: int, raw: bytes) -> bytes:
    """A file with one record that holds a compressed array of so many float64."""
    value = b"d" + struct.pack("<III", count, 1, len(raw)) + raw
    record = struct.pack("<IIIB", START + 13 + 1 + len(value), 1, len(value), 1) + b"A" + value
    return MAGIC + struct.pack("<I", 7400) + record + b"\0" * 13


def test_what_was_written_is_read():
    node = Node("Out", [7, Id(1 << 40), 0.5, "text", b"raw"])
    node.add("In", np.arange(3, dtype=np.int32)).add("Deep", True)

    (read,) = parse(encode([node]))

    assert (read.name, list(read.values)) == ("Out", [7, 1 << 40, 0.5, "text", b"raw"])
    assert np.array_equal(read.children[0].values[0], [0, 1, 2])
    assert read.children[0].children[0].name == "Deep"


def test_compressed_arrays_are_unpacked():
    (read,) = parse(packed(3, zlib.compress(np.arange(3.0).tobytes())))

    assert np.array_equal(read.values[0], [0, 1, 2])


@pytest.mark.parametrize(
    "data",
    [
        packed(2, zlib.compress(bytes(1 << 20))[:-8]),
        packed(1 << 31, zlib.compress(bytes(1 << 20))),
        packed(3, b"no zlib"),
        packed(3, zlib.compress(bytes(8))),
    ],
    ids=["cut", "a bomb", "not packed", "too short"],
)
def test_a_lying_array_is_refused_before_it_is_unpacked(data):
    if data == packed(2, zlib.compress(bytes(1 << 20))[:-8]):
        assert len(parse(data)[0].values[0]) == 2  # no more than was announced
        return
    with pytest.raises(InputInvalid, match="damaged"):
        parse(data)


def test_a_file_cut_anywhere_is_refused_or_read_in_part_but_never_breaks():
    node = Node("Out", ["text"])
    node.add("In", np.arange(30, dtype=np.float64))
    whole = encode([node])

    for length in range(23, START + 300, 7):
        with pytest.raises(InputInvalid):
            parse(whole[:length])


def test_random_damage_is_never_more_than_bad_input():
    node = Node("Out", [Id(5), "text", b"raw"])
    node.add("In", np.arange(30, dtype=np.float64))
    whole = encode([node] * 3)
    chance = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        for place in chance.integers(23, START + 900, 4):
            data[place] = int(chance.integers(256))
        try:
            parse(bytes(data))
        except InputInvalid:
            continue


def test_fbx_as_text_is_refused_in_words():
    with pytest.raises(InputInvalid, match="text"):
        parse(b"; FBX 7.4.0 project file\nFBXHeaderExtension: {\n}\n")
