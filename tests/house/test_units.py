"""The systemd units: sound, tight, and not so tight that what they start does not work."""

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from aigc.client import Client
from tests.house.kit import REPOSITORY, Server, answers, eventually
from tests.house.site_kit import Site, started
from tests.redis_kit import free_port

SHIPPED = REPOSITORY / "config" / "systemd"
FILTERED = REPOSITORY / "tests" / "house" / "filtered.py"
GPU = "GPU-8f2c1a5e-0a1b-4c2d-9e3f-5a6b7c8d9e0f"
OLD_MIG = "MIG-GPU-8f2c1a5e-0a1b-4c2d-9e3f-5a6b7c8d9e0f/1/0"
NAMES = ["aigc.target", "aigc-broker.service", "aigc-standby.service", "aigc-web.socket", "aigc-web.service"]
WORKERS = ["aigc-worker@cpu.service", f"aigc-worker@{GPU}.service"]
EXPOSURE = {"aigc-broker": 15, "aigc-standby": 15, "aigc-web": 15, "aigc-worker@cpu": 25, "aigc": 25}
"""The most that `systemd-analyze security` may find, in tenths: CUDA forbids some of what it would like."""


def analysed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def complaints(unit: Path) -> list[str]:
    """What systemd has against the unit and what is laid over it."""
    done = analysed("verify", str(unit))
    said = [line for line in (done.stdout + done.stderr).splitlines() if "aigc" in line]
    return said or ([f"exit code {done.returncode}"] if done.returncode else [])


def printed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aigc", "units", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module", autouse=True)
def systemd() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT TESTED: the systemd units. systemd-analyze is missing; apt-get install systemd")


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units of a machine with three devices, and those for one process."""
    folder = tmp_path_factory.mktemp("units")
    done = printed("--devices", f"cpu,{GPU},{OLD_MIG}", "--web", "4", "--into", str(folder))
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"wrote 7 files below {folder}; then:")
    program = Path(sys.executable).with_name("aigc")
    for name in ("aigc.service", "aigc.socket"):
        (folder / name).write_text((SHIPPED / name).read_text().replace("/opt/aigc/bin/aigc", str(program)))
    return folder


@pytest.mark.parametrize("name", [*NAMES, *WORKERS, "aigc.service", "aigc.socket"])
def test_every_unit_is_sound(units: Path, name: str) -> None:
    assert complaints(units / name) == []


def test_a_device_with_a_slash_in_its_name_has_a_sound_unit_too(units: Path) -> None:
    assert complaints(units / f"aigc-worker@{OLD_MIG.replace('/', chr(92) + 'x2f')}.service") == []


def test_a_slip_would_be_seen_in_a_unit_and_in_what_is_laid_over_it(units: Path, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    shutil.copytree(units, folder)
    common = folder / "aigc-.service.d" / "common.conf"
    common.write_text(common.read_text().replace("OOMPolicy=continue", "OOMPolicy=whatever"))
    assert "OOM" in " ".join(complaints(folder / "aigc-web.service"))
    web = folder / "aigc-broker.service"
    web.write_text(web.read_text().replace("ExecStart=/", "ExecStart=/nowhere/"))
    assert "not executable" in " ".join(complaints(web))


@pytest.mark.parametrize("name", list(EXPOSURE))
def test_every_service_gives_away_little(units: Path, name: str) -> None:
    unit = units / f"{name}.service"
    done = analysed("security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE[name]}", str(unit))
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_odd_paths_are_written_as_systemd_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "a b%c$d;e"
    program = folder / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    (program.parent / "aigc").symlink_to(Path(sys.executable).with_name("aigc"))
    settings = folder / "system.yaml"
    settings.write_text(f"storage: {{data_dir: {json.dumps(str(folder))}}}\n")
    script = "from config.commands.units import command; command()"
    arguments = ["--config", str(settings), "--into", str(tmp_path / "units")]
    done = subprocess.run(
        [program, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {script}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("aigc-web.service", "aigc-broker.service"):
        assert f'="{tmp_path}/a b%%c$d;e/bin/aigc" ' in (tmp_path / "units" / name).read_text()
        assert complaints(tmp_path / "units" / name) == []


def test_they_are_printed_as_systemctl_cat_would_and_what_is_missing_is_said() -> None:
    done = printed("--devices", "cpu", "--user", "nobody-of-that-name")
    assert done.returncode == 0
    assert done.stdout.startswith("# /etc/systemd/system/aigc.target\n")
    assert "useradd --system" in done.stderr
    assert printed("--devices", "cpu", "--user", "root").stdout.count("# /etc/systemd/system/") == 7


def test_without_devices_named_there_is_a_worker_for_each_that_is_found() -> None:
    assert "Wants=aigc-worker@" in printed("--user", "root").stdout
    assert "aigc-worker@" not in printed("--devices", "none", "--user", "root").stdout


def test_wrong_settings_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    settings = tmp_path / "system.yaml"
    settings.write_text("server: {port: 0}\n")
    done = printed("--config", str(settings), "--into", str(tmp_path / "units"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "server.port" in done.stderr
    assert not (tmp_path / "units").exists()


def test_the_server_takes_the_address_that_systemd_listens_on(tmp_path: Path) -> None:
    """systemd's own program for trying socket activation: it starts the server when somebody connects."""
    port = free_port()
    listening = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "--fdname=aigc.socket"]
    command = [*listening, sys.executable, "-m", "aigc", "serve", "--data", str(tmp_path / "data"), "--port", "1"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            client = Client(f"http://127.0.0.1:{port}")
            eventually(lambda: answers(client))
            assert f"open http://127.0.0.1:{port}" in (tmp_path / "log").read_text()
        finally:
            server.terminate()
        assert server.wait(100) == 0


def under(unit: str) -> list[str]:
    """A program that starts another one under the filters of that unit."""
    return [sys.executable, str(FILTERED), str(SHIPPED / unit), "--"]


def confinements(log: str) -> set[str]:
    """What confined the runners."""
    connected = [json.loads(line) for line in log.splitlines() if "runner.connected" in line]
    return {line["confinement"].split()[0] for line in connected}


def test_models_run_and_are_confined_under_the_filters_of_the_unit(tmp_path: Path) -> None:
    with Server(tmp_path, prefix=under("aigc.service"), bundled=True) as server:
        made = server.client.submit("text_to_textured_mesh", text="a small red chair")
        assert server.client.wait(made["id"])["status"] == "completed"
        assert server.client.wait(server.submit()["id"])["status"] == "completed"
        assert confinements(server.log.read_text()) == {"landlock"}


def test_all_services_work_together_each_under_the_filters_of_its_unit(tmp_path: Path) -> None:
    units = {"broker": "aigc-broker.service", "web": "aigc-web.service", "left": "aigc-worker@.service"}
    with ExitStack() as opened:
        site = Site(tmp_path, opened, prefixes={name: under(unit) for name, unit in units.items()})
        services = [site.broker(), site.web(), site.worker()]
        started(*services)
        picture = REPOSITORY / "web" / "static" / "samples" / "penguin.png"
        assert site.client.upload(picture)["file_id"]
        job = site.client.submit("text_to_raw_mesh", model="noop", text="x")
        assert site.client.wait(job["id"])["status"] == "completed"
        assert site.client.download(job["id"], tmp_path / "made.glb").read_bytes()[:4] == b"glTF"
        assert site.client.system()
        assert confinements(services[2].log.read_text()) == {"landlock"}
        assert [service.stop() for service in services] == [0, 0, 0]
