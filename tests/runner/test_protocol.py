import math
from contextlib import suppress

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.runner import protocol
from aigc.runner.protocol import Boot, Message, ProtocolError, decode, encode, frames, plain


def test_a_message_survives_the_wire():
    body = {"outputs": [{"name": "a.glb"}], "run_s": 1.5}
    assert decode(encode("finished", ("job", 2, "x"), body)) == [Message("finished", ("job", 2, "x"), body)]


def test_messages_travel_together_as_far_as_a_frame_holds_them():
    sizes = [1, 400_000, 600_000, 500_000, 3]
    sent = [encode("run", ("job", number, "x"), {"value": "x" * size}) for number, size in enumerate(sizes)]
    together = list(frames(sent))
    heard = [[message.lease[1] for message in decode(frame)] for frame in together]
    assert heard == [[0, 1, 2], [3, 4]]
    assert all(len(frame) <= protocol.MESSAGE_BYTES for frame in together)
    assert list(frames([])) == []


def test_a_frame_that_is_cut_short_is_refused():
    whole = encode("run", None, {}) + encode("run", None, {"value": "x"})
    one = len(encode("run", None, {}))
    for length in set(range(1, len(whole))) - {one}:
        with pytest.raises(ProtocolError):
            decode(whole[:length])
    assert [len(decode(whole[:length])) for length in (0, one, len(whole))] == [0, 1, 2]


@pytest.mark.parametrize(
    "parts",
    [
        None,
        7,
        [],
        [protocol.VERSION, "run", None],
        [protocol.VERSION + 1, "run", None, {}],
        [protocol.VERSION, 3, None, {}],
        [protocol.VERSION, "run", "lease", {}],
        [protocol.VERSION, "run", None, []],
    ],
)
def test_other_shapes_are_refused(parts):
    with pytest.raises(ProtocolError):
        decode(msgpack.packb(parts))


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_else_happens(frame):
    with suppress(ProtocolError):
        decode(frame)


def test_a_frame_nested_too_deep_is_refused():
    with pytest.raises(ProtocolError):
        decode(b"\x94\x01\xa3run\xc0\x81\xa1a" + b"\x91" * 100_000)


@pytest.mark.parametrize("value", [object(), 2**70, "x" * protocol.MESSAGE_BYTES])
def test_what_cannot_travel_is_refused_by_the_sender(value):
    with pytest.raises(ProtocolError):
        encode("run", None, {"value": value})


class Number:
    """As numpy's are."""

    def item(self):
        return 3.5


class Array:
    def tolist(self):
        return [1, 2, float("nan")]


def test_plain_values_are_those_of_json():
    value = {
        "a": (1, True, None, "x"),
        2: {Number()},
        "array": Array(),
        "nan": math.nan,
        "inf": -math.inf,
        "huge": 2**80,
        "other": ValueError("no"),
    }
    assert plain(value) == {
        "a": [1, True, None, "x"],
        "2": [3.5],
        "array": [1, 2, None],
        "nan": None,
        "inf": None,
        "huge": str(2**80),
        "other": "no",
    }


def test_a_value_that_contains_itself_is_cut():
    value = []
    value.append(value)
    assert "..." in str(plain(value))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_every_plain_value_can_be_sent(value):
    decode(encode("finished", None, {"info": plain(value)}))


def test_a_boot_file_is_read_as_it_was_written_and_is_nobody_elses(tmp_path):
    boot = Boot(
        runner="m#1", token="t", address="ipc:///x", class_path="a:B", device="cpu", scratch="/s",
        init={"sizes": [1, 2]}, writable=("/a", "/b"), network=True, confine=False, file_bytes=5,
        open_files=6, output_bytes=7, fsync=False,
    )  # fmt: skip
    path = tmp_path / "boot"
    boot.write(path)
    assert Boot.read(path) == boot
    assert path.stat().st_mode & 0o077 == 0
