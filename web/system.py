"""How the server is: health, devices, queue; in the shapes of the replaced API with true values, and our own beside."""

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from aigc import __version__
from aigc.core.agreement import differences
from aigc.core.errors import AigcError, Unavailable
from aigc.core.ids import OwnerId
from aigc.core.job import Status
from aigc.core.messages import BrokerView, GatewayView, SystemStatus
from web import urls
from web.gateway import Gateway
from web.machines import lease_view, legacy_gpus, visible, worker_view
from web.problem import problem
from web.requests import reply, request_id_of, viewer_of
from web.views import rfc3339

if TYPE_CHECKING:
    from web.host import Host


def routes(gateway: Gateway, data_path: str) -> list[web.RouteDef]:
    """The routes that tell how the server is. `data_path`: a path on the disk whose room is shown."""
    system = System(gateway, data_path)
    return [
        web.get("/health", system.health),
        web.get(f"{urls.API}/system/status", system.status),
        web.get(f"{urls.API}/system/scheduler-status", system.scheduler),
    ]


class System:
    """Handlers of the system's state."""

    def __init__(self, gateway: Gateway, data_path: str) -> None:
        self._gateway = gateway
        self._data_path = data_path
        self._host: Host | None = None

    async def health(self, request: web.Request) -> web.Response:
        """200 if new jobs are accepted and will be run; else 503 and what is away."""
        faults = (await self._gateway.health()).faults
        if faults:
            detail = "; ".join(f"{part}: {fault}" for part, fault in faults.items())
            return problem(
                503, "unhealthy", detail, request_id_of(request), faults=faults, version=urls.VERSION,
                release=__version__, retry_after_s=1.0,
            )  # fmt: skip
        return reply({"status": "healthy", "timestamp": time.time(), "version": urls.VERSION, "release": __version__})

    async def status(self, request: web.Request) -> web.Response:
        """This host, all devices, all workers, the queue."""
        viewer = viewer_of(request)
        counts, brokers, seen = await self._seen()
        host = await asyncio.to_thread(self._told_of_host)
        workers = seen.workers if seen else ()
        residents = [resident for worker in workers for resident in worker.residents]
        body = {
            "timestamp": time.time(),
            "system": host,
            "gpu": legacy_gpus(workers),
            "models": {
                "loaded": len(residents),
                "available": len(self._gateway.catalogue.models) if seen else 0,
                "total_vram_used": round(sum(resident.bytes for resident in residents) / (1 << 20), 1),
            },
            "queue": _queue(counts),
            "broker": _broker(seen),
            "brokers": [_candidate(broker) for broker in brokers if viewer is None],
            "gateways": [_gateway(one, seen.agreed) for one in seen.gateways] if seen and viewer is None else [],
            "differing": _differing(seen) if seen and viewer is None else [],
            "store": {"fault": seen.store_fault if seen else ""},
            "workers": [worker_view(worker, viewer) for worker in workers],
            "learned": seen.learned if seen else {},
            "waiting": _waiting(seen, viewer),
        }
        return reply(body)

    async def scheduler(self, request: web.Request) -> web.Response:
        """The scheduler's view: `running` says whether one answers."""
        viewer = viewer_of(request)
        counts, brokers, seen = await self._seen()
        workers = seen.workers if seen else ()
        queued, processing = counts[Status.QUEUED], counts[Status.PROCESSING]
        bound = seen.queue_bound if seen else self._gateway.settings.queue_bound
        models: dict[str, list[str]] = {}
        for worker in workers:
            for resident in worker.residents:
                models.setdefault(resident.residency, []).append(worker.id)
        catalogue = self._gateway.catalogue
        body = {
            "scheduler": {
                "running": seen is not None,
                "queue_status": {
                    "queued_jobs": queued,
                    "processing_jobs": processing,
                    "completed_jobs": counts[Status.COMPLETED],
                    "max_queue_size": bound,
                    "queue_utilization": round(queued / bound, 4),
                    "pending": queued,
                    "processing": processing,
                    "total_jobs": sum(counts.values()),
                },
                "gpu_status": legacy_gpus(workers),
                "models": models,
                "features": {
                    feature: len(catalogue.serving(feature)) for feature in {spec.feature for spec in catalogue.models}
                },
            },
            "adapters_registered": len(catalogue.models),
            "active_jobs": processing,
            "queued_jobs": queued,
            "completed_jobs": counts[Status.COMPLETED],
            "broker": _broker(seen),
            "brokers": [_candidate(broker) for broker in brokers if viewer is None],
            "workers": [worker_view(worker, viewer) for worker in workers],
            "waiting": _waiting(seen, viewer),
        }
        return reply(body)

    async def _seen(self) -> tuple[dict[Status, int], tuple[BrokerView, ...], SystemStatus | None]:
        """How many jobs there are by status, the brokers, and what the leading one sees; None if none answers."""
        try:
            seen = await self._gateway.status()
        except Unavailable:
            return await self._gateway.store.counts(), await self._brokers(), None
        return {status: seen.counts.get(status, 0) for status in Status}, seen.brokers, seen

    async def _brokers(self) -> tuple[BrokerView, ...]:
        try:
            return tuple(await self._gateway.store.brokers())
        except AigcError:
            return ()

    def _told_of_host(self) -> dict[str, Any]:
        if self._host is None:
            from web.host import Host  # here: a gateway whose status nobody asks for does without psutil, of 0.7 MB

            self._host = Host(self._data_path)
        return self._host.told()


def _queue(counts: dict[Status, int]) -> dict[str, int]:
    return {
        "pending_jobs": counts[Status.QUEUED],
        "processing_jobs": counts[Status.PROCESSING],
        "completed_jobs": counts[Status.COMPLETED],
        "failed_jobs": counts[Status.FAILED],
        "cancelled_jobs": counts[Status.CANCELLED],
    }


def _broker(seen: SystemStatus | None) -> dict[str, Any]:
    if seen is None:
        return {"answers": False}
    return {
        "answers": True,
        "boot": seen.broker,
        "generation": seen.generation.number,
        "started_at": rfc3339(seen.started_at),
        "catalogue_digest": seen.catalogue_digest,
        "queue_bound": seen.queue_bound,
        "retry_after_s": seen.retry_after_s,
        "agreed": seen.agreed,
    }


def _candidate(broker: BrokerView) -> dict[str, Any]:
    """One that leads or stands by, and how long ago it was heard."""
    return {
        "owner": broker.owner,
        "leads": broker.generation > 0,
        "generation": broker.generation or None,
        "seen_s": round(broker.seen_s, 3),
    }


def _gateway(one: GatewayView, agreed: Mapping[str, str]) -> dict[str, Any]:
    """One gateway, and what it has otherwise than the broker."""
    return {
        "boot": one.boot,
        "host": one.host,
        "pid": one.pid,
        "version": one.version,
        "differences": list(differences(one.agreed, agreed)),
    }


def _differing(seen: SystemStatus) -> list[dict[str, Any]]:
    """Every process whose settings are not those of the leading broker, and how."""
    gateways = [(one.boot, f"gateway {one.pid} on {one.host}", one.agreed, None) for one in seen.gateways]
    workers = [(one.id, f"worker {one.id} on {one.host}", one.agreed, list(one.agreed)) for one in seen.workers]
    standing_by = [one for one in seen.brokers if one.agreed and not one.generation]
    brokers = [(one.owner, f"broker {one.owner}", one.agreed, None) for one in standing_by]
    found = (
        {"id": id_, "process": process, "differences": list(differences(agreed, seen.agreed, names))}
        for id_, process, agreed, names in (*gateways, *workers, *brokers)
    )
    return [one for one in found if one["differences"]]


def _waiting(seen: SystemStatus | None, viewer: OwnerId | None) -> dict[str, Any]:
    """Waiting jobs by feature, owner, priority and reason, and the jobs that workers have, as far as the viewer's."""
    if seen is None:
        return {"by_feature": {}, "by_owner": {}, "by_priority": {}, "reasons": [], "running": []}
    return {
        "by_feature": seen.waiting_by_feature,
        "by_owner": {name: jobs for name, jobs in seen.waiting_by_owner.items() if viewer in (None, name)},
        "by_priority": seen.waiting_by_priority,
        "reasons": [{"reason": one.reason, "jobs": one.jobs, "models": one.models} for one in seen.reasons],
        "running": [lease_view(lease) for lease in visible(seen.running, viewer)],
    }
