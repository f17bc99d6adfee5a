"""What a runner may import, read from its files and seen from inside."""

import ast
import asyncio
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import aigc.runner
from aigc.core.runner_events import RunnerFinished
from aigc.runner import launch
from tests.runner.kit import MODELS, House

FILES = sorted(Path(aigc.runner.__file__).parent.glob("*.py"))
OURS = ["actors", "config", "transport", "web"]
SERVERS = ["msgspec", "pydantic", "aiohttp", "structlog", "psutil", "redis", "uvloop"]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_the_runner_is_python_3_10_and_imports_little(path):
    tree = ast.parse(path.read_text(), path.name, feature_version=(3, 10))
    for name in imported(tree):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or top in {"zmq", "msgpack"}
        assert known or name in {"aigc", "aigc.runner"} or name.startswith("aigc.runner."), name


NEWER_THAN_3_10 = {"StrEnum", "ExceptionGroup", "TaskGroup", "Self", "tomllib", "UTC", "LiteralString", "add_note"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_the_runner_uses_no_name_that_3_10_lacks(path):
    tree = ast.parse(path.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not names & NEWER_THAN_3_10


def test_the_guard_imports_neither_zmq_nor_msgpack():
    program = "import aigc.runner.__main__, aigc.runner.guard, sys; print({'zmq', 'msgpack'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "set()"


async def look(house, **spec):
    runner = await house.loaded("looking:Looking", **spec)
    house.run(runner, names=[*OURS, *SERVERS, "aigc.core", "aigc.runner"])
    finished = await house.outcome()
    assert isinstance(finished, RunnerFinished), finished
    return finished.info


async def test_in_our_own_interpreter_a_model_does_not_meet_the_server(tmp_path):
    async with House(tmp_path) as house:
        found = await look(house)
    assert not {name for name in found["at_import"] if name.partition(".")[0] in {*OURS, *SERVERS}}
    assert not {name for name in found["at_import"] if name.startswith("aigc.") and not name.startswith("aigc.runner")}
    assert not {name for name in OURS if found["importable"][name]}
    assert found["importable"]["aigc.core"]  # the bundled models live in aigc


async def test_a_third_party_has_its_own_config(tmp_path):
    async with House(tmp_path) as house:
        runner = await house.loaded("third_party:ThirdParty", path=(str(MODELS / "namesakes"),))
        house.run(runner)
        assert (await house.outcome()).info == {"owner": "a third party"}


@pytest.fixture(scope="session")
def foreign_python(tmp_path_factory):
    """The interpreter of an environment that has pyzmq and msgpack, and nothing of ours."""
    folder = tmp_path_factory.mktemp("foreign")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    target = next((folder / "lib").glob("python3*")) / "site-packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", target,
         "pyzmq", "msgpack"],
        check=True,
    )  # fmt: skip
    return str(python)


async def test_a_model_runs_under_a_foreign_interpreter_and_finds_nothing_of_ours_there(tmp_path, foreign_python):
    async with House(tmp_path) as house:
        found = await look(house, python=foreign_python)
    assert found["prefix"] == str(Path(foreign_python).parents[1])
    assert [name for name, is_there in found["importable"].items() if is_there] == ["aigc.runner"]


async def test_a_foreign_schema_is_learned_under_its_own_interpreter(foreign_python, tmp_path):
    imports = launch.make_import_folder(tmp_path, own=False)
    process = await asyncio.create_subprocess_exec(
        *launch.command(foreign_python, "describe", "aigc.runner.noop:Noop"),
        env=launch.environment({}, imports=imports),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert b"sleep_s" in out
