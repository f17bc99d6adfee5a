"""What can be asked for: the features, and the models that serve them."""

from typing import Any

import msgspec
from aiohttp import web

from aigc.core.errors import NotFound, Unavailable
from aigc.core.messages import SystemStatus
from aigc.core.model import Catalogue, ModelSpec
from aigc.features import FEATURES
from web import urls
from web.gateway import Gateway
from web.inputs import input_kinds, required_inputs
from web.requests import did_you_mean, not_served, reply


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The routes below `/features` and `/models`."""
    models = Models(gateway)
    return [
        web.get(f"{urls.API}/features", models.features),
        web.get(f"{urls.API}/models", models.index),
        web.get(f"{urls.API}/models/{{id}}", models.show),
    ]


class Models:
    """Handlers of features and models."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def features(self, request: web.Request) -> web.Response:
        """Every feature that is known or served, with its models; its default first."""
        catalogue = self._gateway.catalogue
        names = dict.fromkeys([*FEATURES, *(spec.feature for spec in catalogue.models)])
        return reply({"features": [_feature(name, catalogue) for name in names]})

    async def index(self, request: web.Request) -> web.Response:
        """Every model, and those that are known and not served; `?feature=` only those of one feature."""
        feature = request.query.get("feature", "")
        catalogue = self._gateway.catalogue
        specs = catalogue.serving(feature) if feature else catalogue.models
        absent = [msgspec.to_builtins(one) for one in catalogue.absent if feature in ("", one.feature)]
        status = await self._status()
        models = [_model(spec, status) for spec in specs]
        return reply({"models": models, "absent": absent, "digest": catalogue.digest})

    async def show(self, request: web.Request) -> web.Response:
        """One model."""
        name = request.match_info["id"]
        catalogue = self._gateway.catalogue
        spec = catalogue.get(name)
        if spec is None:
            if absent := catalogue.missing(name):
                raise NotFound(f"{absent.id} is not served here: {absent.detail}", suggestion=absent.suggestion)
            known = [spec.id for spec in catalogue.models]
            raise NotFound(
                f"there is no model {name[:80]!r}{not_served(name, catalogue.absent) or did_you_mean(name, known)}"
            )
        return reply(_model(spec, await self._status()))

    async def _status(self) -> SystemStatus | None:
        try:
            return await self._gateway.status()
        except Unavailable:
            return None  # the catalogue is known; where its models are is not


def _feature(name: str, catalogue: Catalogue) -> dict[str, Any]:
    feature = FEATURES.get(name)
    serving = catalogue.serving(name)
    formats = feature.output_formats if feature else serving[0].outputs
    return {
        "name": name,
        "title": feature.title if feature else name.replace("_", " ").capitalize(),
        "description": feature.sentence if feature else "",
        **(_inputs(serving[0]) if serving else {"inputs": {}, "optional_inputs": {}}),
        "output_formats": formats,
        "models": [spec.id for spec in serving],
        "default_model": serving[0].id if serving else None,
    }


def _inputs(spec: ModelSpec) -> dict[str, Any]:
    """What must and what may be given, each with the formats that it may have."""
    kinds, required = input_kinds(spec), required_inputs(spec)
    return {
        "inputs": {name: {"formats": formats} for name, formats in kinds.items() if name in required},
        "optional_inputs": {name: {"formats": formats} for name, formats in kinds.items() if name not in required},
    }


def _model(spec: ModelSpec, status: SystemStatus | None) -> dict[str, Any]:
    """The model without what concerns its host alone: interpreter, folders, environment. `digest` is of all of it."""
    return {
        "id": spec.id,
        "feature": spec.feature,
        "description": spec.description,
        "is_default": spec.is_default,
        **_inputs(spec),
        "output_formats": spec.outputs,
        "schema": spec.schema,
        "devices": spec.devices,
        "memory_bytes": spec.memory_bytes,
        "load_s": spec.load_s,
        "run_s": spec.run_s,
        "learned": status.learned.get(spec.id) if status else None,
        "residency": _residency(spec, status) if status else None,
        "pinned": spec.pinned,
        "batch": spec.batch,
        "licence": spec.licence,
        "commercial_use": spec.commercial_use,
        "digest": spec.digest,
    }


def _residency(spec: ModelSpec, status: SystemStatus) -> list[dict[str, Any]]:
    """Where the model is in memory now."""
    return [
        {
            "worker": worker.id,
            "state": resident.state,
            "bytes": resident.bytes,
            "idle_s": resident.idle_s,
            "pinned": resident.pinned,
        }
        for worker in status.workers
        for resident in worker.residents
        if resident.residency == spec.residency
    ]
