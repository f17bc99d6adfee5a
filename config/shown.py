"""Settings as operators may see them in the page: every value and where it comes from, passwords and keys hidden."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from aigc.core.secrets import HIDDEN, is_secret, without_passwords
from config.settings import Settings
from web.configuration import Setting

_DUMPED = str(SecretStr("x"))
"""What a value that says itself that it is a secret looks like."""


def shown(settings: Settings, origins: Mapping[str, str]) -> tuple[Setting, ...]:
    """Every setting in force, in the order of the file.

    Args:
        origins: where each value that is not a default comes from, by its dotted name.
    """
    return tuple(
        Setting(name, value, origins.get(name, "default"), _is_hidden(value)) for name, value in _values(settings)
    )


def _values(part: BaseModel, above: str = "") -> Iterator[tuple[str, Any]]:
    told = part.model_dump(mode="json")
    for name in type(part).model_fields:
        inner = getattr(part, name)
        if isinstance(inner, BaseModel):
            yield from _values(inner, f"{above}{name}.")
        else:
            yield f"{above}{name}", _without_secrets(name, told[name])


def _without_secrets(name: str, value: Any) -> Any:
    """The value, of which only its place is told where it is a secret, and a URL's password nowhere."""
    match value:
        case None | "" | bool() | int() | float():
            return value
        case dict():
            return {key: _without_secrets(str(key), inner) for key, inner in value.items()}
        case list():
            return [_without_secrets(name, inner) for inner in value]
        case _ if is_secret(name) or str(value) == _DUMPED:
            return HIDDEN
        case _:
            return without_passwords(str(value))


def _is_hidden(value: Any) -> bool:
    match value:
        case dict():
            return any(map(_is_hidden, value.values()))
        case list():
            return any(map(_is_hidden, value))
        case _:
            return isinstance(value, str) and HIDDEN in value
