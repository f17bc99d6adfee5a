"""On one machine a name has one living worker, and so has a GPU: a second one is refused, with who is there.

Processors may be shared by several workers, each with its budget. Workers of different machines meet at the broker
instead, which retires the earlier one.
"""

import asyncio
import re
from pathlib import Path

from actors.stores.file_lock import FileLock
from aigc.core.errors import Conflict
from aigc.core.ids import WorkerId
from aigc.core.messages import Device


class WorkerLock:
    """What one worker holds while it lives, however its life ends.

    Args:
        folder: where the workers of this machine meet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[FileLock] = []

    async def take(self, name: WorkerId, device: Device) -> None:
        """The name is ours, and the device if it is a GPU.

        Raises:
            Conflict: another worker has one of them; nothing is held then.
        """
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        try:
            await self._take(f"worker-{name}", f"worker {name} runs on this machine already", "another --name")
            if device.kind == "cuda":
                await self._take(f"device-{device.id}", f"{device.id} has a worker already", "another --device")
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Others may have them."""
        for lock in self._held:
            lock.release(remove=True)
        self._held.clear()

    async def _take(self, name: str, complaint: str, other: str) -> None:
        lock = FileLock(self._folder / f"{re.sub(r'[^A-Za-z0-9_@:-]', '-', name)}.lock")
        if not await asyncio.to_thread(lock.take):
            raise Conflict(f"{complaint}: {lock.holder()}", suggestion=f"stop that one, or give this one {other}")
        self._held.append(lock)
