"""JSON that means one thing to every reader, and costs no more than it should: duplicate keys, NaN, lone surrogates,
integers beyond 64 bits and more values than anybody needs are refused."""

import json
import math
from typing import Any

import msgspec

from aigc.core.errors import InputInvalid

VALUES_MAX = 2048
"""Values in a body, with all that is in them: each costs Python time to look at, and seconds if millions are wrong."""

COMMAS_MAX = 1 << 15
"""Commas of a body, which are counted before it is read: without one there is no second value. Texts have some, too."""

JSON_DEPTH = 32
"""Arrays and objects may be nested so deep; the runner gets them through decoders that recurse."""

_INT64 = 1 << 63
_encode = msgspec.json.Encoder().encode


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises InputInvalid: `malformed_json`, with line and column, or `too_large` for more than VALUES_MAX values.
    """
    if raw.count(b",") > COMMAS_MAX:
        raise _too_many()
    # The fast decoder keeps the last of two equal keys. A text with as many colons as the value has keys holds no key
    # twice; all other doubts are left to the slow one, which can also say what is wrong.
    if raw.count(b"[") + raw.count(b"{") <= JSON_DEPTH:
        try:
            document = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        else:
            if raw.count(b":") == _keys(document):
                return document
    document = _parse_strictly(raw)
    _keys(document)
    return document


def _parse_strictly(raw: bytes) -> Any:
    try:
        text = raw.decode()
        document = _DECODER.decode(text)
        if b"\\u" in raw:
            _encode(document)  # an escape may have made a lone surrogate, which no encoder takes
    except json.JSONDecodeError as error:
        what = f"line {error.lineno} column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
        raise _malformed(what) from None
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8") from None
    except UnicodeEncodeError:
        raise _malformed("a \\u escape stands for half a character") from None
    except RecursionError:
        raise _malformed(f"nested deeper than {JSON_DEPTH}") from None
    except ValueError as error:
        raise _malformed(str(error)) from None
    if raw.count(b"[") + raw.count(b"{") > JSON_DEPTH and _depth(document) > JSON_DEPTH:
        raise _malformed(f"nested deeper than {JSON_DEPTH}")
    return document


def _malformed(what: str) -> InputInvalid:
    return InputInvalid(f"the body is not sound JSON: {what}", code="malformed_json")


def _too_many() -> InputInvalid:
    return InputInvalid(
        f"the body holds more than {VALUES_MAX} values, or {COMMAS_MAX} commas",
        suggestion="give large inputs as uploads and name them by their id",
        code="too_large",
    )


def _keys(value: Any) -> int:
    """How many keys there are in a value and everything in it; -1 where an integer is beyond 64 bits, which no record
    can hold and the fast decoder lets through. Raises InputInvalid for more than VALUES_MAX values."""
    found, keys, is_long = [value], 0, False
    for item in found:  # grows as it goes
        kind = item.__class__
        if kind is dict:
            keys += len(item)
            found += item.values()
        elif kind is list:
            found += item
        elif kind is int:
            is_long = is_long or not -_INT64 <= item < _INT64
    if len(found) > VALUES_MAX:
        raise _too_many()
    return -1 if is_long else keys


def _depth(value: Any) -> int:
    """How deep arrays and objects are nested, by levels so that no depth can exhaust the stack."""
    depth = 0
    level = [value] if isinstance(value, dict | list) else []
    while level:
        depth += 1
        children = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
        level = [child for child in children if isinstance(child, dict | list)]
    return depth


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the key {name[:60]!r} stands there twice")
            seen.add(name)
    return found


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:30]} is beyond the range of numbers")
    return value


def _int(text: str) -> int:
    value = int(text) if len(text) < 21 else _INT64
    if not -_INT64 <= value < _INT64:
        raise ValueError(f"{text[:30]} is beyond 64 bits")
    return value


def _constant(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_constant)
