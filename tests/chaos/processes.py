"""A process and all its lives: begun again half a second to a second after it ended, as systemd would."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

PAUSE_S = (0.5, 1.0)
STOP_S = 30.0
"""How long a process may take to end in order, before it is killed and that is a complaint."""


class Process:
    """One program.

    Args:
        log: what it says in all its lives; what lies between two is marked.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, dice: Random
    ) -> None:
        self.name = name
        self._command, self._environment, self._log, self._dice = command, environment, log, dice
        self._child: asyncio.subprocess.Process | None = None
        self._is_wanted = False
        self._keeping: asyncio.Task[None] | None = None
        self.lives = 0

    @property
    def pid(self) -> int | None:
        """None while it is away."""
        return None if self._child is None or self._child.returncode is not None else self._child.pid

    async def start(self) -> None:
        """It runs, and will be kept running."""
        self._is_wanted = True
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep(), name=self.name)

    async def stop(self) -> int:
        """It has ended for good, by SIGTERM; its exit code."""
        self._is_wanted = False
        assert self._keeping is not None
        if self._child is None or self._child.returncode is not None:
            await self._cancelled()
            return 0  # it was between two lives
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._child.wait(), STOP_S)
        except TimeoutError:
            self._child.kill()
            await self._child.wait()
        await self._cancelled()
        return self._child.returncode or 0

    async def kill(self) -> None:
        """It has ended for good, at once."""
        self._is_wanted = False
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
            await self._child.wait()
        await self._cancelled()

    async def _cancelled(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def _keep(self) -> None:
        while self._is_wanted:
            assert self._child is not None
            code = await self._child.wait()
            if not self._is_wanted:
                return
            self._note(f"ended with {code}")
            await asyncio.sleep(self._dice.uniform(*PAUSE_S))
            await self._spawn()

    async def _spawn(self) -> None:
        self.lives += 1
        self._note(f"begins its life {self.lives}")
        with self._log.open("a") as log:
            self._child = await asyncio.create_subprocess_exec(
                *self._command,
                env={**os.environ, **self._environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._log.parent,
            )

    def _note(self, words: str) -> None:
        with self._log.open("a") as log:
            log.write(f"--- {self.name} {words}\n")
