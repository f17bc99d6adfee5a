"""What existing clients ask before they submit: features, models, their parameters, and formats."""

import time
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from aigc.core.errors import NotFound
from aigc.core.model import Catalogue, ModelSpec
from aigc.features import FEATURES
from web.compat_submit import fields_of_its_own, served
from web.gateway import Gateway
from web.intake import IntakeLimits
from web.requests import reply
from web.sniff import BY_SUFFIX, FORMATS
from web.urls import API

_NESTED = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "maxLength", "unit")


def routes(gateway: Gateway, limits: IntakeLimits, stand_in: bool = False) -> list[web.RouteDef]:
    """The routes that only read the catalogue."""
    asked = CompatCatalogue(gateway, limits, stand_in)
    return [
        web.get(f"{API}/system/features", asked.features),
        web.get(f"{API}/system/models", asked.models),
        web.get(f"{API}/system/models/{{id}}/parameters", asked.parameters),
        web.get(f"{API}/system/adapters", asked.adapters),
        web.get(f"{API}/system/available-adapters", asked.adapters),
        web.get(f"{API}/system/supported-formats", asked.formats),
        web.get(f"{API}/mesh-generation/supported-formats", asked.generation_formats),
        web.get(f"{API}/mesh-segmentation/supported-formats", asked.segmentation_formats),
        web.get(f"{API}/mesh-retopology/supported-formats", asked.retopology_formats),
        web.get(f"{API}/mesh-retopology/available-models", asked.retopology_models),
        web.get(f"{API}/mesh-uv-unwrapping/supported-formats", asked.uv_formats),
        web.get(f"{API}/auto-rigging/supported-formats", asked.rig_formats),
        web.get(f"{API}/mesh-uv-unwrapping/available-models", asked.uv_models),
        web.get(f"{API}/mesh-uv-unwrapping/pack-methods", asked.pack_methods),
    ]


class CompatCatalogue:
    """Handlers of the routes that only read the catalogue."""

    def __init__(self, gateway: Gateway, limits: IntakeLimits, stand_in: bool) -> None:
        self._gateway = gateway
        self._limits = limits
        self._stand_in = stand_in

    async def features(self, request: web.Request) -> web.Response:
        """Every feature that a model serves, with those models."""
        found = [
            {"name": name, "model_count": len(ids), "models": ids} for name, ids in by_feature(self._models).items()
        ]
        return reply({"features": found, "total_features": len(found)})

    async def models(self, request: web.Request) -> web.Response:
        """Model ids by feature; `?feature=` for one of them."""
        found, feature = by_feature(self._models), request.query.get("feature", "")
        if feature:
            if feature not in found:
                raise NotFound(
                    f"no model serves the feature {feature[:60]!r}", suggestion=f"known are {', '.join(found)}"
                )
            return reply({"feature": feature, "models": found[feature]})
        total = sum(len(ids) for ids in found.values())
        return reply({"available_models": found, "total_features": len(found), "total_models": total})

    async def parameters(self, request: web.Request) -> web.Response:
        """The parameters of one model, less those for which its routes have fields of their own."""
        identity = request.match_info["id"]
        spec = served(self._models, identity, self._stand_in)
        if spec is None:
            raise NotFound(f"model {identity[:60]!r} not found", suggestion=f"GET {API}/system/models lists them")
        own = fields_of_its_own(spec.feature)
        shown = {name: field for name, field in described(spec.schema).items() if name not in own}
        return reply(
            {
                "model_id": spec.id,
                "feature_type": spec.feature,
                "vram_requirement": spec.memory_bytes >> 20,
                "schema": {"parameters": shown},
                "timestamp": time.time(),
            }
        )

    async def adapters(self, request: web.Request) -> web.Response:
        """Nothing, as ever: there is no model without a catalogue entry."""
        return reply({"adapters": [], "total_adapters": 0})

    async def formats(self, request: web.Request) -> web.Response:
        """All formats and their content types."""
        image, mesh = _names("image"), _names("mesh")
        types = {suffix: form.content_type for suffix, form in BY_SUFFIX.items()}
        return reply(
            {
                "input_formats": {"image": image, "mesh": mesh},
                "output_formats": {"mesh": _outputs(FEATURES), "download": ["file", "base64"]},
                "content_types": {
                    "mesh": {name: types[name] for name in mesh},
                    "image": {name: types[name] for name in image},
                },
            }
        )

    async def generation_formats(self, request: web.Request) -> web.Response:
        """What generation takes and makes, and how large uploads may be."""
        limits = self._limits
        inputs = {
            "text": ["string"],
            "image": _names("image"),
            "mesh": _names("mesh"),
            "base64": ["data URL", "base64 text"],
        }
        generating = [name for name in FEATURES if name.endswith(("raw_mesh", "textured_mesh"))]
        return reply(
            {
                "input_formats": inputs,
                "output_formats": {"mesh": _outputs(generating), "texture": ["png", "jpg"]},
                "upload_limits": {
                    "image_max_size_mb": limits.image_bytes >> 20,
                    "mesh_max_size_mb": limits.mesh_bytes >> 20,
                    "image_max_resolution": [limits.max_edge, limits.max_edge],
                },
            }
        )

    async def segmentation_formats(self, request: web.Request) -> web.Response:
        """What segmentation takes and makes."""
        return reply(_feature_formats("mesh_segmentation"))

    async def retopology_formats(self, request: web.Request) -> web.Response:
        """What retopology takes and makes."""
        return reply(_feature_formats("mesh_retopology"))

    async def rig_formats(self, request: web.Request) -> web.Response:
        """What rigging takes and makes."""
        return reply(_feature_formats("auto_rig"))

    async def uv_formats(self, request: web.Request) -> web.Response:
        """What UV unwrapping takes and makes."""
        return reply(_feature_formats("uv_unwrapping"))

    async def retopology_models(self, request: web.Request) -> web.Response:
        """Models for retopology."""
        return reply(_details(self._models, "mesh_retopology"))

    async def uv_models(self, request: web.Request) -> web.Response:
        """Models for UV unwrapping."""
        return reply(_details(self._models, "uv_unwrapping"))

    async def pack_methods(self, request: web.Request) -> web.Response:
        """Ways to pack islands, as the default model for unwrapping knows them."""
        spec = next(iter(self._models.serving("uv_unwrapping")), None)
        field = described(spec.schema).get("pack_method", {}) if spec else {}
        found = {name: {"description": field["description"]} for name in field.get("enum", ())}
        return reply({"pack_methods": found})

    @property
    def _models(self) -> Catalogue:
        return self._gateway.catalogue


def by_feature(catalogue: Catalogue) -> dict[str, list[str]]:
    """Model ids of each feature, its default first."""
    features = dict.fromkeys(spec.feature for spec in catalogue.models)
    return {name: [str(spec.id) for spec in catalogue.serving(name)] for name in features}


def described(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A model's JSON Schema as `{name: {type, description, default, required, minimum?, maximum?, enum?, ...}}`."""
    required = schema.get("required", ())
    return {name: _parameter(field, name in required) for name, field in schema.get("properties", {}).items()}


def _parameter(field: dict[str, Any], is_required: bool) -> dict[str, Any]:
    # `int | None` is an anyOf in JSON Schema; these clients know one type for each parameter.
    kinds = [kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"]
    merged = {**field, **(kinds[0] if kinds else {})}
    found = {
        "type": merged.get("type", "string"),
        "description": field.get("description", ""),
        "default": field.get("default"),
        "required": is_required,
        **{name: merged[name] for name in _NESTED if name in merged},
    }
    if "const" in merged:
        found["enum"] = [merged["const"]]
    return found


def _names(kind: str) -> list[str]:
    """File name endings without dots."""
    return [suffix for form in FORMATS.values() if form.kind == kind for suffix in form.suffixes]


def _outputs(features: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(format_ for name in features for format_ in FEATURES[name].output_formats))


def _feature_formats(name: str) -> dict[str, list[str]]:
    feature = FEATURES[name]
    return {"input_formats": list(feature.inputs["mesh"]), "output_formats": list(feature.output_formats)}


def _details(catalogue: Catalogue, feature: str) -> dict[str, Any]:
    models = catalogue.serving(feature)
    return {
        "available_models": [spec.id for spec in models],
        "models_details": {spec.id: _detail(spec) for spec in models},
    }


def _detail(spec: ModelSpec) -> dict[str, Any]:
    target = spec.schema.get("properties", {}).get("target_vertex_count", {}).get("default")
    return {"description": spec.description, **({"target_vertices": target} if target else {})}
