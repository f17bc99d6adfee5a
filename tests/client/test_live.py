"""Both clients against a real server: each test is told once, and carried out by either."""

import asyncio
import inspect
import io
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from aigc.client import AsyncClient, BadRequest, Client, JobCancelled, JobFailed, NotFound, ServerAway, Timeout
from tests.client.relay import Relay
from tests.house.kit import SAMPLES, Gate, Server

TEXT = "text_to_raw_mesh"


class Awaited:
    """What stands behind is asynchronous; every call is awaited on a loop of its own, every stream taken whole."""

    def __init__(self, loop: asyncio.AbstractEventLoop, inner: Any) -> None:
        self._loop, self._inner = loop, inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        return self._called(value) if callable(value) else value

    def __getitem__(self, key: str) -> Any:
        return self._inner[key]

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            came = function(*args, **kwargs)
            if inspect.isasyncgen(came):
                came = self._loop.run_until_complete(_all(came))
            elif inspect.isawaitable(came):
                came = self._loop.run_until_complete(came)
            return Awaited(self._loop, came) if hasattr(came, "client") else came

        return call


async def _all(stream: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in stream]


Make = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes clients of either kind."""
    if request.param == "sync":
        yield Client
        return
    with asyncio.Runner() as runner:
        made: list[AsyncClient] = []

        def awaited(*args: Any, **kwargs: Any) -> Any:
            made.append(AsyncClient(*args, **kwargs))
            return Awaited(runner.get_loop(), made[-1])

        yield awaited
        for client in made:
            runner.run(client.close())


@pytest.fixture
def client(make: Make, server: Server) -> Any:
    return make(server.url)


def test_run_goes_from_inputs_to_a_file_and_tells_all_on_the_way(client: Any, tmp_path: Path) -> None:
    told: list[Any] = []
    gate = Gate(tmp_path)

    def hear(event: Any) -> None:
        told.append(event)
        if event.stage == "sampling":
            gate.open()

    named = {"model": "stepping", "gate": gate.path}
    result = client.run(TEXT, text="a chair", to=tmp_path / "made.glb", on_event=hear, **named)
    assert result.path.read_bytes() == result.data and result.data[:4] == b"glTF"
    assert result.job.params["gate"] == gate.path
    assert told[-1].kind == "completed" and told[-1].job.outputs[0].name == "out.glb"
    assert {"sampling"} <= {event.stage for event in told} and told[-1].fraction == 1.0
    picture = Image.new("RGB", (64, 64))
    assert client.run("image_to_raw_mesh", image=picture, to=None).data[:4] == b"glTF"
    with pytest.raises(JobFailed):
        client.submit("mesh_retopology", mesh=client.submit(TEXT, text="x", fail="input"))
    # A job that is not done yet, one that is, an output, a path, and a file are inputs, too.
    with result.path.open("rb") as file:
        slow = client.submit(TEXT, text="x", sleep_s=0.3)
        for mesh in (slow, result.job, result.job.outputs[0], str(result.path), file, ("x.glb", result.data)):
            assert client.submit("mesh_retopology", mesh=mesh)["inputs"]["mesh"]["bytes"] == len(result.data)


def test_a_handle_waits_cancels_retries_downloads_and_deletes(client: Any, tmp_path: Path) -> None:
    slow = client.submit(TEXT, text="x", params={"sleep_s": 600, "steps": 6000}, tags=["t1"], metadata={"shot": "12"})
    with pytest.raises(Timeout) as told:
        slow.wait(0.1)
    with pytest.raises(Timeout):
        list(slow.events(timeout_s=0.1))
    assert told.value.job_id == slow.id
    slow.cancel()
    assert slow.wait(60).status == slow.status == "cancelled"
    with pytest.raises(JobCancelled):
        slow.result()
    handle = client.handle(client.submit(TEXT, text="x").id)
    assert [event.is_final for event in handle.events()][-1]
    assert handle.status == "completed" and handle.outputs[0].role == "model"
    assert handle.download(tmp_path) == tmp_path / "noop.glb"
    assert handle.download_all(tmp_path / "all") == {"noop.glb": tmp_path / "all" / "noop.glb"}
    again = handle.retry()
    assert again.id != handle.id and again.wait().status == "completed"
    assert again.delete()["id"] == again.id
    with pytest.raises(NotFound, match=again.id):
        again.refresh()


def test_jobs_are_listed_page_by_page_and_the_server_shown(client: Any) -> None:
    ids = [client.submit(TEXT, text="x", tags=["paged"]).id for _ in range(3)]
    first = client.jobs(tag="paged", limit=2)
    second = client.jobs(tag="paged", limit=2, cursor=first.next_cursor)
    listed = [job.id for page in (first, second) for job in page.jobs][:3]
    assert listed == ids[::-1] == [job.id for job in client.each_job(tag="paged")][:3]
    assert client.parameters("noop")["sleep_s"]["type"] == "number"
    assert [model.id for model in client.models("mesh_retopology").models] == ["noop-mesh"]
    assert any(feature.name == TEXT and "noop" in feature.models for feature in client.features().features)
    assert client.workers().workers[0].id == client.status()["workers"][0]["id"]
    assert client.load("noop").workers and client.pin("noop").workers and client.unpin("noop")["action"] == "unpin"
    sent = client.upload(SAMPLES / "robot.png", "my robot.png")
    assert (sent.filename, sent.id in [one["file_id"] for one in client.uploads()["files"]]) == ("my robot.png", True)
    assert client.submit("image_to_raw_mesh", image=sent)["inputs"]["image"]["filename"] == "my robot.png"
    client.delete_upload(sent.id)


def test_a_failed_job_comes_with_its_evidence_and_a_bad_request_with_its_fields(client: Any) -> None:
    with pytest.raises(JobFailed) as failed:
        client.run(TEXT, text="x", params={"fail": "input"})
    assert failed.value.code == "input_invalid" and "asked to refuse" in str(failed.value)
    with pytest.raises(JobFailed) as raised:
        client.run(TEXT, model="raising", text="x", at=1)
    assert "Traceback" in raised.value.log_tail and raised.value.failures
    with pytest.raises(BadRequest) as bad:
        client.submit(TEXT, text="x", sleep=1)
    assert bad.value.fields[0].pointer == "/params/sleep" and "sleep_s" in str(bad.value) and bad.value.request_id


def test_a_bad_line_costs_neither_events_nor_bytes_nor_a_second_job(make: Make, server: Server, tmp_path: Path) -> None:
    with Relay(server.url, after=700, cuts=0) as relay:
        client = make(relay.url)
        client.health()
        relay.cuts = 1  # the accepted job's record is longer
        job = client.submit(TEXT, text="x", tags=["once"], params={"sleep_s": 0.6, "steps": 9, "bytes": 500_000})
        assert relay.cuts == 0
        relay.cuts = 2
        seen = [event.seq for event in job.events() if event.seq]
        assert seen == sorted(set(seen)) and job.status == "completed"
        relay.after, relay.cuts = 150_000, 2
        assert client.read(job) == make(server.url).read(job)
        assert relay.cuts == 0


def test_a_server_that_is_away_says_so_at_once(make: Make) -> None:
    with pytest.raises(ServerAway, match="aigc serve"):
        make("http://127.0.0.1:9").models()


def test_a_refusal_is_heard_though_the_file_was_not_read_to_its_end(make: Make) -> None:
    def refuse() -> None:
        connection, _ = listening.accept()
        with connection:
            while b"\r\n\r\n" not in connection.recv(1 << 16):
                pass
            body = b'{"code": "too_large", "detail": "the proxy takes 1 MB"}'
            head = f"HTTP/1.1 413 Content Too Large\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + body)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=refuse, daemon=True).start()
        with pytest.raises(BadRequest, match="the proxy takes"):
            make(f"http://127.0.0.1:{listening.getsockname()[1]}").upload(("big.glb", bytes(64 << 20)))


def test_a_large_file_is_streamed_and_refused_by_its_size(client: Any) -> None:
    class Endless(io.RawIOBase):
        """A gigabyte that takes no room."""

        name = "big.glb"

        def __init__(self) -> None:
            self._at = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, to: int, whence: int = 0) -> int:
            self._at = to + (1 << 30 if whence == 2 else 0)
            return self._at

        def tell(self) -> int:
            return self._at

        def read(self, size: int = -1) -> bytes:
            piece = bytes(min(size, (1 << 30) - self._at))
            self._at += len(piece)
            return piece

    with pytest.raises(BadRequest) as told:
        client.upload(Endless())
    assert told.value.status == 413


def test_a_running_job_tells_how_long_it_will_go_on(client: Any, server: Server) -> None:
    client.run(TEXT, text="x", model="noop")  # nothing is foreseen of what was never seen
    job = client.submit(TEXT, text="x", model="noop", sleep_s=60, steps=600)
    try:
        # Longer than its like took: its own word counts.
        told = next(event for event in Client(server.url).events(job.id) if (event.estimated_left_s or 0) > 5)
        assert told.kind == "progress" and client.job(job.id).estimated_left_s > 1
    finally:
        job.cancel()
    assert client.wait(job.id).estimated_left_s is None
