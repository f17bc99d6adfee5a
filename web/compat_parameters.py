"""A model's parameters as the replaced server's clients send them: some of them twice, and some of another model."""

from collections.abc import Sequence
from typing import Any

from aigc.core.model import ModelSpec


def meant(
    body: dict[str, Any], given: dict[str, Any], spec: ModelSpec | None, models: Sequence[ModelSpec]
) -> dict[str, Any]:
    """What a client means by the top of its body and by its `model_parameters` (`given`). Null says nothing.

    The web client's panels have controls of their own (the format, the kind of rig, the number of vertices), which come
    at the top, and a box for each parameter of the schema, which come in `model_parameters` and hold its default until
    somebody changes it. So `given` counts, but where it says the default and the top something, the top does.

    The boxes keep what they show when another model is chosen: a value that this model refuses and that is the default
    of another one is such a leftover, and says nothing. Any other value is for the schema to judge.
    """
    fields = _fields(spec) if spec else {}

    def said(values: dict[str, Any]) -> dict[str, Any]:
        told = {name: value for name, value in values.items() if value is not None}
        return {name: value for name, value in told.items() if not _is_leftover(name, value, fields, models)}

    top = said({name: body.get(name) for name in fields})
    touched = {
        name: value for name, value in said(given).items() if name not in top or not _is_default(fields[name], value)
    }
    return top | touched


def _fields(spec: ModelSpec) -> dict[str, dict[str, Any]]:
    fields: dict[str, dict[str, Any]] = spec.schema.get("properties", {})
    return fields


def _is_leftover(name: str, value: Any, fields: dict[str, dict[str, Any]], models: Sequence[ModelSpec]) -> bool:
    import jsonschema_rs  # here: a gateway at rest has no use for it

    if name not in fields or jsonschema_rs.is_valid(fields[name], value):
        return False
    return any(_is_default(_fields(spec).get(name, {}), value) for spec in models)


def _is_default(field: dict[str, Any], value: Any) -> bool:
    default = field.get("default")
    # 1 is 1.0, and not True.
    return default is not None and value == default and isinstance(value, bool) == isinstance(default, bool)
