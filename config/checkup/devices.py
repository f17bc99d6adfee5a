"""GPUs, their driver, and the torch that would use them."""

import importlib.metadata
import re
from collections.abc import Iterator
from typing import Any

from actors.devices import nvml
from config.checkup.finding import Finding
from config.settings import Settings

_MISMATCH = re.compile(r"version mismatch", re.IGNORECASE)


def devices(settings: Settings) -> Iterator[Finding]:
    """What there is, whether it answers, and whether torch can use it."""
    found = nvml.look()
    for gpu in found.uuids:
        yield Finding("fine", "gpu", f"GPU {gpu}")
    if not found.uuids:
        yield from _without(found.reason, settings)
    yield from _wanted(settings, found.uuids)
    built = torch_cuda()
    if built and not found.uuids and not _MISMATCH.search(found.reason):
        what = f"torch is built for CUDA {built}, and there is no GPU that it could use ({found.reason})"
        do = "install NVIDIA's driver; or save 2 GB with: pip install torch --index-url of the CPU builds"
        yield Finding("note", "cuda_without_gpu", what, do)
    if built and found.uuids and (most := _driver_cuda()) and _version(built) > _version(most):
        what = f"torch is built for CUDA {built}, and the driver knows CUDA up to {most}: models fail on the GPU"
        yield Finding("wrong", "driver_too_old", what, "install a newer driver, or a torch for an older CUDA")


def torch_cuda() -> str:
    """The CUDA version that the installed torch is built for, without importing it; empty: none, or no torch."""
    try:
        distribution = importlib.metadata.distribution("torch")
    except importlib.metadata.PackageNotFoundError:
        return ""
    told = distribution.read_text("../torch/version.py") or ""
    found = re.search(r"^cuda[^=\n]*= *['\"]([\d.]+)['\"]", told, re.MULTILINE)
    return found[1] if found else ""


def _without(reason: str, settings: Settings) -> Iterator[Finding]:
    if _MISMATCH.search(reason):
        what = f"the GPU's driver was changed while it ran ({reason}): no model can use the GPU"
        yield Finding("wrong", "driver_mismatch", what, "restart the machine, or unload and load the nvidia modules")
    else:
        yield Finding("note", "no_gpu", f"no NVIDIA GPU ({reason}); models run on the CPU")


def _wanted(settings: Settings, uuids: tuple[str, ...]) -> Iterator[Finding]:
    if settings.worker.devices == "auto":
        return
    for name in settings.worker.devices:
        if name.startswith(("GPU-", "MIG-")) and name not in uuids:
            what = f"worker.devices names {name}, which is not in this machine"
            yield Finding("wrong", "device_missing", what, f"there are: {', '.join(uuids) or 'none'}; or write auto")


def _driver_cuda() -> str:
    """The newest CUDA that the driver knows; empty where it does not say."""
    try:
        import pynvml

        pynvml.nvmlInit()
        try:
            number: Any = pynvml.nvmlSystemGetCudaDriverVersion()
        finally:
            pynvml.nvmlShutdown()
    except Exception:  # noqa: BLE001 - whatever keeps it from answering: nothing can be said
        return ""
    return f"{number // 1000}.{number % 1000 // 10}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])
