"""What is published: a wheel, built from the source archive, that runs from any folder of a machine without sources."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.house.kit import REPOSITORY, House

PACKAGES = ("aigc", "actors", "transport", "web", "config")


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=cwd, timeout=250, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    # With what is installed already, so that no network is needed; else with what `build` fetches.
    isolation = ("--no-isolation",) if find_spec("hatchling") else ()
    run(sys.executable, "-m", "build", *isolation, "--outdir", folder, REPOSITORY, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel, and what the wheel needs from the tests' own."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = ("install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, *install, wheel, cwd=folder)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # Plain paths: what is installed there for editing is not seen, since its own .pth files are not read.
    lent = (path for path in sys.path if path.endswith("site-packages"))
    (packages / "lent.pth").write_text("".join(f"{path}\n" for path in lent))
    return folder / "bin"


def tracked() -> set[str]:
    """The packages' files, as far as they belong to the project."""
    listed = subprocess.run(
        ["git", "ls-files", "--", *PACKAGES], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    found = set(listed.stdout.splitlines())
    return {name for name in found if (REPOSITORY / name).is_file()}


def test_the_wheel_holds_the_packages_with_their_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == set(PACKAGES)
    assert not tracked() - names
    for name in (
        *(f"{package}/py.typed" for package in PACKAGES),
        "config/system.yaml",
        "config/redis/aigc.acl",
        "config/redis/redis.conf",
        "actors/stores/lua/create.lua",
        "config/models.yaml",
        "config/systemd/aigc.service",
        "web/static/index.html",
        "web/static/samples/robot.png",
    ):
        assert name in names
    assert any(name.startswith("web/static/vendor/") for name in names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not [name for name in names if name.endswith((".pyc", ".so", "~")) or "test_" in name]


def test_the_source_archive_holds_what_the_tests_need_and_nothing_private(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "tests/house/kit.py"} <= names
    forbidden = (".git/", ".venv/", ".ci/", "data/", "demo-output/", "tests/node_modules/")
    assert not [name for name in names if name.startswith(forbidden)]


def test_the_installed_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    script = f"import {', '.join(PACKAGES)}; print(*(each.__file__ for each in ({', '.join(PACKAGES)})), sep='\\n')"
    files = run(installed / "python", "-c", script, cwd=tmp_path).splitlines()
    assert all(Path(file).is_relative_to(installed.parent) for file in files), files
    assert run(installed / "aigc", "config", "check", cwd=tmp_path).startswith("fine: ")
    assert (tmp_path / "system.yaml").exists() is False
    run(installed / "aigc", "config", "init", cwd=tmp_path)
    assert run(installed / "aigc", "config", "check", "--config", "system.yaml", cwd=tmp_path).startswith("fine: ")


def test_a_server_from_the_wheel_completes_a_job_and_shows_its_page(
    installed: Path, house: House, tmp_path: Path
) -> None:
    with house(tmp_path, python=str(installed / "python")) as server:
        assert server.client.wait(server.submit()["id"])["status"] == "completed"
        page = run(
            installed / "python",
            "-c",
            "import sys, urllib.request as r; print(r.urlopen(r.Request(sys.argv[1], headers={'Accept': 'text/html'}))"
            ".read().decode())",
            server.url,
            cwd=tmp_path,
        )
        assert "<html" in page
        command = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")
        assert os.fsdecode(command[0]).startswith(str(installed))
