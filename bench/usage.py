"""CPU and memory of processes, as the kernel counts them."""

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    found = []
    todo = [pid]
    while todo:
        parent = todo.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                below = [int(child) for child in task.read_text().split()]
                found += below
                todo += below
    return found


def cpu_s(pids: Sequence[int]) -> float:
    """CPU seconds that these processes have used."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def rest_percent(pids: Sequence[int], seconds: float) -> float:
    """Percent of one core that living threads use while nothing happens; finer than `cpu_s`, which counts in ticks."""

    def used_ns() -> int:
        total = 0
        for pid in pids:
            for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with contextlib.suppress(OSError):
                    total += int(file.read_text().split()[0])
        return total

    before = used_ns()
    time.sleep(seconds)
    return (used_ns() - before) / 1e9 / seconds * 100


def pss_mb(pids: Sequence[int]) -> float:
    """Proportional set size in MB: shared pages are split among those who share them."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024
