"""The server as a service: how it starts, what it says when it cannot, reloads, stops, and odd surroundings."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.house.kit import REPOSITORY, UP, House, Server, answers, eventually, mainly

UNIT = REPOSITORY / "config" / "systemd" / "aigc.service"
MAINLY_SEVERAL = pytest.mark.parametrize("mode", mainly(UP), indirect=True)
"""For what each process does by itself: where there are several, one of each kind."""
EXPOSURE = 60
"""The most that `systemd-analyze security` may find, in tenths: CUDA forbids some of what it would like."""


def ended(mode: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and messages of a server that cannot start."""
    done = subprocess.run(
        [sys.executable, "-m", "aigc", mode, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.stdout == "", "it must not say that it is open"
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def lines(server: Server, event: str) -> list[dict[str, object]]:
    """What the log says of such an event."""
    return [found for line in server.log.read_text().splitlines() if (found := json.loads(line))["event"] == event]


def works(server: Server) -> None:
    assert server.client.wait(server.submit()["id"])["status"] == "completed"


# It cannot start.


def test_a_port_that_is_taken_is_said_with_what_to_do(mode: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = ended(mode, "--port", port, "--data", str(tmp_path))
    assert code == 1
    assert f"127.0.0.1:{port}" in said and "choose another --port" in said


@MAINLY_SEVERAL
def test_an_unknown_host_and_a_foreign_address_are_said(mode: str, tmp_path: Path) -> None:
    for host in ("no-such-host.invalid", "192.0.2.1"):
        code, said = ended(mode, "--host", host, "--data", str(tmp_path), P3D_SECURITY__ALLOW_OPEN_ACCESS="true")
        assert (code, host in said) == (1, True)


def test_an_address_that_others_reach_is_refused_unless_it_is_meant(mode: str, tmp_path: Path) -> None:
    code, said = ended(mode, "--host", "0.0.0.0", "--data", str(tmp_path))
    assert code == 2
    assert "allow_open_access" in said and "127.0.0.1" in said


@MAINLY_SEVERAL
def test_every_complaint_about_settings_and_models_is_told_before_anything_starts(mode: str, tmp_path: Path) -> None:
    models, settings = tmp_path / "models.yaml", tmp_path / "system.yaml"
    settings.write_text("server:\n  prot: 1\nlimits:\n  queue: 0\n")
    code, said = ended(mode, "--config", str(settings), "--data", str(tmp_path / "data"))
    assert code == 2
    assert "system.yaml:2:9: server.prot" in said and "system.yaml:4:10: limits.queue" in said
    settings.write_text("models:\n  catalogue: models.yaml\n")
    models.write_text("models:\n  text_to_meesh: {}\n  uv_unwrapping:\n    mine: {class: nowhere:X, memory_gb: 1}\n")
    code, said = ended(mode, "--config", str(settings), "--data", str(tmp_path / "data"), "--port", "0")
    assert code == 2
    assert "models.yaml:2:3: text_to_meesh is not a feature" in said and "models.yaml:4:5" in said
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["logs"], "nothing but the line that says so"


def test_a_home_that_cannot_be_written_does_not_matter_with_a_data_folder_that_none_but_the_group_may_read(
    mode: str, house: House, tmp_path: Path
) -> None:
    surroundings = {"HOME": "/proc/nowhere", "XDG_DATA_HOME": ""}
    code, said = ended(mode, "--port", "0", **surroundings)
    assert code == 1
    assert "/proc/nowhere" in said and "name a data folder" in said
    server = house(tmp_path)
    with contextlib.closing(_Killed(server)):
        server.start(**surroundings)
        works(server)
        kept = [*tmp_path.rglob("*.glb"), *tmp_path.rglob("jobs.db*")]
        assert kept and not [path for path in kept if path.stat().st_mode & 0o007], "nobody else's on this machine"


# systemd.


@contextlib.contextmanager
def notified(address: str) -> Iterator[socket.socket]:
    """What systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(60)
        yield listening


def heard(listening: socket.socket, wanted: str) -> None:
    """Return once systemd was told so."""
    while listening.recv(4096).decode() != wanted:
        pass


def test_systemd_hears_when_it_is_ready_that_it_lives_and_when_it_stops(house: House, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    server = house(tmp_path)
    with notified(address) as listening, contextlib.ExitStack() as cleanup:
        server.start(NOTIFY_SOCKET=address, WATCHDOG_USEC="200000")
        cleanup.enter_context(contextlib.closing(_Killed(server)))
        heard(listening, "READY=1")
        assert server.client.health()["status"] == "healthy"
        heard(listening, "WATCHDOG=1")
        heard(listening, "WATCHDOG=1")
        assert server.stop() == 0
        heard(listening, "STOPPING=1")


class _Killed:
    """Closes to a server that no longer lives."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def close(self) -> None:
        if self._server.process is not None:
            self._server.kill()


def test_a_second_sigterm_does_not_wait_for_the_running_job(house: House, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    server = house(tmp_path, settings={"worker": {"drain_s": 600, "memory_gb": 8}})
    with notified(address) as listening, contextlib.ExitStack() as cleanup:
        server.start(NOTIFY_SOCKET=address)
        cleanup.enter_context(contextlib.closing(_Killed(server)))
        job = server.submit(sleep_s=3, steps=30)["id"]
        assert any(event["type"] == "job.progress" for event in server.client.events(job))
        os.kill(server.pid, signal.SIGTERM)
        heard(listening, "STOPPING=1")
        assert server.stop() == 0
        server.start()
        record = server.client.wait(job)
        assert (record["status"], record["failures"]) == ("completed", [])


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a command that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT TESTED: the systemd unit. systemd-analyze is missing; apt-get install systemd")
    made = tmp_path / "aigc.service"
    made.write_text(UNIT.read_text().replace("/opt/aigc/bin/aigc", sys.executable))
    return made


def test_the_unit_is_sound(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    about_it = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert (about_it, done.returncode) == ([], 0)


def test_the_unit_gives_away_little(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE}", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


# Another catalogue.


@MAINLY_SEVERAL
def test_a_reload_takes_a_sound_catalogue_and_refuses_a_bad_one_whole(house: House, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    with house(tmp_path) as server:
        job = server.submit(sleep_s=2, steps=20)["id"]
        catalogue = yaml.safe_load(file.read_text())
        models = catalogue["models"]["text_to_raw_mesh"]
        models["newcomer"] = models["noop"]
        del models["printing"]
        file.write_text(yaml.safe_dump(catalogue))
        os.kill(server.pid, signal.SIGHUP)

        def known() -> set[str]:
            return {model["id"] for model in server.client.models()["models"]}

        eventually(lambda: "newcomer" in known() and "printing" not in known())
        assert server.client.wait(server.submit("newcomer")["id"])["status"] == "completed"

        before = known()
        models["another"] = {"class": "nowhere:X", "memory_gb": -1}
        models["third"] = models["noop"]
        file.write_text(yaml.safe_dump(catalogue) + "sturdy: [\n")
        os.kill(server.pid, signal.SIGHUP)
        eventually(lambda: len(lines(server, "config.refused")) == 1)
        file.write_text(yaml.safe_dump(catalogue))
        os.kill(server.pid, signal.SIGHUP)
        eventually(lambda: len(lines(server, "config.refused")) == 2)
        assert "memory_gb" in str(lines(server, "config.refused")[1]["complaints"])
        assert known() == before
        works(server)
        record = server.client.wait(job)
        assert (record["status"], record["attempt"]) == ("completed", 1), "a reload does not touch what runs"


# Odd surroundings.


@MAINLY_SEVERAL
def test_it_runs_without_a_locale(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "Mødèle – 模型"
    folder.mkdir()
    server = house(folder)
    with contextlib.closing(_Killed(server)):
        server.start(LC_ALL="C", LANG="", LC_CTYPE="")
        job = server.client.wait(server.submit(text="ein Stuhl für 猫")["id"])
        assert job["status"] == "completed"


@MAINLY_SEVERAL
def test_it_runs_where_only_ipv6_is(house: House, tmp_path: Path) -> None:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("NOT TESTED: IPv6. This machine has no ::1")
    with house(tmp_path, arguments=["--host", "::1"]) as server:
        assert server.url.startswith("http://[::1]:")
        works(server)


@MAINLY_SEVERAL
def test_its_data_may_lie_anywhere(house: House, tmp_path: Path) -> None:
    folder = tmp_path / ("a b  c; & 'quote' \"double\" $HOME %s {0} " + "x" * 120)
    folder.mkdir()
    with house(folder) as server:
        job = server.client.wait(server.submit()["id"])
        assert server.client.download(job["id"], folder / "r.glb").read_bytes()[:4] == b"glTF"
        server.kill()
        server.start()
        works(server)


def test_it_runs_without_a_place_for_temporary_files_and_without_a_path(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with contextlib.closing(_Killed(server)):
        server.start(TMPDIR="/proc/nowhere", TMP="/proc/nowhere", TEMP="/proc/nowhere", PATH="")
        works(server)


LIMITED = ["sh", "-c", 'ulimit -n 128; exec "$@"', "sh"]


@MAINLY_SEVERAL
def test_it_runs_with_few_open_files_and_recovers_from_a_crowd(house: House, tmp_path: Path) -> None:
    with house(tmp_path, prefix=LIMITED) as server:
        assert lines(server, "files.limited")[0]["limit"] == 128
        works(server)
        port = int(server.url.rsplit(":", 1)[1])
        with contextlib.ExitStack() as crowd:
            for _ in range(200):
                crowd.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
        eventually(lambda: answers(server.client))
        works(server)


@MAINLY_SEVERAL
def test_it_takes_as_many_open_files_as_it_may(house: House, tmp_path: Path) -> None:
    with house(tmp_path, prefix=["sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh"]) as server:
        limits = Path(f"/proc/{server.one('web')}/limits").read_text()
        soft, hard = next(line for line in limits.splitlines() if line.startswith("Max open files")).split()[3:5]
        assert int(soft) == min(int(hard), 65_536)
        assert lines(server, "files.limited") == [] or int(hard) < 4000
