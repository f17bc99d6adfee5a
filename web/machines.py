"""Workers and their devices as clients see them: bytes in our own words, megabytes in those of the replaced API."""

from collections.abc import Sequence
from typing import Any

from aigc.core.ids import OwnerId
from aigc.core.messages import Device, LeaseView, Resident, WorkerView

MB = 1 << 20


NOBODY = OwnerId("-")
"""Who owns no job."""


def worker_view(worker: WorkerView, viewer: OwnerId | None = None) -> dict[str, Any]:
    """One worker, its device, who has reserved what of it, and what it works on of the viewer's (None: everybody's)."""
    leases = visible(worker.leases, viewer)
    return {
        "id": worker.id,
        "boot": worker.boot,
        "host": worker.host,
        "version": worker.version,
        "liveness": worker.liveness,
        "lost_s": worker.lost_s,
        "draining": worker.draining,
        "quarantined": worker.quarantined,
        "slots": worker.slots,
        "credit": worker.credit,
        "device": device_view(worker.device),
        "residents": [
            resident_view(resident) | {"jobs": _working_in(leases, resident.residency)} for resident in worker.residents
        ],
        "leases": [lease_view(lease) for lease in leases],
    }


def visible(leases: Sequence[LeaseView], viewer: OwnerId | None) -> list[LeaseView]:
    """Those whose jobs the viewer may see."""
    return [lease for lease in leases if viewer in (None, lease.owner)]


def _working_in(leases: Sequence[LeaseView], residency: str) -> list[str]:
    """Jobs whose models run, or will run, within that reservation."""
    return [lease.lease.job for lease in leases if lease.residency == residency]


def device_view(device: Device) -> dict[str, Any]:
    """One device; memory in bytes, utilisation 0 to 1, `None` where it does not tell.

    `usable` is what models may reserve, `reserved` the sum of what its residents have, `free` the rest of it.
    """
    return {
        "id": device.id,
        "kind": device.kind,
        "name": device.name,
        "total": device.total,
        "usable": device.usable,
        "used": device.used,
        "reserved": device.reserved,
        "free": max(0, device.usable - device.reserved),
        "strangers": device.strangers,
        "utilisation": device.utilisation,
        "temperature_c": device.temperature_c,
        "power_w": device.power_w,
        "healthy": device.healthy,
        "note": device.note,
    }


def resident_view(resident: Resident) -> dict[str, Any]:
    """One runner and the model that it holds; `bytes` is what is reserved for it."""
    return {
        "residency": resident.residency,
        "state": resident.state,
        "bytes": resident.bytes,
        "pid": resident.pid,
        "pinned": resident.pinned,
        "idle_s": resident.idle_s,
        "jobs_done": resident.jobs_done,
        "load_s": resident.load_s,
    }


def lease_view(lease: LeaseView) -> dict[str, Any]:
    """One job that a worker has, and how far it is; seconds up to now, `running_s` None before it has begun."""
    return {
        "id": lease.lease.job,
        "attempt": lease.lease.attempt,
        "worker": lease.worker,
        "name": lease.name,
        "model": lease.model,
        "feature": lease.feature,
        "owner": lease.owner,
        "residency": lease.residency,
        "need_bytes": lease.need_bytes,
        "held_s": round(lease.held_s, 3),
        "running_s": None if lease.running_s is None else round(lease.running_s, 3),
        "stage": lease.stage,
        "fraction": lease.fraction,
        "ending": lease.ending,
    }


def legacy_gpu(index: int, device: Device) -> dict[str, Any]:
    """One GPU as existing clients read it: memory in MB, shares 0 to 1."""
    return {
        "id": index,
        "name": device.name,
        "memory_total": round(device.total / MB, 1),
        "memory_used": round(device.used / MB, 1),
        "memory_free": round((device.total - device.used) / MB, 1),
        "memory_utilization": round(device.used / device.total, 4) if device.total else 0.0,
        "gpu_utilization": device.utilisation or 0.0,
        "temperature": device.temperature_c,
        "allocated_vram_tracked": round(device.reserved / MB, 1),
        "available_vram_tracked": round(max(0, device.usable - device.reserved) / MB, 1),
    }


def legacy_gpus(workers: tuple[WorkerView, ...]) -> list[dict[str, Any]]:
    """The GPUs of all workers; a CPU is none."""
    gpus = [worker.device for worker in workers if worker.device.kind != "cpu"]
    return [legacy_gpu(index, device) for index, device in enumerate(gpus)]
