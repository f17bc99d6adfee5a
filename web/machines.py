"""Workers and their devices as clients see them: bytes in our own words, megabytes in those of the replaced API."""

from typing import Any

from aigc.core.messages import Device, Resident, WorkerView

MB = 1 << 20


def worker_view(worker: WorkerView) -> dict[str, Any]:
    """One worker, its device and what it holds."""
    return {
        "id": worker.id,
        "host": worker.host,
        "version": worker.version,
        "liveness": worker.liveness,
        "draining": worker.draining,
        "quarantined": worker.quarantined,
        "slots": worker.slots,
        "credit": worker.credit,
        "device": device_view(worker.device),
        "residents": [resident_view(resident) for resident in worker.residents],
        "jobs": [{"id": lease.job, "attempt": lease.attempt} for lease in worker.leases],
    }


def device_view(device: Device) -> dict[str, Any]:
    """One device; memory in bytes, utilisation 0 to 1, `None` where it does not tell."""
    return {
        "id": device.id,
        "kind": device.kind,
        "name": device.name,
        "total": device.total,
        "usable": device.usable,
        "used": device.used,
        "reserved": device.reserved,
        "strangers": device.strangers,
        "utilisation": device.utilisation,
        "temperature_c": device.temperature_c,
        "power_w": device.power_w,
        "healthy": device.healthy,
        "note": device.note,
    }


def resident_view(resident: Resident) -> dict[str, Any]:
    """One runner and the model that it holds."""
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
