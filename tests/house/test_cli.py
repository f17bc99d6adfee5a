"""The `aigc` command as people and scripts use it: what it prints where, and with which exit code it ends."""

import contextlib
import io
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config import cli
from tests.house.kit import SAMPLES, SERVE, Gate, House, Server, eventually, mainly

DONE, FAILED, REFUSED, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
TEXT = "text-to-raw-mesh"
HEAVY = ("aiohttp", "pydantic", "redis", "zmq", "numpy", "rich", "yaml", "msgspec", "structlog")


class Ended:
    """What a command left: its exit code and what it said on each of the two streams."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        assert "Traceback" not in self.err, self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def aigc(*arguments: str | Path, url: str = "", cwd: Path | None = None, **environment: str) -> Ended:
    """Run the command as a program of its own."""
    command = [sys.executable, "-m", "aigc", *map(str, arguments)]
    environ = {**os.environ, "AIGC_URL": url, **environment}
    return Ended(subprocess.run(command, capture_output=True, text=True, timeout=99, check=False, cwd=cwd, env=environ))


def within(*arguments: str, url: str = "") -> Ended:
    """The same in this process, which is there already."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setenv("AIGC_URL", url)
        code = cli.run(list(arguments))
    return Ended(subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue()))


@pytest.fixture(scope="module", params=mainly(SERVE))
def mode(request: pytest.FixtureRequest) -> str:
    """The commands hear the same from both, and sooner from this one."""
    started: str = request.param
    return started


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """Where the module's server is; no job is left running there by a test that went wrong."""
    yield server.url
    eventually(lambda: server.client.system()["queue"]["processing_jobs"] == 0)


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nothing listens, and nobody else begins to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


# Without a server.


def test_help_is_there_at_once_since_it_imports_nothing_heavy() -> None:
    script = (
        "import sys; from config import cli; code = cli.run(sys.argv[1:]); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=True)
    *text, last = done.stdout.splitlines()
    assert last == "[] 0"
    for name in ("serve", "submit", "doctor", "Exit codes"):
        assert name in "\n".join(text)


def test_a_command_that_talks_to_a_server_imports_no_server() -> None:
    script = f"import sys, config.commands.submit; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["nonsense"], ["submit"], ["list", "--status", "odd"], ["serve", "--port", "x"]])
def test_wrong_usage_says_what_is_right(arguments: list[str]) -> None:
    ended = within(*arguments)
    assert (ended.code, ended.out) == (REFUSED, "")
    assert "Usage" in ended.err or "No such command" in ended.err


@pytest.mark.parametrize(
    "arguments", [["list"], ["status"], ["models"], ["cancel", "x"], ["watch", "x"], ["submit", TEXT, "-t", "x"]]
)
def test_a_server_that_is_away_is_said_with_what_to_do(nobody: str, arguments: list[str]) -> None:
    ended = within(*arguments, url=nobody)
    assert (ended.code, ended.out) == (UNREACHABLE, "")
    assert nobody in ended.err and "aigc serve" in ended.err


@pytest.mark.parametrize("address", ["localhost:7842", "ftp://x", "http://", "http://x:port", "http://[::1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    ended = within("list", "--url", address)
    assert ended.code == REFUSED
    assert "http://HOST:PORT" in ended.err


def test_another_program_at_the_address_is_told_from_a_server() -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        threading.Thread(target=stranger.serve_forever, kwargs={"poll_interval": 0.01}).start()
        ended = aigc("list", url=f"http://127.0.0.1:{stranger.server_port}")
        stranger.shutdown()
    assert ended.code == REFUSED
    assert "another program" in ended.err


# Jobs.


def test_submit_shows_progress_on_one_stream_and_the_result_on_the_other(url: str, gate: Gate, tmp_path: Path) -> None:
    asked = ("submit", TEXT, "-t", "x", "-m", "stepping", "-p", f"gate={gate.path}", "-o", "made.glb")
    with begun(*asked, url=url, cwd=tmp_path) as command:
        gate.open()
        out, err = command.communicate(timeout=100)
    assert (command.returncode, out) == (DONE, "made.glb\n")
    assert "completed" in err and "out.glb" in err
    assert (tmp_path / "made.glb").read_bytes()[:4] == b"glTF"


def test_submit_as_json_prints_the_job_and_nothing_else(url: str) -> None:
    ended = aigc("submit", TEXT, "-t", "x", "-m", "noop", "--json", url=url)
    assert (ended.code, ended.json["status"], ended.err) == (DONE, "completed", "")


def test_a_job_that_is_not_waited_for_is_followed_later_by_its_id(url: str, tmp_path: Path) -> None:
    asked = ("submit", TEXT, "-t", "a tall chair", "-m", "noop", "-p", "sleep_s=0.5", "--no-wait")
    job = aigc(*asked, url=url).out.strip()
    watched = aigc("watch", job, "--json", url=url)
    last = json.loads(watched.out.splitlines()[-1])
    assert (watched.code, last["job"]["status"]) == (DONE, "completed")
    assert aigc("watch", job, url=url).out.startswith(f"{job}  completed")
    shown = aigc("status", job, url=url)
    assert (shown.code, shown.out.split()[1]) == (DONE, "completed")
    assert aigc("status", job, "--json", url=url).json["id"] == job
    line = next(line for line in aigc("list", "--limit", "5", url=url).out.splitlines() if line.startswith(job))
    assert line.endswith("  a tall chair")
    assert job in [found["id"] for found in aigc("list", "--json", url=url).json["jobs"]]
    saved = aigc("download", job, "--all", "all of it", "--json", url=url, cwd=tmp_path).json["saved"]
    assert saved == ["all of it/noop.glb"]
    misnamed = aigc("download", job, "noop.obj", url=url, cwd=tmp_path)
    assert misnamed.code == REFUSED and "no name for noop.glb" in misnamed.err
    assert not (tmp_path / "noop.obj").exists()
    homeless = aigc("download", job, "nowhere/noop.glb", url=url, cwd=tmp_path)
    assert homeless.code == REFUSED and "the folder of nowhere/noop.glb does not exist" in homeless.err


def test_a_job_that_fails_is_told_with_its_reason(url: str) -> None:
    ended = aigc("submit", TEXT, "-t", "x", "-m", "noop", "-p", "fail=input", url=url)
    assert ended.code == FAILED
    assert "asked to refuse the input" in ended.out
    job = ended.out.split()[0]
    assert aigc("status", job, url=url).code == aigc("watch", job, url=url).code == FAILED
    gone = aigc("download", job, url=url)
    assert gone.code == FAILED and "failed" in gone.err


def test_cancel_ends_a_job_and_says_how_it_stands(url: str) -> None:
    job = aigc("submit", TEXT, "-t", "x", "-m", "noop", "-p", "sleep_s=600", "-p", "steps=6000", "--no-wait", url=url)
    ended = aigc("cancel", job.out.strip(), url=url)
    assert ended.code == DONE
    assert ended.out.split()[1] in ("cancelling", "cancelled")
    assert aigc("watch", job.out.strip(), "--json", url=url).code == FAILED
    again = aigc("cancel", job.out.strip(), "--json", url=url)
    assert [found["status"] for found in again.json] == ["cancelled"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["submit", "no-such-thing", "-t", "x"], "no_such_thing"),
        (["submit", "no-such-thing", str(SAMPLES / "robot.png")], "known are"),
        (["submit", TEXT, "-m", "noop", "-t", "x", "-p", "sleep_s=-1"], "sleep_s"),
        (["submit", TEXT, "-m", "noop", "-t", "x", "-p", "sleep_s"], "NAME=VALUE"),
        (["submit", TEXT, "-m", "noop", "-t", "x", "--input", "mesh=nowhere"], "NAME=FILE"),
        (["submit", TEXT, "-m", "noop", "nowhere.png"], "nowhere.png"),
        (["submit", TEXT, "-m", "noop", str(SAMPLES / "robot.png")], "0 more file"),
        (["status", "no-such-job"], "no-such-job"),
        (["cancel", "../../x"], "../../x"),
        (["download", "no-such-job"], "no-such-job"),
        (["models", "no-such-model"], "no-such-model"),
    ],
)
def test_what_is_refused_is_said_with_what_was_wrong(url: str, arguments: list[str], said: str) -> None:
    ended = within(*arguments, url=url)
    assert (ended.code, ended.out) == (REFUSED, "")
    assert said in ended.err


def begun(*arguments: str, url: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    """The command, which shows by now that its job is worked on."""
    command = subprocess.Popen(
        [sys.executable, "-m", "aigc", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env={**os.environ, "AIGC_URL": url},
        # Who runs the tests in the background has its shell ignore interrupts, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert command.stderr is not None
    while "sampling" not in (line := command.stderr.readline()):
        assert line, "it ended before"
    return command


@pytest.mark.parametrize("how", ["submit", "watch"])
def test_an_interrupt_ends_the_command_and_not_the_job(server: Server, url: str, gate: Gate, how: str) -> None:
    if how == "watch":
        asked = ["watch", server.submit("stepping", gate=gate.path)["id"]]
    else:
        asked = ["submit", TEXT, "-t", "x", "-m", "stepping", "-p", f"gate={gate.path}"]
    with begun(*asked, url=url) as command:
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=100)
    gate.open()
    assert (command.returncode, out) == (INTERRUPTED, "")
    assert "Traceback" not in err
    job = server.client.jobs(limit=1)["jobs"][0]["id"]
    if how == "submit":
        assert f"aigc watch {job}" in err
    assert server.client.wait(job)["status"] == "completed"


# Files.


def test_a_file_of_any_name_is_sent(tmp_path: Path) -> None:
    bundled = tmp_path / "server"
    bundled.mkdir()
    names = ["a cat – 猫 'n\" more.png", "\udcff broken.png", "-o.png", "per%cent&and?.png"]
    for name in names:
        (tmp_path / name).write_bytes((SAMPLES / "robot.png").read_bytes())
    with Server(bundled, bundled=True) as server:
        for name in names:
            picture = os.fsdecode(os.fsencode(f"./{name}"))
            ended = aigc("submit", "image-to-raw-mesh", picture, "--no-wait", "--json", url=server.url, cwd=tmp_path)
            assert ended.code == DONE, ended.err
            shown = ended.json["inputs"]["image"]["filename"]
            assert shown.isprintable() and shown.endswith(".png")
        assert aigc("cancel", *(job["id"] for job in server.client.jobs()["jobs"]), url=server.url).code == DONE


def test_a_download_that_breaks_off_goes_on_there_or_leaves_no_half_file(house: House, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with house(tmp_path) as server:
        job = server.client.wait(server.submit(bytes=5 << 20)["id"])["id"]
        relayed = Breaking(server.url)
        ended = aigc("download", job, "mesh.glb", "--retry", "0", url=relayed.url, cwd=tmp_path / "here")
        assert (ended.code, ended.out) == (UNREACHABLE, "")
        assert "broke off" in ended.err
        assert list((tmp_path / "here").iterdir()) == []
        ended = aigc("download", job, "mesh.glb", url=relayed.url, cwd=tmp_path / "here")
        relayed.close()
        assert (ended.code, ended.out) == (DONE, "mesh.glb\n")
        assert "broke off" in ended.err and (tmp_path / "here" / "mesh.glb").stat().st_size > 5 << 20
        unwritable = aigc("download", job, "nowhere/mesh.glb", url=server.url, cwd=tmp_path / "here")
        assert unwritable.code == REFUSED
        assert "nowhere" in unwritable.err


class Breaking:
    """A relay to a server that hangs up in the middle of what is long."""

    def __init__(self, url: str) -> None:
        self._to = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client, socket.create_connection(self._to) as server:
                server.sendall(client.recv(65536))
                relayed = 0
                while relayed < 1 << 20 and (piece := server.recv(65536)):
                    client.sendall(piece)
                    relayed += len(piece)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


# A terminal.


def on_a_terminal(*arguments: str, url: str, **environment: str) -> tuple[int, str]:
    """Exit code, and what appears on the terminal that both streams lead to."""
    ours, theirs = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "aigc", *arguments],
        stdout=theirs, stderr=theirs, stdin=theirs, env={**os.environ, "AIGC_URL": url, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return command.wait(timeout=100), shown.decode()


def test_a_terminal_gets_a_bar_and_colours_unless_it_wants_none(url: str) -> None:
    submit = ("submit", TEXT, "-t", "x", "-m", "noop", "-p", "steps=4")
    code, shown = on_a_terminal(*submit, url=url)
    assert (code, "100 %" in shown, "\x1b[" in shown) == (DONE, True, True)
    code, shown = on_a_terminal("models", url=url)
    assert (code, "\x1b[1m" in shown) == (DONE, True)
    code, shown = on_a_terminal("models", url=url, NO_COLOR="1")
    assert (code, "\x1b[" in shown) == (DONE, False)


def test_a_reader_that_has_read_enough_is_no_error_to_speak_of(url: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = subprocess.run(
        [sys.executable, "-m", "aigc", "models", "--json"],
        stdout=writing, stderr=subprocess.PIPE, env={**os.environ, "AIGC_URL": url}, check=False,
    )  # fmt: skip
    os.close(writing)
    assert command.stderr == b""


# The rest.


def test_models_and_the_server_are_shown(url: str) -> None:
    assert "noop" in aigc("models", url=url).out
    assert "sleep_s" in aigc("models", "noop", url=url).out
    assert "noop" in [model["id"] for model in aigc("models", "--json", url=url).json["models"]]
    assert aigc("models", "noop", "--json", url=url).json["schema"]["properties"]
    assert "worker-0" in aigc("status", url=url).out
    assert aigc("status", "--json", url=url).json["workers"]


def test_the_configuration_is_begun_checked_and_shown(tmp_path: Path) -> None:
    assert aigc("config", "init", cwd=tmp_path).code == DONE
    again = aigc("config", "init", cwd=tmp_path)
    assert again.code == REFUSED and "exists already" in again.err
    assert aigc("config", "init", "nowhere/system.yaml", cwd=tmp_path).code == REFUSED
    fine = aigc("config", "check", "--config", "system.yaml", cwd=tmp_path)
    assert fine.code == DONE and fine.out.startswith("fine: ")
    assert aigc("config", "check", "--json", cwd=tmp_path).json["ok"] is True
    shown = aigc("config", "show", "--config", "system.yaml", cwd=tmp_path, P3D_PORT="7000")
    assert "server.port = 7000  (P3D_PORT)" in shown.out
    assert 'server.host = "127.0.0.1"  (system.yaml:' in shown.out
    assert aigc("config", "show", "--json", P3D_PORT="7000").json["origins"]["server.port"] == "P3D_PORT"
    assert "server" in aigc("config", "schema").json["properties"]


def test_every_complaint_about_a_configuration_comes_at_once_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "system.yaml").write_text("server:\n  prot: 1\nworker:\n  slots: none\n")
    ended = aigc("config", "check", "--config", "system.yaml", cwd=tmp_path)
    assert ended.code == REFUSED
    assert "system.yaml:2:9: server.prot is not a setting: did you mean port?" in ended.err
    assert "system.yaml:4:10: worker.slots" in ended.err
    told = aigc("config", "check", "--config", "system.yaml", "--json", cwd=tmp_path)
    assert (told.code, told.json["ok"], len(told.json["complaints"])) == (REFUSED, False, 2)


def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    sound = aigc("doctor", "--json", P3D_DATA_DIR=str(tmp_path))
    assert {finding["level"] for finding in sound.json} <= {"fine", "note", "wrong"}
    assert any("configuration" in finding["what"] for finding in sound.json)
    sick = aigc("doctor", P3D_SERVER__PROT="1")
    assert sick.code == FAILED
    assert "P3D_SERVER__PROT" in sick.out and "P3D_SECTION__NAME" in sick.out


def test_the_demo_leaves_a_mesh_and_its_picture(tmp_path: Path) -> None:
    ended = aigc("demo", "--output", "demo out", cwd=tmp_path)
    assert ended.code == DONE, ended.err
    assert (tmp_path / "demo out" / "result.glb").read_bytes()[:4] == b"glTF"
    assert (tmp_path / "demo out" / "result.png").read_bytes()[:4] == b"\x89PNG"
    assert "triangles" in ended.out and "made by" in ended.out
