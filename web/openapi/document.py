"""The whole document: routes, shapes and catalogue joined."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from aigc.core.model import Catalogue, ModelSpec
from aigc.features.base import TEXT_KINDS
from web.inputs import input_kinds, required_inputs
from web.jobs import JobRequest
from web.openapi import compat, own, people, shapes
from web.openapi.operation import Operation, Query, Shape
from web.urls import TITLE, VERSION

PROBLEM = "application/problem+json"
_REF = "#/components/schemas/{name}"
_HIDDEN = frozenset(
    {
        "/",
        "/client/aigc_client.py",
        "/static/{name}",
        "/openapi.json",
        "/docs",
        "/docs/{name}",
        "/redoc",
        "/api/v1/{path}/",
    }
)
"""What serves the page and this document itself, and the redirect of paths that end in a slash."""
_ERRORS = {
    400: "The request cannot be understood.",
    401: "Nobody knows who asks, or name or password is wrong.",
    403: "Who asks may not, or a page of that origin may not ask.",
    404: "There is nothing of that name.",
    408: "The body did not come in time.",
    409: "The state of the thing forbids it.",
    413: "The body is too large.",
    415: "The body, or the file in it, is of a kind that is not taken.",
    416: "The file has no such part.",
    422: "One or more fields are wrong; `errors` names each.",
    429: "The queue is full, or one asks too often; `Retry-After` says when to come back.",
    503: "A part that is needed is away; `Retry-After` says when to come back.",
    507: "The disk is full.",
}


def routes_of(app: web.Application) -> dict[str, Any]:
    """`METHOD path` -> handler, of every route that the document tells of."""
    found = {}
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if route.method not in ("HEAD", "OPTIONS", "*") and path not in _HIDDEN:
            found[f"{route.method} {path}"] = route.handler
    return found


def document(routes: Mapping[str, Any], catalogue: Catalogue, *, is_guarded: bool = False) -> dict[str, Any]:
    """OpenAPI 3.1 of these routes, with a typed body for every model of the catalogue.

    Args:
        is_guarded: one has to say who one is.
    Raises:
        KeyError: two operations have one id.
    """
    theirs = compat.operations(catalogue, [path for path in routes if path not in own.OPERATIONS])
    operations = {path: own.OPERATIONS.get(path) or theirs[path] for path in routes}
    ids = [operation.id for operation in operations.values()]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise KeyError(f"two operations are called {', '.join(sorted(twice))}")
    structs = _structs(operations.values())
    _, components = msgspec.json.schema_components([shapes.Problem, *structs], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for path, operation in operations.items():
        method, _, where = path.partition(" ")
        told = _operation(where, operation, routes[path], catalogue)
        if is_guarded:
            told["security"] = people.security_of(method, where)
        paths.setdefault(where, {})[method.lower()] = told
    components |= {f"Params_{spec.id}": _own_refs(spec) for spec in catalogue.models}
    components |= {f"JobRequest_{spec.id}": _job_request(spec) for spec in catalogue.models}
    tags = {**own.TAGS, compat.TAG: compat.ABOUT}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": "Text, image or mesh in, mesh out."},
        "tags": [{"name": name, "description": about} for name, about in tags.items()],
        "paths": paths,
        "components": {"schemas": components} | ({"securitySchemes": people.SCHEMES} if is_guarded else {}),
    }


def _structs(operations: Iterable[Operation]) -> list[type]:
    shapes_of = (shape for each in operations for shape in (each.body, *(a.shape for a in each.answers.values())))
    return list(dict.fromkeys(shape for shape in shapes_of if isinstance(shape, type)))


def _operation(path: str, operation: Operation, handler: Any, catalogue: Catalogue) -> dict[str, Any]:
    about = inspect.cleandoc(handler.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    told: dict[str, Any] = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary or about}
    parameters = [*_path_parameters(path), *map(_parameter, operation.takes)]
    if parameters:
        told["parameters"] = parameters
    if operation.id == "createJob":
        told["requestBody"] = _any_job(catalogue)
    elif operation.body is not None:
        content = {"schema": _schema(operation.body)} | ({"example": operation.example} if operation.example else {})
        told["requestBody"] = {"required": not operation.body_optional, "content": {operation.body_media: content}}
    told["responses"] = {str(status): _answer(answer) for status, answer in sorted(operation.answers.items())}
    for status in sorted({*operation.errors}):
        told["responses"].setdefault(str(status), _problem(_ERRORS[status], operation.tag))
    told["responses"]["4XX"] = _problem("The request is refused; the body says why.", operation.tag)
    told["responses"]["5XX"] = _problem("The server failed or is away; the body says what to do.", operation.tag)
    return told


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"} | ({"enum": own.CHOICES[name]} if name in own.CHOICES else {"minLength": 1}),
        }
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _parameter(query: Query) -> dict[str, Any]:
    return {"name": query.name, "in": query.place, "description": query.description, "schema": dict(query.schema)}


def _schema(shape: Shape) -> dict[str, Any]:
    return {"$ref": _REF.format(name=shape.__name__)} if isinstance(shape, type) else dict(shape or {})


def _answer(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.description}
    if answer.shape is not None:
        told["content"] = {answer.media: {"schema": _schema(answer.shape)}}
    if answer.links:
        told["links"] = {
            name: {"operationId": name, "parameters": dict(values)} for name, values in answer.links.items()
        }
    return told


def _problem(about: str, tag: str) -> dict[str, Any]:
    content: dict[str, Any] = {PROBLEM: {"schema": _schema(shapes.Problem)}}
    if tag == compat.TAG:
        # Field errors come in the shape that the replaced API gave them.
        content["application/json"] = {"schema": {"type": "object", "required": ["detail"]}}
    return {"description": about, "content": content}


def _any_job(catalogue: Catalogue) -> dict[str, Any]:
    """A job for any model: which it is decides what its inputs and parameters are."""
    specs = catalogue.models
    content: dict[str, Any] = {
        "schema": {"anyOf": [{"$ref": _REF.format(name=f"JobRequest_{each.id}")} for each in specs]}
    }
    examples = {spec.id: {"value": _example(spec)} for spec in specs if spec.is_default}
    if examples:
        content["examples"] = examples
    return {"required": True, "content": {"application/json": content}}


def _job_request(spec: ModelSpec) -> dict[str, Any]:
    """The body that asks for this model; a feature's default need not be named."""
    _, found = msgspec.json.schema_components([JobRequest], ref_template=_REF)
    common = dict(found["JobRequest"]["properties"])
    kinds, required = input_kinds(spec), required_inputs(spec)
    inputs = {name: _input(tuple(kind) == TEXT_KINDS) for name, kind in kinds.items()}
    del common["task"]
    common |= {
        "feature": {"const": spec.feature},
        "model": {"enum": [spec.id, None]} if spec.is_default else {"const": spec.id},
        "inputs": {
            "type": "object",
            "properties": inputs,
            "required": sorted(required),
            "additionalProperties": False,
        },
        "params": {"$ref": _REF.format(name=f"Params_{spec.id}")},
        "output_format": {"enum": [*spec.outputs, None]},
    }
    body = {"type": "object", "properties": common, "required": ["inputs"], "additionalProperties": False}
    by_model = {"required": ["model"], "properties": {"model": {"const": spec.id}}}
    named: dict[str, Any] = {"anyOf": [{"required": ["feature"]}, by_model]}
    return body | (named if spec.is_default else {"required": ["inputs", "model"]})


def _input(is_text: bool) -> dict[str, Any]:
    """One input: the text, or where the file is; a bare string is the text, or a URL."""
    word = {"type": "string", "minLength": 1}
    ways: dict[str, dict[str, Any]] = {
        "upload": {"upload": word},
        "url": {"url": {"type": "string", "format": "uri"}},
        "job": {"job": word, "output": {"type": "string", "default": "model"}},
    }
    objects = [
        {"type": "object", "properties": way, "required": [name], "additionalProperties": False}
        for name, way in ({"text": {"text": word}} if is_text else ways).items()
    ]
    return {"anyOf": [*objects, word if is_text else ways["url"]["url"]]}


def _example(spec: ModelSpec) -> dict[str, Any]:
    kinds, required = input_kinds(spec), required_inputs(spec)
    inputs = {
        name: {"text": "a small red wooden chair with three legs"}
        if tuple(kinds[name]) == TEXT_KINDS
        else {"upload": "FILE_ID"}
        for name in sorted(required)
    }
    return {"feature": spec.feature, "inputs": inputs}


def _own_refs(spec: ModelSpec) -> dict[str, Any]:
    """The model's schema with its `$defs` found where it now stands."""
    prefix = f"#/components/schemas/Params_{spec.id}/$defs/"

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: part.replace("#/$defs/", prefix) if key == "$ref" and isinstance(part, str) else moved(part)
                for key, part in value.items()
            }
        return [moved(part) for part in value] if isinstance(value, list) else value

    found: dict[str, Any] = moved(spec.schema)
    properties = {name: _or_null(field) for name, field in found.get("properties", {}).items()}
    return found | ({"properties": properties} if properties else {"type": "object"})


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    """The same field, or null: that means its default."""
    about = {key: field[key] for key in ("title", "description", "default") if key in field}
    return about | {"anyOf": [{key: value for key, value in field.items() if key not in about}, {"type": "null"}]}
