"""What the client decides, without a server: when it asks again, what an input is, what an answer means."""

import ast
import hashlib
import inspect
import io
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import aigc.client
from aigc.client import (
    AsyncClient,
    AsyncJobHandle,
    BadInput,
    BadRequest,
    Client,
    ClientError,
    Conflict,
    Forbidden,
    Job,
    JobCancelled,
    JobFailed,
    JobHandle,
    NotFound,
    Output,
    QueueFull,
    RateLimited,
    Refused,
    ServerAway,
    ServerFault,
    Timeout,
    Unauthorized,
    Unavailable,
    Upload,
    tokens,
)
from aigc.client.api import own_name
from aigc.client.following import EventParser, Following
from aigc.client.sources import Source, reference_of, source_of
from aigc.client.wire import Answer, address_of, refused
from tests.client.world import NOTHING, World, api, heard, says

PACKAGE = Path(aigc.client.__file__).parent
AWAY = ServerAway("away")
UNSENT = ServerAway("away", was_sent=False)
FULL = {"code": "queue_full", "detail": "1000 jobs wait", "suggestion": "come back later", "request_id": "r-1"}


# Asking again.


def test_a_submit_whose_answer_was_lost_is_sent_again_with_the_key_of_the_first() -> None:
    world = World(AWAY, says({}, 503), says({"id": "j", "status": "queued"}, 202))
    job = world.run(heard().submit("text_to_raw_mesh", **{**NOTHING, "text": "a chair"}))
    assert job.id == "j"
    keys = {request.headers["Idempotency-Key"] for request in world.sent}
    assert len(world.sent) == 3 and len(keys) == 1
    again = World(says({"id": "k"}, 202))
    again.run(heard().submit("text_to_raw_mesh", **NOTHING))
    assert again.sent[0].headers["Idempotency-Key"] not in keys


def test_retry_after_is_obeyed_within_the_budget_and_the_refusal_told_beyond_it() -> None:
    world = World(says(FULL, 429, retry_after="7"), says(FULL, 429, retry_after="50"), says({"id": "j"}, 202))
    assert world.run(heard().submit("f", **NOTHING)).id == "j"
    assert world.paused == [7, 50]
    short = World(says(FULL, 429, retry_after="7"))
    with pytest.raises(QueueFull) as told:
        short.run(heard(retry_s=5).submit("f", **NOTHING))
    error = told.value
    assert (error.retry_after_s, error.code, error.request_id, short.paused) == (7, "queue_full", "r-1", [])
    assert str(error) == "1000 jobs wait\ncome back later"


def test_a_server_that_was_never_heard_is_not_waited_for() -> None:
    world = World(UNSENT)
    with pytest.raises(ServerAway):
        world.run(api().models())
    assert world.paused == []


def test_pauses_grow_and_end_with_the_budget() -> None:
    world = World(*[AWAY] * 50)
    with pytest.raises(ServerAway):
        world.run(heard(retry_s=60).models())
    assert world.paused[0] < 0.3 and max(world.paused) > 2
    assert 40 < sum(world.paused) <= 60


def test_what_would_do_more_when_sent_twice_is_sent_again_only_if_it_was_not_sent() -> None:
    lost = World(AWAY)
    with pytest.raises(ServerAway):
        lost.run(heard().retry("j", None))
    assert len(lost.sent) == 1
    unsent = World(UNSENT, says({"id": "k"}))
    assert unsent.run(heard().retry("j", 7)).id == "k"


def test_a_wait_ends_with_its_time_and_not_before() -> None:
    client = heard()
    world = World()

    def still(request: Any) -> Answer:
        world.now += 30 if "wait=30" in request.path else 5
        return says({"id": "j", "status": "processing"})

    world.script = [still] * 9
    with pytest.raises(Timeout) as told:
        world.run(client.wait("j", 65))
    assert (world.now, told.value.job_id, isinstance(told.value, TimeoutError)) == (65, "j", True)
    assert [request.path.partition("wait=")[2] for request in world.sent] == ["30", "30", "5"]


# Streams.

STORY = (
    b"retry: 2000\n\nid: 1\nevent: job.queued\ndata: {\"type\":\"job.queued\",\"seq\":1}\n\n:\n\n"
    b"event: job.progress\r\ndata: {\"type\":\"job.progress\",\r\ndata: \"progress\":{\"fraction\":0.5}}\r\n\r\n"
    b"id: 2\ndata: {\"type\":\"job.completed\",\"seq\":2}\n\n"
)  # fmt: skip


def test_events_are_the_same_wherever_the_network_cuts_them() -> None:
    whole = EventParser().feed(STORY)
    assert [event.kind for event in whole] == ["queued", "progress", "completed"]
    assert (whole[1].fraction, whole[1].seq) == (0.5, None)
    parser = EventParser()
    assert [event for byte in STORY for event in parser.feed(bytes([byte]))] == whole


def test_a_broken_stream_goes_on_after_the_last_event_that_came() -> None:
    following = Following("a/b", 0, 60)
    assert following.request().path == "/api/v1/jobs/a%2Fb/events"
    assert "Last-Event-ID" not in following.request().headers
    following.opened(200)
    following.feed(STORY[:80])
    assert following.pause_s(AWAY, 100.0) > 0
    assert following.request().headers["Last-Event-ID"] == "1"
    following.opened(200)
    assert [event.kind for event in following.feed(STORY[STORY.index(b"id: 2") :])] == ["completed"]
    assert following.is_over


def test_a_stream_is_waited_for_as_long_as_patience_lasts_and_no_longer() -> None:
    following = Following("j", 3, 60)
    following.pause_s(AWAY, 0.0)
    following.pause_s(AWAY, 59.0)
    with pytest.raises(ServerAway):
        following.pause_s(AWAY, 61.0)
    following.opened(200)  # it was back
    following.pause_s(AWAY, 100.0)
    following.opened(204)  # and has nothing more to tell
    assert following.is_over
    hurried = Following("j", 0, 60, ends=10.0)
    hurried.check(9.0)
    with pytest.raises(Timeout, match="goes on"):
        hurried.check(10.0)
    with pytest.raises(ServerAway):
        Following("j", 0, 60, was_heard=False).pause_s(AWAY, 0.0)


# Downloads.

CONTENT = bytes(range(256)) * 4


def outputs(content: bytes = CONTENT, **more: Any) -> Answer:
    output = {
        "name": "mesh.glb", "role": "model", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
        "url": "/api/v1/jobs/j/outputs/mesh.glb?expires=1", **more,
    }  # fmt: skip
    return says({"id": "j", "status": "completed", "outputs": [output]})


def test_a_download_goes_on_where_it_broke(tmp_path: Path) -> None:
    world = World(outputs(), (CONTENT[:300], AWAY), (CONTENT[300:500], AWAY), Answer(206, {}, CONTENT[500:]))
    saved = world.run(heard().download("j", tmp_path, "model"))
    assert (saved, saved.read_bytes()) == (tmp_path / "mesh.glb", CONTENT)
    assert [request.headers.get("Range") for request in world.sent[1:]] == [None, "bytes=300-", "bytes=500-"]
    assert world.sent[1].path.endswith("?expires=1")
    assert [file.name for file in tmp_path.iterdir()] == ["mesh.glb"]


def test_a_server_that_sends_all_again_is_believed(tmp_path: Path) -> None:
    world = World(outputs(), (CONTENT[:300], AWAY), Answer(200, {}, CONTENT))
    assert world.run(heard().download("j", tmp_path / "x.glb", "model")).read_bytes() == CONTENT


@pytest.mark.parametrize("came", [bytes(1024), CONTENT[:-1]])
def test_a_damaged_download_leaves_what_was_there(tmp_path: Path, came: bytes) -> None:
    target = tmp_path / "mesh.glb"
    target.write_bytes(b"before")
    world = World(outputs(), *[Answer(206, {}, came)] + [AWAY] * 40)
    with pytest.raises(ClientError, match=r"other bytes|away"):
        world.run(heard(retry_s=20).download("j", target, "model"))
    assert target.read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def test_a_result_that_is_not_there_says_why(tmp_path: Path) -> None:
    cases = {
        "processing": (ClientError, "not finished"), "failed": (JobFailed, "out of memory\nsmaller"),
        "cancelled": (JobCancelled, "cancelled"),
    }  # fmt: skip
    error = {"code": "out_of_memory", "message": "out of memory", "suggestion": "smaller", "log_tail": "CUDA"}
    for status, (kind, words) in cases.items():
        record = {"id": "j", "status": status, "error": error if status == "failed" else None, "failures": [error]}
        with pytest.raises(kind, match=words) as told:
            World(says(record)).run(heard().download("j", tmp_path, "model"))
        if status == "failed":
            failed: Any = told.value
            assert (failed.code, failed.log_tail, failed.failures[0].code) == ("out_of_memory", "CUDA", "out_of_memory")
    with pytest.raises(BadInput, match=r"no output skin; it has mesh\.glb"):
        World(outputs()).run(heard().download("j", tmp_path, "skin"))


# Errors.


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "", BadRequest), (401, "", Unauthorized), (403, "", Forbidden), (404, "", NotFound), (409, "", Conflict),
        (413, "", BadRequest), (422, "", BadRequest), (429, "queue_full", QueueFull),
        (429, "rate_limited", RateLimited),
        (500, "", ServerFault), (502, "", ServerFault), (503, "", Unavailable), (507, "disk_full", ServerFault),
    ],
)  # fmt: skip
def test_each_refusal_has_its_kind(status: int, code: str, kind: type[Refused]) -> None:
    error = refused(says({"code": code, "detail": "no"}, status, x_request_id="r"))
    assert type(error) is kind and (error.status, error.request_id) == (status, "r")


def test_a_bad_request_names_its_fields_and_html_is_not_json() -> None:
    problem = {"detail": "two errors", "errors": [{"pointer": "/params/seed", "detail": "is no number"}]}
    error = refused(says(problem, 422))
    assert error is not None and error.fields[0].pointer == "/params/seed"
    assert str(error) == "two errors\n/params/seed: is no number"
    assert str(refused(Answer(502, {}, b"<html>Bad Gateway</html>"))) == "<html>Bad Gateway</html>"
    for url in ("localhost:1", "ftp://x", "http://", "http://x:port"):
        with pytest.raises(ClientError, match="http://HOST:PORT"):
            address_of(url)
    with pytest.raises(ClientError, match="another program"):
        World(Answer(200, {}, b"<html>")).run(api().models())


# Inputs.


def test_an_input_is_anything_that_can_be_meant(tmp_path: Path) -> None:
    job = Job({"id": "j", "outputs": []})
    output = Output({"name": "part 1.glb", "url": "/api/v1/jobs/j/outputs/part%201.glb?signature=x"})
    assert reference_of("words", is_text=True) == {"text": "words"}
    assert reference_of("http://x/a.png", is_text=False) == {"url": "http://x/a.png"}
    assert reference_of("http://x/a.png", is_text=True) == {"text": "http://x/a.png"}
    assert reference_of(Upload({"file_id": "u"}), is_text=False) == {"upload": "u"}
    assert reference_of(job, is_text=False) == {"job": "j", "output": "model"}
    assert reference_of(JobHandle(None, job), is_text=False) == {"job": "j", "output": "model"}  # type: ignore[arg-type]
    assert reference_of(output, is_text=False) == {"job": "j", "output": "part 1.glb"}
    assert reference_of({"upload": "u"}, is_text=False) == {"upload": "u"}
    path = tmp_path / "a.png"
    Image.new("RGB", (3, 2)).save(path)
    data = path.read_bytes()
    with path.open("rb") as file:
        file.seek(0)
        for given, name in [
            (path, "a.png"), (str(path), "a.png"), (data, "data.png"), (("b.png", data), "b.png"), (file, "a.png"),
            (io.BytesIO(data), "data.png"), (Image.open(path), "image.png"),
        ]:  # fmt: skip
            source = reference_of(given, is_text=False)
            assert isinstance(source, Source) and source.name == name
            assert b"".join(source.pieces())[:8] == data[:8] and source.size == len(b"".join(source.pieces()))
        assert not file.closed


def test_what_is_no_input_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    for given, words in [
        (tmp_path / "none.png", "No such file"), (tmp_path, "folder"), (b"what", "need a name"), (7, "no file"),
        (io.StringIO("x"), "'rb'"),
    ]:  # fmt: skip
        with pytest.raises(BadInput, match=words):
            source_of(given)
    growing = tmp_path / "growing.obj"
    growing.write_bytes(b"v 0 0 0\n")
    source = source_of(growing)
    growing.write_bytes(b"v 0 0 0\nv 1 1 1\n")
    with pytest.raises(BadInput, match="changed"):
        list(source.pieces())


def test_names_are_sorted_into_inputs_and_parameters_as_the_model_has_them(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    feature = {
        "name": "f",
        "inputs": {"image": {"formats": ["png"]}},
        "optional_inputs": {"mesh": {"formats": ["glb"]}},
    }
    world = World(says({"features": [feature]}), says({"file_id": "u"}, 201), says({"id": "j"}, 202))
    named = {"image": tmp_path / "a.png", "mesh": Job({"id": "i", "status": "completed"}), "seed": 7, "mode": None}
    client = heard()
    world.run(client.submit("f", **{**NOTHING, "named": named, "priority": 0}))
    body = json.loads(world.sent[-1].body)  # type: ignore[arg-type]
    assert body == {
        "feature": "f", "inputs": {"image": {"upload": "u"}, "mesh": {"job": "i", "output": "model"}},
        "params": {"seed": 7, "mode": None}, "priority": 0,
    }  # fmt: skip
    assert world.sent[1].path == "/api/v1/uploads?filename=a.png"
    again = World(says({"id": "k"}, 202))
    again.run(client.submit("f", **{**NOTHING, "named": {"seed": 8}}))
    assert len(again.sent) == 1, "what a feature takes is asked for once"


# Tokens.


def test_a_token_is_the_nearest_one_and_goes_to_its_own_server_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("AIGC_TOKEN", "AIGC_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    path = tokens.remember("http://here:1/", "kept", user="ada")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (tokens.token_for("http://here:1"), tokens.token_for("http://there:1")) == ("kept", "")
    (tmp_path / "token").write_text("filed\n")
    monkeypatch.setenv("AIGC_TOKEN_FILE", str(tmp_path / "token"))
    assert tokens.token_for("http://here:1") == "filed"
    monkeypatch.setenv("AIGC_TOKEN", "set")
    assert tokens.token_for("http://here:1") == "set"
    assert tokens.token_for("http://here:1", file=tmp_path / "token") == "filed"
    assert tokens.token_for("http://here:1", "given") == "given"
    with pytest.raises(BadInput, match="nowhere"):
        tokens.token_for("http://here:1", file="nowhere")
    assert tokens.forget("http://here:1") and not tokens.forget("http://here:1")


# The package.


@pytest.mark.parametrize(("one", "other"), [(Client, AsyncClient), (JobHandle, AsyncJobHandle)])
def test_both_clients_have_one_surface(one: type, other: type) -> None:
    def surface(kind: type) -> dict[str, list[tuple[str, Any, Any]]]:
        members = {name: value for name, value in vars(kind).items() if not name.startswith("_") and callable(value)}
        return {
            name: [(part.name, part.kind, part.default) for part in inspect.signature(value).parameters.values()]
            for name, value in members.items()
            if name not in ("close", "watch")  # the standard library has no WebSocket
        }

    assert surface(one) == surface(other)


def test_the_client_reads_on_python_3_10_and_imports_the_standard_library_alone() -> None:
    for file in PACKAGE.glob("*.py"):
        ast.parse(file.read_text(), file.name, feature_version=(3, 10))
    script = (
        "import sys; before = set(sys.modules); import aigc.client; new = {name.split('.')[0] for name in sys.modules}"
        " - {name.split('.')[0] for name in before} - set(sys.stdlib_module_names); print(sorted(new))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['aigc']"


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        ("mesh.glb", "mesh.glb"), ("../../.bashrc", ".bashrc"), ("/etc/passwd", "passwd"), ("..\\x.glb", "x.glb"),
        ("..", "output"), ("a/", "output"), ("a\0b", "a_b"), ("a\x1b[2J\u202e.glb", "a_[2J_.glb"),
    ],
)  # fmt: skip
def test_no_server_says_in_which_folder_of_ours_a_file_lies(told: str, ours: str) -> None:
    assert own_name(told) == ours
