"""How much memory a model holds, and how much one run needed at its peak.

On a GPU it is what torch's allocator has reserved, and what the driver says that this process has beside it: the
context, other libraries. Without torch it is the driver's figure at the end of a run. On a CPU it is this process's
resident set.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress
from typing import Any

from aigc.runner import nvml

_PAGE_BYTES = resource.getpagesize()
_RESET_PEAK = b"5"  # to clear_refs: the peak of the resident set starts anew, see proc_pid_clear_refs(5)
WORTH_TRIMMING = 4 << 20
"""A process that has grown by less since what it freed was last given back is left alone: to do so takes 0.1 ms."""
MOST_BESIDE = 4 << 30
"""More than this beside the allocator is not believed where the driver tells only of everybody together."""


class Meter:
    """Measures this process. Make it before the process is confined.

    Args:
        device: as the model's `load` gets it, or as the driver calls it (`GPU-…`).
        driver: stands in for the driver in tests.
    """

    def __init__(self, device: str, driver: nvml.Driver | None = None) -> None:
        self._on_gpu = device.startswith(("cuda", "GPU-", "MIG-"))
        self._driver = driver or (nvml.find() if self._on_gpu else None)
        self._used_before = self._used()
        self._at_rest = 0
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._clear_refs = os.open("/proc/self/clear_refs", os.O_WRONLY)
        except OSError:  # kept from us: peaks are those of the process's life then
            self._clear_refs = -1

    def start(self) -> None:
        """A run begins: its peak is counted from here, without what earlier ones have left behind."""
        if self._on_gpu:
            if torch := self._torch():
                reserved = torch.cuda.memory_reserved()
                # A cache from a large run would be counted as the need of a small one. To fill it again takes some ms.
                if reserved - torch.cuda.memory_allocated() > reserved // 4:
                    torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
        elif self._clear_refs >= 0:
            if self._resident() > self._at_rest + WORTH_TRIMMING:
                _trim()
                self._at_rest = self._resident()
            os.write(self._clear_refs, _RESET_PEAK)

    def peak_bytes(self) -> int:
        """The most that was held at once since `start`; 0: not known."""
        if self._on_gpu:
            torch = self._torch()
            return self._beside() + (int(torch.cuda.max_memory_reserved()) if torch else 0)
        # It follows the reset, since it is the peak of the present address space; reading it takes a microsecond.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def held_bytes(self) -> int:
        """What is held now; 0: not known."""
        if self._on_gpu:
            return self._beside() + self._reserved()
        return self._resident()

    def _resident(self) -> int:
        return int(os.pread(self._statm, 128, 0).split()[1]) * _PAGE_BYTES

    def release(self) -> None:
        """After running out of memory: what the allocator keeps in reserve goes back to the device."""
        if torch := self._torch():
            torch.cuda.empty_cache()

    def _beside(self) -> int:
        """What this process has of the GPU beside torch's allocator."""
        if self._driver is None:
            return 0
        with suppress(OSError):
            own = self._driver.own_bytes()
            if own is not None:
                return max(0, own - self._reserved())
            # Others may have come and gone since: it is a guess, within bounds.
            return min(MOST_BESIDE, max(0, self._used() - self._used_before - self._reserved()))
        return 0

    def _used(self) -> int:
        if self._driver is not None:
            with suppress(OSError):
                return self._driver.used_bytes()
        return 0

    def _reserved(self) -> int:
        torch = self._torch()
        return int(torch.cuda.memory_reserved()) if torch else 0

    def _torch(self) -> Any:
        """The torch that the model imported and uses a GPU with, else None. It is never imported from here."""
        torch = sys.modules.get("torch") if self._on_gpu else None
        cuda = getattr(torch, "cuda", None)
        return torch if cuda is not None and cuda.is_initialized() else None


def _trim() -> None:
    """What was freed goes back to the system: glibc keeps blocks of up to 32 MB, and they would count for ever."""
    with suppress(OSError, AttributeError):  # another libc
        ctypes.CDLL(None).malloc_trim(0)
