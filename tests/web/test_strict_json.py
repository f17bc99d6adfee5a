import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.errors import InputInvalid
from web.strict_json import COMMAS_MAX, JSON_DEPTH, VALUES_MAX, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_every_sound_value_is_read_as_any_json_reader_reads_it(value: Any) -> None:
    raw = json.dumps(value).encode()
    assert parse_json(raw) == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"a": 1, "a": 2}', "the key 'a' stands there twice"),
        (b'{"x": {"a": 1, "b": 2, "a": 3}}', "the key 'a' stands there twice"),
        (b'{"x": [{"a": 1, "a": 3}], "text": "a: b: c"}', "the key 'a' stands there twice"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1e999}', "1e999 is beyond the range"),
        (b'{"a": 1e999, "b": "x:y"}', "1e999 is beyond the range"),
        (b'{"a": 123456789012345678901234, "b": "x:y"}', "is beyond 64 bits"),
        (b'{"a": 123456789012345678901234}', "is beyond 64 bits"),
        (b'{"a": "\\ud800"}', "stands for half a character"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b'{"a": 1,}', "line 1 column 9"),
        (b'{"a":\n  nope}', "line 2 column 3"),
        (b"", "line 1 column 1"),
        (b"[" * 100_000, "nested deeper"),
        (b"[" * (JSON_DEPTH + 1) + b"]" * (JSON_DEPTH + 1), "nested deeper than 32"),
        (b'{"a":' * (JSON_DEPTH + 1) + b"1" + b"}" * (JSON_DEPTH + 1), "nested deeper than 32"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused_with_the_place(raw: bytes, says: str) -> None:
    with pytest.raises(InputInvalid, match="the body is not sound JSON") as caught:
        parse_json(raw)
    assert says in caught.value.message
    assert caught.value.code == "malformed_json"


def test_the_second_of_two_equal_keys_is_found_among_a_thousand() -> None:
    keys = ",".join(f'"{at}":1' for at in range(1000))
    with pytest.raises(InputInvalid, match="the key 'z' stands there twice"):
        parse_json(f'{{{keys},"z":1,"z":2}}'.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"0," * VALUES_MAX + b"0]",
        b'{"a":[' + b"{}," * VALUES_MAX + b"{}]}",
        b"{" + b",".join(b'"%d":1' % at for at in range(VALUES_MAX)) + b',"1":1}',
        b"[" + b"9," * (COMMAS_MAX + 1),
    ],
    ids=["numbers", "objects", "keys", "commas"],
)
def test_no_body_holds_more_values_than_can_be_looked_at_in_no_time(raw: bytes) -> None:
    with pytest.raises(InputInvalid, match="more than 2048 values") as caught:
        parse_json(raw)
    assert caught.value.code == "too_large"


def test_a_long_text_is_no_more_than_one_value_whatever_is_in_it() -> None:
    text = "a, b: [c] {d} 0123456789012345678901234567890123456789 " * 1000
    assert parse_json(json.dumps({"text": text}).encode()) == {"text": text}


def test_many_brackets_side_by_side_are_no_depth() -> None:
    assert parse_json(b"[" + b",".join([b"{}"] * 100) + b"]") == [{}] * 100


def test_a_text_with_colons_is_no_second_key() -> None:
    assert parse_json(b'{"text": "a chair: red, \\"b\\": blue"}') == {"text": 'a chair: red, "b": blue'}


def test_a_float_that_is_no_number_never_comes_through() -> None:
    assert not math.isnan(parse_json(b"[1.5]")[0])
