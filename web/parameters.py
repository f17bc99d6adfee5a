"""A model's parameters: checked against its JSON Schema, completed with its defaults."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from web.problem import FieldError
from web.requests import SMALL_BYTES, explained

if TYPE_CHECKING:
    import jsonschema_rs

PREFIX = "/params"


class ParameterSchema:
    """One model's schema, compiled when it is first needed.

    Args:
        schema: JSON Schema 2020-12 of an object. Every property's `default` is filled in where it is missing.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._properties = {name: _without_null(field) for name, field in schema.get("properties", {}).items()}
        self._schema = {**schema, "properties": self._properties}
        self._defaults = {
            name: field["default"] for name, field in self._properties.items() if field.get("default") is not None
        }
        self._integers = frozenset(name for name, field in self._properties.items() if field.get("type") == "integer")
        self._is_open = schema.get("additionalProperties", True) is not False

    @cached_property
    def _validator(self) -> "jsonschema_rs.Draft202012Validator":
        import jsonschema_rs  # here: a gateway at rest has no use for it

        return jsonschema_rs.Draft202012Validator(self._schema)

    @property
    def names(self) -> list[str]:
        """The parameters that the model knows."""
        return list(self._properties)

    def knows(self, name: str) -> bool:
        """Whether it is one of them."""
        return name in self._properties

    def complete(self, params: dict[str, Any], *, lenient: bool = False) -> tuple[dict[str, Any], list[FieldError]]:
        """All parameters, with every error that was found in them.

        `None` means the default; 486.0 is the integer 486. With `lenient` unknown names are dropped and a number
        beside a list of numbers becomes the nearest of them, as existing clients expect.
        """
        whole = self._defaults.copy()
        for name, value in (self._softened(params) if lenient else params).items():
            if value is None:
                continue
            is_whole = value.__class__ is float and name in self._integers and value.is_integer()
            whole[name] = int(value) if is_whole else value
        if self._validator.is_valid(whole):
            return whole, []
        if len(msgspec.json.encode(whole)) > SMALL_BYTES:
            # Who lists all errors copies what is wrong, and tells it.
            return whole, [FieldError(PREFIX, f"is longer than {SMALL_BYTES >> 10} KiB; give large inputs as uploads")]
        return whole, explained(self._validator.iter_errors(whole), PREFIX, self.names)

    def _softened(self, given: dict[str, Any]) -> dict[str, Any]:
        known = given if self._is_open else {name: value for name, value in given.items() if name in self._properties}
        return {name: self._nearest(name, value) for name, value in known.items()}

    def _nearest(self, name: str, value: Any) -> Any:
        choices = self._properties.get(name, {}).get("enum", ())
        numbers = [choice for choice in choices if type(choice) in (int, float)]
        if numbers and type(value) in (int, float):
            return min(numbers, key=lambda choice: abs(choice - value))
        return value


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """`X | null` as X. Null means the default and is never validated, and "not X" says more than "neither of two"."""
    kinds = [kind for kind in field.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return field
    return {**{name: value for name, value in field.items() if name != "anyOf"}, **kinds[0]}
