"""What a container or a service may use of the host's memory: the limit of its control group (Linux, version 2).

Without this a process in a container of 8 GiB would plan with the host's 256 and be killed by the kernel.
"""

from pathlib import Path

from msgspec import Struct

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


class MemoryLimit(Struct, frozen=True):
    """Bytes of the narrowest limit on the way up from a group to the root."""

    total: int
    used: int
    """By everybody under that limit; the page cache, which the kernel gives back when asked, does not count."""


def memory_limit(root: Path = ROOT, own: Path = OWN) -> MemoryLimit | None:
    """The limit that leaves least room, or None where there is none.

    Args:
        root: where control groups are mounted.
        own: the file that says in which group this process is.
    """
    try:
        lines = own.read_text().splitlines()
        group = next(line.removeprefix("0::") for line in lines if line.startswith("0::"))
    except (OSError, StopIteration):
        return None  # another system, or the first version of control groups
    folder = root / group.lstrip("/")
    found = [limit for path in (folder, *folder.parents) if path.is_relative_to(root) and (limit := _limit(path))]
    return min(found, key=lambda limit: limit.total - limit.used, default=None)


def _limit(folder: Path) -> MemoryLimit | None:
    try:
        told = (folder / "memory.max").read_text().strip()
        if told == "max":
            return None
        current = int((folder / "memory.current").read_text())
        stats = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return MemoryLimit(int(told), max(0, current - int(stats.get("inactive_file", 0))))
    except (OSError, ValueError):
        return None  # a group above our own view, or one without the memory controller
