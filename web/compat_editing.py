"""Editing masks in the words of existing clients."""

import math
from typing import Any

from aiohttp import web

from aigc.core.errors import InputInvalid
from web.problem import FieldError
from web.requests import reply
from web.urls import API

MASKS = {"bbox": "dimensions", "ellipsoid": "radii"}
"""Kind of mask -> what its size is called."""

MASK = ("mask_type", "mask_center", "mask_size")
"""The parameters of a model that a mask becomes."""

RANGES = {"num_views": (50, 300), "resolution": (256, 1024)}
"""Whole numbers that these routes have always checked, whether or not a model reads them."""


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each field that a request with a mask has beside others."""
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
    lengths = numbers | {"items": {"type": "number", "exclusiveMinimum": 0}}
    described: dict[str, dict[str, Any]] = {
        f"mask_{kind}": {
            "type": ["object", "null"],
            "description": "Where to edit; exactly one of the masks must be given.",
            "properties": {"center": numbers, size: lengths},
            "required": ["center", size],
        }
        for kind, size in MASKS.items()
    }
    for name, (least, most) in RANGES.items():
        described[name] = {"type": ["integer", "null"], "minimum": least, "maximum": most}
    return described


def routes() -> list[web.RouteDef]:
    """The route that says which masks there are."""
    return [web.get(f"{API}/mesh-editing/supported-masks", _supported)]


async def _supported(request: web.Request) -> web.Response:
    """The kinds of masks, and what their numbers mean."""
    names = {"bbox": "Bounding box", "ellipsoid": "Ellipsoid"}
    told = {"dimensions": "Lengths of its edges, [x, y, z]", "radii": "Its three radii, [x, y, z]"}
    types = {
        kind: {
            "name": names[kind],
            "parameters": {"center": "Its middle, [x, y, z], in the mesh's own coordinates", size: told[size]},
        }
        for kind, size in MASKS.items()
    }
    constraints = {
        "masks": "exactly one of mask_bbox and mask_ellipsoid",
        "center": "three finite numbers",
        "dimensions": "three numbers above 0",
        "radii": "three numbers above 0",
    }
    return reply({"mask_types": types, "constraints": constraints})


def mask_parameters(body: dict[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    """The mask of a request as a model's parameters; what is malformed is noted in `errors`.

    Raises:
        InputInvalid: there is no mask, there are two, or its size is not above 0.
    """
    given = [kind for kind in MASKS if body.get(f"mask_{kind}") is not None]
    if len(given) != 1:
        raise InputInvalid(
            "exactly one of mask_bbox and mask_ellipsoid must be given",
            suggestion='send "mask_bbox": {"center": [x, y, z], "dimensions": [x, y, z]}, '
            'or "mask_ellipsoid": {"center": [x, y, z], "radii": [x, y, z]}',
            code="mask_required",
        )
    kind, place = given[0], f"/mask_{given[0]}"
    mask = body[f"mask_{kind}"]
    for name, (least, most) in RANGES.items():
        value = body.get(name)
        if value is not None and (type(value) is not int or not least <= value <= most):
            errors.append(FieldError(f"/{name}", f"Input should be a whole number from {least} to {most}"))
    if not isinstance(mask, dict):
        errors.append(FieldError(place, "Input should be an object"))
        return {}
    center = _three(mask, "center", place, errors)
    size = _three(mask, MASKS[kind], place, errors)
    if size is not None and min(size) <= 0:
        raise InputInvalid(
            f"mask_{kind}.{MASKS[kind]} must be above 0, but is {size}",
            suggestion="give three lengths in the mesh's own unit",
            code="mask_size",
        )
    return dict(zip(MASK, (kind, center, size), strict=True))


def _three(mask: dict[str, Any], name: str, place: str, errors: list[FieldError]) -> list[float] | None:
    values = mask.get(name)
    if values is None:
        errors.append(FieldError(f"{place}/{name}", "Field required"))
        return None
    numbers = isinstance(values, list) and len(values) == 3
    if not numbers or not all(type(one) in (int, float) and math.isfinite(one) for one in values):
        errors.append(FieldError(f"{place}/{name}", "Input should be three finite numbers"))
        return None
    return [float(one) for one in values]
