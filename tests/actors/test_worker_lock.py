import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actors.worker_lock import WorkerLock
from aigc.core.errors import Conflict
from aigc.core.ids import DeviceId, WorkerId
from aigc.core.messages import Device

A, B = WorkerId("box:a@1"), WorkerId("b")
CPU, GPU = Device(id=DeviceId("cpu"), kind="cpu"), Device(id=DeviceId("GPU-1"), kind="cuda")


async def test_a_second_worker_of_a_name_is_refused_with_who_is_there(tmp_path: Path):
    first = WorkerLock(tmp_path / "run")
    await first.take(A, CPU)
    with pytest.raises(
        Conflict, match=rf"worker box:a@1 runs on this machine already: process {os.getpid()} "
    ) as refused:
        await WorkerLock(tmp_path / "run").take(A, GPU)
    assert refused.value.suggestion == "stop that one, or give this one another --name"


async def test_a_gpu_has_one_worker_whatever_that_is_called(tmp_path: Path):
    first, second = WorkerLock(tmp_path), WorkerLock(tmp_path)
    await first.take(A, GPU)
    with pytest.raises(Conflict, match="GPU-1 has a worker already: process"):
        await second.take(B, GPU)
    await second.take(B, CPU)  # the refused one has left nothing held


async def test_processors_are_shared(tmp_path: Path):
    await WorkerLock(tmp_path).take(A, CPU)
    await WorkerLock(tmp_path).take(B, CPU)


async def test_what_was_released_can_be_taken_and_leaves_no_file(tmp_path: Path):
    first, second = WorkerLock(tmp_path), WorkerLock(tmp_path)
    await first.take(A, CPU)
    first.release()
    first.release()
    await second.take(A, CPU)
    second.release()
    assert os.listdir(tmp_path) == []


def test_a_worker_that_was_killed_holds_nothing(tmp_path: Path):
    program = f"""
import asyncio, sys
from pathlib import Path
from actors.worker_lock import WorkerLock
from aigc.core.messages import Device
lock = WorkerLock(Path({str(tmp_path)!r}))
asyncio.run(lock.take("box:a@1", Device(id="cpu", kind="cpu")))
print("mine", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as former:
        assert former.stdout is not None
        former.stdout.readline()
        with pytest.raises(Conflict, match=f"process {former.pid} "):
            asyncio.run(WorkerLock(tmp_path).take(A, CPU))
        former.send_signal(signal.SIGKILL)
        former.wait()
    asyncio.run(WorkerLock(tmp_path).take(A, CPU))
