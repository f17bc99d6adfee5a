"""The submit routes of existing clients: one line of the table for each feature, one handler for all."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web

from aigc.core.errors import InputInvalid, Unavailable
from aigc.core.model import Catalogue, ModelSpec
from aigc.features import FEATURES
from web.compat_editing import MASK, mask_parameters
from web.compat_errors import Handler, legacy
from web.compat_parameters import meant
from web.forms import BoundedBody, refuse_compression
from web.gateway import Gateway
from web.inputs import input_kinds
from web.problem import FieldError, FieldsInvalid
from web.requests import owner_of, reply
from web.strict_json import parse_json
from web.submission import Reference, Submission
from web.urls import API

BODY_BYTES = 32 << 20
"""A body may be so long: pictures as base64 come in it. Larger ones are uploaded."""
IDLE_S = 60.0
PATH_CHARACTERS = 4097
"""Of a path so many are looked at; one of more than 4096 there cannot be."""

WAYS = ("file_id", "base64", "path")
"""How a file may be given, each as a field of its own: an upload, its content, a path in the operator's folders."""


@dataclass(frozen=True)
class Route:
    """One submit route.

    Args:
        path: below the API's prefix.
        feature: what it asks for.
        texts: field of the body -> name of the input.
        files: inputs that must be given in one of WAYS.
        optional: the same, for inputs that may be given.
        needed: other texts that must be given; they go to the model's parameters.
        masked: whether it takes a mask of `compat_editing`.
        words: parameter -> words that it may be, in any case of letters; the first is these clients' default.
        assumed: a model that clients name without having asked for it; where it is not installed, the default serves.
        panel: the features that the web client has on one panel, which keeps its model when another of them is chosen:
            a model of one of the others means none.
    """

    path: str
    feature: str
    title: str
    texts: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    masked: bool = False
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    assumed: str = ""
    panel: tuple[str, ...] = ()


_PROMPT = {"text_prompt": "text"}
_GENERATION = ("text_to_raw_mesh", "text_to_textured_mesh", "image_to_raw_mesh", "image_to_textured_mesh")
_PAINTING = ("text_mesh_painting", "image_mesh_painting")
_EDITING = ("text_mesh_editing", "image_mesh_editing")
_RIG_MODES = {"rig_mode": ("skeleton", "skin", "full")}
ROUTES = (
    Route("mesh-generation/text-to-raw-mesh", "text_to_raw_mesh", "Text to raw mesh", _PROMPT, panel=_GENERATION),
    Route(
        "mesh-generation/text-to-textured-mesh",
        "text_to_textured_mesh",
        "Text to textured mesh",
        _PROMPT,
        panel=_GENERATION,
    ),
    Route(
        "mesh-generation/image-to-raw-mesh",
        "image_to_raw_mesh",
        "Image to raw mesh",
        files=("image",),
        panel=_GENERATION,
    ),
    Route(
        "mesh-generation/image-to-textured-mesh",
        "image_to_textured_mesh",
        "Image to textured mesh",
        files=("image",),
        optional=("texture_image",),
        panel=_GENERATION,
    ),
    Route(
        "mesh-generation/text-mesh-painting",
        "text_mesh_painting",
        "Text mesh painting",
        _PROMPT,
        files=("mesh",),
        panel=_PAINTING,
    ),
    Route(
        "mesh-generation/image-mesh-painting",
        "image_mesh_painting",
        "Image mesh painting",
        files=("image", "mesh"),
        panel=_PAINTING,
    ),
    Route("mesh-segmentation/segment-mesh", "mesh_segmentation", "Mesh segmentation", files=("mesh",)),
    Route(
        "mesh-generation/part-completion",
        "part_completion",
        "Part completion",
        files=("mesh",),
        assumed="holopart_part_completion",
    ),
    Route("mesh-retopology/retopologize-mesh", "mesh_retopology", "Mesh retopology", files=("mesh",)),
    Route("mesh-uv-unwrapping/unwrap-mesh", "uv_unwrapping", "UV unwrapping", files=("mesh",)),
    # The second path never existed in the API that this replaces, but one of its clients calls it.
    *(
        Route(path, "auto_rig", "Auto-rigging", files=("mesh",), words=_RIG_MODES, assumed="unirig_auto_rig")
        for path in ("auto-rigging/generate-rig", "auto-rig/generate-rig")
    ),
    Route(
        "mesh-editing/text-mesh-editing",
        "text_mesh_editing",
        "Text mesh editing",
        {"target_prompt": "text"},
        files=("mesh",),
        needed=("source_prompt",),
        masked=True,
        panel=_EDITING,
    ),
    Route(
        "mesh-editing/image-mesh-editing",
        "image_mesh_editing",
        "Image mesh editing",
        files=("mesh", "source_image", "target_image"),
        optional=("mask_image",),
        masked=True,
        panel=_EDITING,
    ),
)


def routes(gateway: Gateway, stand_in: bool = False) -> list[web.RouteDef]:
    """A route for each line of the table. `stand_in`: see `served`."""
    return [web.post(f"{API}/{route.path}", legacy(_handler(gateway, route, stand_in))) for route in ROUTES]


def fields_of_its_own(feature: str) -> frozenset[str]:
    """Parameters that the routes of a feature take as fields beside the others, and clients have controls for.

    They must not be drawn from the schema too: the editing dialog spreads its boxes over the body, and an empty box
    would take the place of what somebody wrote.
    """
    own = [(*route.needed, *(MASK if route.masked else ())) for route in ROUTES if route.feature == feature]
    return frozenset(name for names in own for name in names)


def served(catalogue: Catalogue, model: str, stand_in: bool) -> ModelSpec | None:
    """The model of that id, or the one that serves in its place, if any.

    The default of its feature does for a model that clients only assume; with `stand_in` for every model that is known
    and not installed.
    """
    return catalogue.get(model) or next(iter(catalogue.serving(_feature_of(catalogue, model, stand_in))), None)


def says_nothing(catalogue: Catalogue, route: Route, model: str, stand_in: bool) -> bool:
    """Whether the default is meant: another one serves in the model's place, or it is of another tab of the panel."""
    spec = catalogue.get(model)
    if spec is None:
        return _feature_of(catalogue, model, stand_in) in (route.feature, *route.panel)
    return spec.feature != route.feature and spec.feature in route.panel


def _feature_of(catalogue: Catalogue, model: str, stand_in: bool) -> str:
    """The feature whose default serves in place of a model that is not there; empty: none does."""
    absent = catalogue.missing(model) if stand_in else None
    assumed = (route.feature for route in ROUTES if model and route.assumed == model)
    return absent.feature if absent is not None else next(assumed, "")


def _handler(gateway: Gateway, route: Route, stand_in: bool) -> Handler:
    async def submit(request: web.Request) -> web.Response:
        body = await _read(request)
        submission = _submission(gateway.catalogue, route, body, request, stand_in)
        try:
            submitted = await gateway.submit(submission)
        except InputInvalid as error:
            raise _renamed(error, route) from None
        except Unavailable as error:
            if error.code not in ("no_model_for_feature", "model_unavailable"):
                raise
            raise InputInvalid(error.message, suggestion=error.suggestion, code=error.code) from None
        message = f"{route.title} job queued successfully"
        return reply({"job_id": submitted.job.id, "status": "queued", "message": message})

    return submit


async def _read(request: web.Request) -> dict[str, Any]:
    """The body's object. Existing clients send it with any content type."""
    refuse_compression(request)
    if (request.content_length or 0) > BODY_BYTES:
        raise _too_large()
    source = BoundedBody(request.content, BODY_BYTES, IDLE_S)
    raw = b"".join([piece async for piece in source.pieces()])
    body = await asyncio.to_thread(parse_json, raw) if len(raw) > 1 << 16 else parse_json(raw)
    if not isinstance(body, dict):
        raise FieldsInvalid([FieldError("", "the body must be an object")])
    return body


def _submission(
    catalogue: Catalogue, route: Route, body: dict[str, Any], request: web.Request, stand_in: bool
) -> Submission:
    errors: list[FieldError] = []
    missing = [name for name in (*route.needed, *route.texts) if body.get(name) is None]
    if missing:
        raise FieldsInvalid([FieldError(f"/{name}", "Field required") for name in missing], code="missing")
    mask = mask_parameters(body, errors) if route.masked else {}
    for name in route.needed:
        _text(body, name, errors)
    inputs = _inputs(route, body, errors)
    model = _text(body, "model_preference", errors)
    if says_nothing(catalogue, route, model, stand_in):
        model = ""
    given = body.get("model_parameters") or {}
    if not isinstance(given, dict):
        errors.append(FieldError("/model_parameters", "Input should be a valid dictionary"))
        given = {}
    wanted = _text(body, "output_format", errors)
    if errors:
        raise FieldsInvalid(errors)
    spec = catalogue.get(model) or next(iter(catalogue.serving(route.feature)), None)
    params = meant(body, given, spec, catalogue.models) | mask
    params |= {name: _word(params.get(name), name, words) for name, words in route.words.items()}
    inner = params.pop("output_format", None)
    return Submission(
        feature=route.feature,
        model=model,
        inputs=_taken(inputs, spec),
        params=params,
        output_format=inner if isinstance(inner, str) else wanted,
        owner=owner_of(request),
        lenient=True,
    )


def _inputs(route: Route, body: dict[str, Any], errors: list[FieldError]) -> dict[str, Reference]:
    found = {target: Reference(text=_text(body, name, errors)) for name, target in route.texts.items()}
    for name in (*route.files, *route.optional):
        reference = _file(body, name, errors, needed=name in route.files)
        if reference is not None:
            found[name] = reference
    return found


def _taken(inputs: dict[str, Reference], spec: ModelSpec | None) -> dict[str, Reference]:
    """What the model looks at: these clients have to send some files that not every model of a feature takes."""
    if spec is None:
        return inputs
    optional = FEATURES[spec.feature].optional_inputs if spec.feature in FEATURES else None
    ignored = set(optional or ()) - set(input_kinds(spec))
    return {name: reference for name, reference in inputs.items() if name not in ignored}


def _word(value: Any, name: str, words: tuple[str, ...]) -> str:
    found = value.lower() if isinstance(value, str) else words[0] if value is None else ""
    if found not in words:
        raise InputInvalid(f"{name} cannot be {str(value)[:60]!r}", suggestion=f"give one of {', '.join(words)}")
    return found


def _text(body: dict[str, Any], name: str, errors: list[FieldError]) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        errors.append(FieldError(f"/{name}", "Input should be a valid string"))
        return ""
    return value


def _file(body: dict[str, Any], name: str, errors: list[FieldError], *, needed: bool) -> Reference | None:
    """One input file. Two ways at once, or none, is 422 if the body has the `_file_id` key and 400 if not: the API that
    this replaces checked it in two places, and its clients know both."""
    ways = [f"{name}_{way}" for way in WAYS]
    upload, text, path = (_text(body, way, errors) for way in ways)
    match [bool(upload), bool(text), bool(path)]:
        case [True, False, False]:
            return Reference(upload=upload)
        case [False, True, False]:
            return Reference(url=text if text[:5].lower() == "data:" else f"data:;base64,{text}")
        case [False, False, True]:
            return Reference(url=f"file:{quote(path[:PATH_CHARACTERS])}")
        case [False, False, False] if not needed:
            return None
    detail = f"exactly one of {ways[0]} and {ways[1]} must be given"
    if ways[0] not in body:
        raise InputInvalid(detail, suggestion=f"upload the file and give its file_id as {ways[0]}")
    errors.append(FieldError(f"/{ways[0]}", detail))
    return None


def _renamed(error: InputInvalid, route: Route) -> InputInvalid:
    """The gateway's errors under the names that these clients sent."""
    if error.code == "server_path":
        name = error.where.removeprefix("/inputs/")
        kind = "image" if "image" in name else "mesh"
        todo = f"send the file to {API}/file-upload/{kind} and give its file_id as {name}_file_id"
        return InputInvalid(error.message, suggestion=todo, code=error.code)
    if not isinstance(error, FieldsInvalid):
        return error
    if error.code in ("unknown_model", "unsupported_content"):
        return InputInvalid(error.message, suggestion=error.suggestion, code=error.code)
    names = {f"/inputs/{target}": f"/{name}" for name, target in route.texts.items()}
    names |= {f"/inputs/{name}": f"/{name}_file_id" for name in (*route.files, *route.optional)}
    renamed = [
        FieldError(names.get(one.pointer, one.pointer.replace("/params/", "/model_parameters/")), one.detail)
        for one in error.errors
    ]
    return FieldsInvalid(renamed, suggestion=error.suggestion, code=error.code)


def _too_large() -> InputInvalid:
    return InputInvalid(
        f"the body may have at most {BODY_BYTES >> 20} MB",
        suggestion=f"send large files to {API}/file-upload and give their file_id",
        code="too_large",
    )
