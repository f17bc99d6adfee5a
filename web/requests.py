"""What every handler does with a request: whose it is, its JSON body, its numbers; and how it answers."""

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

import jsonschema_rs
import msgspec
from aiohttp import hdrs, web

from aigc.core.errors import InputInvalid, NotAllowed
from aigc.core.ids import OwnerId
from aigc.core.model import Absent
from web.identity import OPEN, Identity
from web.problem import FieldError, FieldsInvalid, pointer

T = TypeVar("T")

JSON_BYTES = 8 << 20
"""A JSON body may be so long where it holds files, as `data:` URLs: one long text is read in no time."""

SMALL_BYTES = 64 << 10
"""A JSON body may be so long where it holds none."""

VALUES_MAX = 2048
"""Values in a body, with all that is in them: each costs Python time to look at, and seconds if millions are wrong."""

COMMAS_MAX = 1 << 15
"""Commas of a body, which are counted before it is read: without one there is no second value. Texts have some, too."""

JSON_DEPTH = 32
"""Arrays and objects may be nested so deep; the runner gets them through decoders that recurse."""

ERRORS_MAX = 50
"""So many errors of one body are told: no refusal is longer, or takes longer, than anybody reads."""

NAME_CHARACTERS = 100
"""A name that is not known is told up to here."""

_INT64 = 1 << 63
_JSON: dict[str, str] = {hdrs.CONTENT_TYPE: "application/json; charset=utf-8"}
_encode = msgspec.json.Encoder().encode


REQUEST_ID = web.RequestKey("request_id", str)
IDENTITY = web.RequestKey("identity", Identity)


def request_id_of(request: web.Request) -> str:
    """By which the log knows this request."""
    known: str = request.get(REQUEST_ID, "")
    return known


def asker_of(request: web.Request) -> Identity:
    """Who asks."""
    asker: Identity = request.get(IDENTITY, OPEN)
    return asker


def owner_of(request: web.Request) -> OwnerId:
    """Whose what this request makes becomes; the empty owner while nobody has to log in."""
    return asker_of(request).owner


def viewer_of(request: web.Request) -> OwnerId | None:
    """Whose things this request may see and change; None: everybody's, for operators and while nobody logs in."""
    return asker_of(request).viewer


def listed_for(request: web.Request) -> OwnerId | None:
    """Whose things a list shows: one's own, or those of `?owner=` (`*`: everybody's), which is for operators.

    Raises NotAllowed.
    """
    asker = asker_of(request)
    wanted = request.query.get("owner", "*" if asker.via == "open" else "")
    if not wanted or wanted == asker.owner:
        return asker.owner
    if asker.viewer is not None:
        raise NotAllowed("only operators see other people's jobs and files", where="?owner", suggestion="leave it out")
    return None if wanted == "*" else OwnerId(wanted)


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`value` as compact JSON; bytes are JSON already."""
    body = value if isinstance(value, bytes) else _encode(value)
    return web.Response(body=body, status=status, headers={**_JSON, **headers} if headers else _JSON)


def fresh(value: Any) -> web.Response:
    """`value` as compact JSON that nobody may keep: it is another a moment later, or for who asks alone."""
    return reply(value, headers={"Cache-Control": "no-store"})


def number(request: web.Request, name: str, default: float, low: float, high: float) -> float:
    """A number from the query, moved into `low` … `high`. Raises InputInvalid if it is none."""
    text = request.query.get(name)
    if text is None or text == "":
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise FieldsInvalid([FieldError(f"?{name}", f"{text[:40]!r} is not a number")])
    return min(max(value, low), high)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`; did you mean …?` where one of the known words is near, else what they are."""
    near = get_close_matches(word[:NAME_CHARACTERS], known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(sorted(known))}" if known else ""


def not_served(word: str, absent: Sequence[Absent]) -> str:
    """`; not installed here: …` where the word begins or installs models that are known and not served; else ""."""
    sought = _letters(word[:NAME_CHARACTERS])
    found = [one for one in absent if _letters(one.id).startswith(sought) or _letters(one.suggestion).endswith(sought)]
    if len(sought) < 4 or not found:
        return ""
    told = ", ".join(f"{one.id} ({one.suggestion})" for one in found[:4])
    return f"; known and not served here: {told}{' …' * (len(found) > 4)}"


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


class Body(Generic[T]):
    """Reads JSON bodies of one shape.

    Strict where JSON itself is lax: duplicate keys, NaN, lone surrogates and integers beyond 64 bits are refused,
    because each means something else to the next reader.

    Args:
        shape: a msgspec Struct. Its constraints are the check; the JSON Schema made from it lists all errors at once.
        most: bytes that are looked at.
    """

    def __init__(self, shape: type[T], most: int = SMALL_BYTES) -> None:
        self._shape = shape
        self._most = most

    async def read(self, request: web.Request) -> T:
        """The body of `request`.

        Raises:
            InputInvalid: with every error and its pointer; codes `unsupported_media_type`, `malformed_json`,
                `too_large`.
        """
        # Most say just this, and taking a header apart is dear.
        if request.headers.get(hdrs.CONTENT_TYPE) != "application/json":
            self._check_kind(request.content_type)
        try:
            raw = await request.read()
        except web.RequestPayloadError:
            raise InputInvalid("the body is not what its Content-Encoding says", code="malformed_json") from None
        if len(raw) > self._most:
            raise InputInvalid(f"the body is larger than {self._most >> 10} KiB", code="too_large")
        return self.parse(raw)

    @staticmethod
    def _check_kind(kind: str) -> None:
        if kind != "application/json" and not kind.endswith("+json"):
            raise InputInvalid(
                f"the body is {kind}, not JSON",
                suggestion="send it with Content-Type: application/json",
                code="unsupported_media_type",
            )

    def parse(self, raw: bytes) -> T:
        """The value that `raw` holds. Raises as `read` does."""
        document = parse_json(raw)
        try:
            return msgspec.convert(document, self._shape)
        except msgspec.ValidationError as error:
            # Who lists them all copies what is wrong, and tells it: of a long body the first is enough.
            errors = self._errors(document) if len(raw) <= SMALL_BYTES else []
            raise FieldsInvalid(errors or [FieldError("", str(error)[:300])]) from None

    def _errors(self, document: Any) -> list[FieldError]:
        known = [known.encode_name for known in msgspec.structs.fields(self._shape)]  # type: ignore[arg-type]
        return explained(self._validator.iter_errors(document), known=known)

    @functools.cached_property
    def _validator(self) -> jsonschema_rs.Validator:
        return jsonschema_rs.validator_for(msgspec.json.schema(self._shape))


def explained(
    errors: Iterable[jsonschema_rs.ValidationError], prefix: str = "", known: Sequence[str] = ()
) -> list[FieldError]:
    """What the schema validator found, one error for each field, with a pointer to the field itself.

    Args:
        prefix: pointer of the validated value.
        known: names that the value itself may have; where an unknown one is near one of them, that is proposed.
    """
    found: dict[str, FieldError] = {}
    for error in errors:
        for field in _explain(error, prefix, known):
            found.setdefault(field.pointer, field)
        if len(found) >= ERRORS_MAX:
            break
    return list(found.values())[:ERRORS_MAX]


def _explain(error: jsonschema_rs.ValidationError, prefix: str, known: Sequence[str]) -> list[FieldError]:
    where = list(error.instance_path)
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        near = () if where else known
        return [
            FieldError(pointer([*where, name], prefix), f"{name} is not known here{did_you_mean(name, near)}")
            for name in (name[:NAME_CHARACTERS] for name in kind.unexpected[:ERRORS_MAX])
        ]
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return [FieldError(pointer([*where, kind.property], prefix), "is required")]
    return [FieldError(pointer(where, prefix), error.message[:300])]


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
            values = _values(document)
            if raw.count(b":") == _keys(values) and not any(map(_is_long, values)):
                return document
    document = _parse_strictly(raw)
    _values(document)
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


def _values(value: Any) -> list[Any]:
    """A value and everything in it. Raises InputInvalid for more than VALUES_MAX."""
    found = [value]
    for item in found:  # grows as it goes
        if item.__class__ is dict:
            found += item.values()
        elif item.__class__ is list:
            found += item
    if len(found) > VALUES_MAX:
        raise _too_many()
    return found


def _keys(values: list[Any]) -> int:
    return sum([len(value) for value in values if value.__class__ is dict])


def _is_long(value: Any) -> bool:
    """Beyond 64 bits, which no record can hold and the fast decoder lets through."""
    return value.__class__ is int and not -_INT64 <= value < _INT64


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
