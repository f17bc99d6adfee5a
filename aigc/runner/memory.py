"""How much memory a model holds, and how much one run needed at its peak.

On a GPU it is what torch's allocator has reserved; the process's context (0.5 to 1.7 GB) comes on top and is seen by
the driver alone, as is everything if the model does without torch: 0 then. On a CPU it is this process's resident set.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any

_STATM = Path("/proc/self/statm")
_RESET_PEAK = b"5"  # to clear_refs: the peak of the resident set starts anew, see proc_pid_clear_refs(5)


class Meter:
    """Measures this process. Make it before the process is confined.

    Args:
        device: as the model's `load` gets it.
    """

    def __init__(self, device: str) -> None:
        self._on_gpu = device.startswith("cuda")
        try:
            self._clear_refs = os.open("/proc/self/clear_refs", os.O_WRONLY)
        except OSError:  # kept from us: peaks are those of the process's life then
            self._clear_refs = -1

    def start(self) -> None:
        """A run begins: its peak is counted from here."""
        if self._on_gpu:
            if torch := self._torch():
                torch.cuda.reset_peak_memory_stats()
        elif self._clear_refs >= 0:
            os.write(self._clear_refs, _RESET_PEAK)

    def peak_bytes(self) -> int:
        """The most that was held at once since `start`."""
        if self._on_gpu:
            torch = self._torch()
            return int(torch.cuda.max_memory_reserved()) if torch else 0
        # It follows the reset, since it is the peak of the present address space; reading it takes a microsecond.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def held_bytes(self) -> int:
        """What is held now."""
        if self._on_gpu:
            torch = self._torch()
            return int(torch.cuda.memory_reserved()) if torch else 0
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()

    def release(self) -> None:
        """After running out of memory: what the allocator keeps in reserve goes back to the device."""
        if torch := self._torch():
            torch.cuda.empty_cache()

    def _torch(self) -> Any:
        """The torch that the model imported and uses a GPU with, else None. It is never imported from here."""
        torch = sys.modules.get("torch") if self._on_gpu else None
        cuda = getattr(torch, "cuda", None)
        return torch if cuda is not None and cuda.is_initialized() else None
