"""Options of a command line from the JSON Schema of a model's parameters, and from its inputs."""

import json
from collections.abc import Collection, Mapping
from typing import Any

import click

from aigc.client import Model
from config.commands.printing import plain


class Json(click.ParamType[Any]):
    """Anything else: a list, an object."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value of a JSON text."""
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"{value!r} is not JSON, such as [0, 1, 0]", param, ctx)


class FileOrText(click.ParamType[Any]):
    """Completed as a file."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The shell's own files."""
        return click.Path().shell_complete(ctx, param, incomplete)


def of_inputs(model: Model) -> list[click.Option]:
    """`--image FILE`, `--text TEXT`, …: each input by its name; the value arrives as `input_NAME`."""
    found = []
    for name, kind in {**model.inputs, **model.optional_inputs}.items():
        is_text = "text" in kind["formats"]
        flags = [f"--{name.replace('_', '-')}", *(["-t"] if name == "text" else []), f"input_{name}"]
        may = "" if name in model.inputs else "May be left out. "
        told = "The prompt." if is_text else f"{may}{', '.join(kind['formats'])}; or a URL, or a job's id."
        shape = click.STRING if is_text else FileOrText()
        found.append(click.Option(flags, type=shape, metavar="TEXT" if is_text else "FILE", help=told))
    return found


def of_schema(schema: Mapping[str, Any], taken: Collection[str]) -> list[click.Option]:
    """An option for each parameter, but for those whose names are `taken`; the value arrives as `param_NAME`.

    What is not given is not sent, so that the server's defaults are its own.
    """
    found = []
    for name, declared in schema.get("properties", {}).items():
        flag = f"--{name.replace('_', '-')}"
        if flag not in taken and name != "output_format" and "const" not in declared:
            found.append(_option(name, flag, declared))
    return found


def _option(name: str, flag: str, declared: Mapping[str, Any]) -> click.Option:
    kind = next((part for part in declared.get("anyOf", ()) if part.get("type") != "null"), declared)
    default = declared.get("default")
    shown = (
        "" if default in (None, "") else f" [default: {str(default).lower() if default in (True, False) else default}]"
    )
    told = plain(f"{declared.get('description', '')}{shown}".strip())
    if kind.get("type") == "boolean":
        return click.Option([f"{flag}/--no-{flag[2:]}", f"param_{name}"], default=None, help=told)
    shape, metavar = _shape(kind)
    return click.Option([flag, f"param_{name}"], type=shape, metavar=metavar, help=told)


def _shape(kind: Mapping[str, Any]) -> tuple[click.ParamType[Any], str | None]:
    low, high = kind.get("minimum"), kind.get("maximum")
    above, beneath = kind.get("exclusiveMinimum"), kind.get("exclusiveMaximum")
    limits: dict[str, Any] = {
        "min": low if above is None else above, "max": high if beneath is None else beneath,
        "min_open": above is not None, "max_open": beneath is not None,
    }  # fmt: skip
    match kind.get("type"):
        case "integer":
            return click.IntRange(**limits), None
        case "number":
            return click.FloatRange(**limits), None
        case "array" | "object":
            return Json(), "JSON"
    if "enum" in kind and all(isinstance(one, str) for one in kind["enum"]):
        return click.Choice(kind["enum"]), None
    return (click.STRING, "TEXT") if kind.get("type") == "string" else (Json(), "JSON")
