"""What every handler does with a request: whose it is, its JSON body, its numbers; and how it answers."""

import functools
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from aigc.core.buckets import Verdict
from aigc.core.errors import InputInvalid, NotAllowed
from aigc.core.ids import OwnerId
from aigc.core.model import Absent
from web.identity import OPEN, Identity
from web.problem import FieldError, FieldsInvalid, pointer
from web.strict_json import parse_json

if TYPE_CHECKING:
    import jsonschema_rs

T = TypeVar("T")

JSON_BYTES = 8 << 20
"""A JSON body may be so long where it holds files, as `data:` URLs: one long text is read in no time."""

SMALL_BYTES = 64 << 10
"""A JSON body may be so long where it holds none."""

ERRORS_MAX = 50
"""So many errors of one body are told: no refusal is longer, or takes longer, than anybody reads."""

NAME_CHARACTERS = 100
"""A name that is not known is told up to here."""

_JSON: dict[str, str] = {hdrs.CONTENT_TYPE: "application/json; charset=utf-8"}
_encode = msgspec.json.Encoder().encode


class Visit(Struct):
    """What is known of a request, from its first moment on."""

    id: str
    """By which the log knows it."""
    came_at: float
    """By `time.perf_counter`."""
    asker: Identity = OPEN
    rate: Verdict | None = None
    """How much more may be asked, where that is metered."""
    is_answered: bool = False
    """The answer's head has been sent."""


VISIT = web.RequestKey("visit", Visit)


def visit_of(request: web.Request) -> Visit:
    """What is known of it; nothing, of one that was refused before it came to us."""
    try:
        return request[VISIT]
    except KeyError:
        visit = request[VISIT] = Visit("", time.perf_counter())
        return visit


def request_id_of(request: web.Request) -> str:
    """By which the log knows this request."""
    return visit_of(request).id


def asker_of(request: web.Request) -> Identity:
    """Who asks."""
    return visit_of(request).asker


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
    def _validator(self) -> "jsonschema_rs.Validator":
        import jsonschema_rs  # here: a gateway at rest has no use for it

        return jsonschema_rs.validator_for(msgspec.json.schema(self._shape))


def explained(
    errors: "Iterable[jsonschema_rs.ValidationError]", prefix: str = "", known: Sequence[str] = ()
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


def _explain(error: "jsonschema_rs.ValidationError", prefix: str, known: Sequence[str]) -> list[FieldError]:
    from jsonschema_rs import ValidationErrorKind

    where = list(error.instance_path)
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        near = () if where else known
        return [
            FieldError(pointer([*where, name], prefix), f"{name} is not known here{did_you_mean(name, near)}")
            for name in (name[:NAME_CHARACTERS] for name in kind.unexpected[:ERRORS_MAX])
        ]
    if isinstance(kind, ValidationErrorKind.Required):
        return [FieldError(pointer([*where, kind.property], prefix), "is required")]
    return [FieldError(pointer(where, prefix), error.message[:300])]
