"""A disk that is full: in an upload, in a result, in a commit. The server says so, lives, and recovers by itself."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from aigc.client import Client, Refused, Unavailable
from aigc.runner.noop import triangle_glb
from tests.house.kit import Gate, House, NotStarted, Server, eventually

MIB = 1 << 20
LEAVE_ALL = {"storage": {"min_free_gb": 0}}


class Disk:
    """A small disk of its own at `folder`, which can be filled and emptied again."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
        self._ballast = folder / "ballast"

    def fill(self, *, leave: int = 0) -> None:
        """No more than `leave` bytes are free."""
        found = os.statvfs(self.folder)
        # The server takes some of it at the same time: what cannot be written is filled already.
        with self._ballast.open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while (left := found.f_bavail * found.f_frsize - leave) > 0:
                ballast.write(bytes(left))
                found = os.statvfs(self.folder)

    def empty(self) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)

    def eject(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """The data folder's disk."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: a full disk. Only root may mount one; run the tests as root, in a container")
    try:
        made = Disk(tmp_path / "data", 24 * MIB)
    except subprocess.CalledProcessError:
        pytest.skip("NOT TESTED: a full disk. This container may not mount a tmpfs (CAP_SYS_ADMIN)")
    yield made
    made.eject()


@pytest.fixture
def server(disk: Disk, house: House, tmp_path: Path) -> Iterator[Server]:
    """A server on that disk with a warm runner."""
    with house(tmp_path, settings=LEAVE_ALL) as running:
        assert running.client.wait(running.submit()["id"])["status"] == "completed"
        yield running


def contents(folder: Path) -> dict[str, int]:
    """Every file of the store of files, with its size; its own index of what expires when is left out."""
    files = (path for path in (folder / "assets").rglob("*") if path.is_file() and "expiry" not in path.parts)
    return {str(path.relative_to(folder)): path.stat().st_size for path in files}


def refusal(error: Refused, server: Server) -> None:
    """It is one that says what to do and when to come again, and nothing of the inside."""
    assert error.status in (503, 507)
    assert error.retry_after_s
    assert error.problem["suggestion"]
    assert str(server.folder) not in str(error.problem)


def test_an_upload_on_a_full_disk_is_refused_leaves_nothing_and_works_later(disk: Disk, server: Server) -> None:
    mesh = server.folder / "mesh.glb"
    mesh.write_bytes(triangle_glb(4 * MIB))
    before = contents(disk.folder)
    disk.fill(leave=2 * MIB)
    with pytest.raises(Refused) as refused:
        server.client.upload(mesh)
    refusal(refused.value, server)
    assert refused.value.code == "disk_full"
    assert "room" in refused.value.problem["suggestion"]
    assert contents(disk.folder) == before
    disk.empty()
    assert server.patient.upload(mesh)["file_id"]


def test_a_result_that_finds_no_room_is_tried_again_and_then_told(disk: Disk, server: Server) -> None:
    before = contents(disk.folder)
    disk.fill(leave=4 * MIB)
    record = server.patient.wait(server.submit(bytes=8 * MIB)["id"])
    assert (record["status"], record["error"]["code"], record["attempt"]) == ("failed", "storage_failed", 3)
    assert "No space left" in record["error"]["message"]
    assert "room" in record["error"]["suggestion"].lower()
    assert str(server.folder) not in str(record)
    assert record["outputs"] == []
    assert contents(disk.folder) == before
    disk.empty()
    again = server.patient.submit("text_to_raw_mesh", model="noop", text="x", bytes=8 * MIB)
    assert server.patient.wait(again)["status"] == "completed"


def test_a_result_is_stored_when_room_comes_between_two_attempts(disk: Disk, server: Server) -> None:
    disk.fill(leave=4 * MIB)
    job = server.submit(bytes=8 * MIB)["id"]
    for event in server.patient.events(job):
        # Where the store was away meanwhile, the record tells what the event would have.
        if event["type"] == "job.retrying" or (event.get("job") or {}).get("failures"):
            disk.empty()
    record = server.patient.job(job)
    assert record["status"] == "completed"
    assert {story["code"] for story in record["failures"]} == {"storage_failed"}


class Asking:
    """Requests for jobs, each under a key of its own, and what was said to them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.accepted: list[str] = []
        self.refused: list[str] = []
        """Keys."""
        self.unsure = 0
        """So many of the refused may have been taken all the same: by a Redis that was only too slow to say so."""

    def until_refused(self, times: int) -> None:
        """So many more were refused: the last page of a full disk may have room for some before."""
        wanted = len(self.refused) + times
        while len(self.refused) < wanted:
            key = f"{len(self.accepted)}-{len(self.refused)}"
            try:
                self.accepted.append(self._submitted(self._server.client, key))
            except Refused as error:
                refusal(error, self._server)
                self.refused.append(key)
                self.unsure += error.code != "disk_full"

    def again(self) -> list[str]:
        """The jobs of those that were refused, asked for under the same keys by somebody who is patient."""
        return [self._submitted(self._server.patient, key) for key in self.refused]

    def _submitted(self, client: Client, key: str) -> str:
        return str(client.submit("text_to_raw_mesh", model="noop", text="x", idempotency_key=key)["id"])


def status(server: Server, job: str) -> str | None:
    """None where nobody can tell: a Redis that syncs always ends itself on a full disk."""
    try:
        return str(server.client.job(job)["status"])
    except Unavailable as error:
        refusal(error, server)
        return None


def unhealthy(server: Server, asking: Asking) -> Refused:
    """What one says who looks after the server's health.

    That a record was refused it tells for ten seconds. Later, or by a gateway that was not asked for one, a Redis is
    known to be there and to be read, between two of its ends.
    """
    while True:
        try:
            server.client.health()
        except Refused as error:
            return error
        asking.until_refused(times=1)


def is_healthy(server: Server) -> bool:
    try:
        return bool(server.client.health()["status"] == "healthy")
    except Refused:
        return False


def test_records_that_find_no_room_are_refused_and_what_was_accepted_is_not_lost(
    disk: Disk, server: Server, gate: Gate
) -> None:
    running = server.submit("stepping", gate=gate.path)["id"]
    before = [running, *(server.submit()["id"] for _ in range(3))]
    disk.fill()
    asking = Asking(server)
    asking.until_refused(times=3)
    problem = unhealthy(server, asking).problem
    assert problem["faults"]["store"]
    assert str(server.folder) not in str(problem)
    assert status(server, running) in ("queued", "processing", None)
    disk.empty()
    gate.open()
    jobs = [*before, *asking.accepted]
    assert {server.patient.wait(job)["status"] for job in jobs} == {"completed"}
    eventually(lambda: is_healthy(server))
    known = 1 + len(jobs)  # with the one that warmed the runner
    listed = server.patient.jobs(limit=500)["total"]
    assert known <= listed <= known + asking.unsure, "a job that was refused must not run"
    # Who asks again has one job, whatever became of the first request.
    assert {server.patient.wait(job)["status"] for job in asking.again()} == {"completed"}
    assert server.patient.jobs(limit=500)["total"] == known + len(asking.refused)


def test_a_result_made_while_records_find_no_room_is_recorded_when_they_do(
    disk: Disk, house: House, gate: Gate, tmp_path: Path
) -> None:
    assets = Disk(tmp_path / "data" / "assets", 24 * MIB)  # room for files, none for records
    try:
        with house(tmp_path, settings=LEAVE_ALL) as server:
            server.client.wait(server.submit()["id"])
            job = server.submit("stepping", gate=gate.path)["id"]
            begun = (event["type"] == "job.progress" for event in server.client.events(job))
            assert any(begun)
            disk.fill()
            Asking(server).until_refused(times=1)
            gate.open()
            eventually(lambda: any(assets.folder.rglob(f"*{job}*out.glb")))
            if status(server, job) == "completed":  # there was room for this one: then it is durable
                server.kill()
                disk.empty()
                server.start()
            disk.empty()
            record = server.patient.wait(job)
            assert (record["status"], record["attempt"], record["failures"]) == ("completed", 1, [])
            target = server.client.download(job, tmp_path / "result.glb")
            assert target.read_bytes()[:4] == b"glTF"
    finally:
        assets.eject()


def test_a_server_killed_on_a_full_disk_loses_nothing_and_says_why_it_does_not_start(
    disk: Disk, server: Server, gate: Gate
) -> None:
    accepted = [server.submit("stepping", gate=gate.path)["id"] for _ in range(3)]
    disk.fill()
    server.kill()
    with pytest.raises(NotStarted, match=r"full.*make room"):
        server.start()
    disk.empty()
    server.start()
    gate.open()
    assert {server.client.wait(job)["status"] for job in accepted} == {"completed"}
