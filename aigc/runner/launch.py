"""How a runner is started: what it may import of ours, its command line, its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import aigc

# All else stays behind: the server's environment holds its secrets. A catalogue entry can add what its model needs.
_PASSED = frozenset(
    {
        "HF_HOME",
        "HF_HUB_CACHE",
        "HF_HUB_OFFLINE",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "TORCH_HOME",
        "TZ",
        "USER",
        "XDG_CACHE_HOME",
    }
)
_PASSED_PREFIXES = ("CUDA_", "LC_", "MKL_", "NVIDIA_", "OMP_", "OPENBLAS_", "PYTORCH_")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def is_own(python: str) -> bool:
    """True if `python`, as a catalogue entry names it, is the interpreter that this process runs in."""
    return python in ("", sys.executable)


def make_import_folder(folder: Path, *, own: bool) -> Path:
    """A folder in `folder` from which `aigc.runner` can be imported; for our own interpreter, all of `aigc`.

    A foreign interpreter gets links to the runner and to the adapters of heavy models alone: put on its path, our
    site-packages would shadow its own.
    """
    package = Path(aigc.__file__).resolve().parent
    imports = folder / ("own" if own else "foreign")
    if imports.exists():
        return imports
    if own:
        imports.mkdir()
        (imports / "aigc").symlink_to(package)
    else:
        (imports / "aigc").mkdir(parents=True)
        for name in ("__init__.py", "adapters", "runner"):
            (imports / "aigc" / name).symlink_to(package / name)
    return imports


def command(python: str, *arguments: str) -> list[str]:
    """Command line of `python -m aigc.runner` with these arguments."""
    return [python or sys.executable, "-m", "aigc.runner", *arguments]


def environment(
    ours: Mapping[str, str],
    *,
    imports: Path,
    path: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
    own: bool = False,
    device: str = "cpu",
    threads: int = 0,
    temporary: str = "",
) -> dict[str, str]:
    """What a runner finds in its environment.

    Args:
        ours: this process's environment, of which a short list is passed on.
        path: folders that the catalogue puts on its import path.
        extra: the catalogue's own words; they win over all others, except for which GPU is seen.
        own: as said to `make_import_folder`.
        device: the worker's device: a GPU's UUID or `cuda:<n>` is made the only one that the runner sees.
        threads: for OpenMP and the like; 0: theirs to choose.
        temporary: the folder for temporary files.
    """
    passed = {name: value for name, value in ours.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)}
    folders = [str(imports), *path]
    if own and ours.get("PYTHONPATH"):
        folders.append(ours["PYTHONPATH"])
    return {
        **passed,
        **(dict.fromkeys(_THREADS, str(threads)) if threads else {}),
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONHASHSEED": "0",  # equal seeds give equal results also where a set is walked
        **({"TMPDIR": temporary} if temporary else {}),
        **(extra or {}),
        **_visible(device),
    }


def model_device(device: str) -> str:
    """What a model's `load` is told for a worker's device: `cuda:0` for any GPU, else `cpu`."""
    return "cuda:0" if device.startswith(("GPU-", "MIG-", "cuda")) else "cpu"


def _visible(device: str) -> dict[str, str]:
    if model_device(device) == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    seen = (device.partition(":")[2] or "0") if device.startswith("cuda") else device
    # Without this CUDA counts from the fastest device on, and the driver's tools by bus.
    return {"CUDA_VISIBLE_DEVICES": seen, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
