"""Settings that every process of one installation must share, and how two catalogues differ."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from aigc.core.agreement import DIGEST
from aigc.core.model import ModelSpec
from config.settings import Settings
from config.wiring import is_shared


def agreed(settings: Settings) -> dict[str, str]:
    """What must be equal everywhere, by name.

    Places stand there as digests: anybody may ask a broker for these, and nobody shall learn from them where things
    are; passwords are not in them.
    """
    storage, redis = settings.storage, settings.redis
    shared = is_shared(settings)
    found = {"limits.queue": str(settings.limits.queue), "redis": str(shared).lower()}
    found["accounts.enabled"] = str(settings.accounts.enabled).lower()
    if storage.s3 is not None:
        found["storage.s3"] = _digest(storage.s3.endpoint or "", storage.s3.bucket, storage.s3.prefix)
    else:
        found["storage.data_dir"] = _digest(str(storage.folder))
    if shared:
        where = urlsplit(redis.url)
        found["redis.url"] = _digest(where.hostname or "", str(where.port or ""), where.path, *redis.sentinels)
        found["redis.durability"] = redis.durability
        found["redis.replicas"] = str(redis.replicas)
        found["broker.lease_s"] = f"{settings.broker.lease_s:g}"
    return found


def agreed_of_worker(settings: Settings) -> dict[str, str]:
    """What of that concerns a worker: where it puts results. The rest need not be in the settings of its machine."""
    return {name: value for name, value in agreed(settings).items() if name.startswith("storage.")}


TOLD = {name: name for name in ("feature", "description", "devices", "memory_bytes", "load_s", "run_s", "batch")}
TOLD |= {name: name for name in ("pinned", "licence", "commercial_use", "is_default", "schema")}
TOLD["outputs"] = "output_formats"
"""What the catalogue says of a model and a server tells, with its name there."""


def model_differences(here: Sequence[ModelSpec], there: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each model that is not in both catalogues, or not the same in both, in words; `there` as a server tells it."""
    theirs = {str(model["id"]): model for model in there}
    for spec in here:
        other = theirs.pop(spec.id, None)
        if other is None:
            yield f"model {spec.id} is only here"
        elif other["digest"] != spec.digest:
            yield f"model {spec.id} is another one there: {_how(spec, other)}"
    yield from (f"model {name} is only there" for name in theirs)


def _how(spec: ModelSpec, other: Mapping[str, Any]) -> str:
    mine: dict[str, Any] = json.loads(json.dumps({name: getattr(spec, name) for name in TOLD}))
    parts = [
        name if name == "schema" else f"{name} {mine[name]!r} here, {other[there]!r} there"
        for name, there in TOLD.items()
        if mine[name] != other[there]
    ]
    return "; ".join(parts) or "in what clients are not told, such as its class, interpreter, folders or environment"


def _digest(*parts: str) -> str:
    return DIGEST + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
