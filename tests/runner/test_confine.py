"""Landlock and resource limits, in processes of their own: there is no way back out of them."""

import json
import os
import socket
import subprocess
import sys

import pytest

from aigc.runner import confine
from tests.runner.kit import House

needs_landlock = pytest.mark.skipif(confine.landlock_abi() < 1, reason="this kernel has no Landlock")
needs_tcp_rules = pytest.mark.skipif(confine.landlock_abi() < 4, reason="this kernel's Landlock has no TCP rules")


def python(program, *arguments):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, timeout=100
    )


PROGRAM = """
import json, os, signal, socket, sys
from aigc.runner import confine

abi, inside, outside, port, network = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "yes"
known = confine.landlock_abi()
confine.landlock_abi = lambda: min(abi, known)

def tried(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"

said = confine.confine([inside, "/nowhere"], network=network)
print(json.dumps({
    "said": said,
    "inside": tried(lambda: open(inside + "/new", "w").close()),
    "outside": tried(lambda: open(outside + "/new", "w").close()),
    "truncate": tried(lambda: os.truncate(outside + "/old", 0)),
    "into": tried(lambda: os.link(outside + "/old", inside + "/linked")),
    "read": tried(lambda: open(outside + "/old").close()),
    "null": tried(lambda: open("/dev/null", "w").close()),
    "name": tried(lambda: open("/proc/self/comm", "w").close()),
    "connect": tried(lambda: socket.create_connection(("127.0.0.1", port), 5).close()),
    "listen": tried(lambda: socket.create_server(("127.0.0.1", 0)).close()),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
    "child": os.waitstatus_to_exitcode(os.system(f"echo x 2>/dev/null > {outside}/child")),
}))
"""


@pytest.fixture
def tries(tmp_path):
    """What a process confined under that ABI, to `inside`, could and could not do."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "old").write_text("old")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run(abi=99, network=False):
            port = server.getsockname()[1]
            answer = python(PROGRAM, abi, inside, outside, port, "yes" if network else "no")
            assert answer.returncode == 0, answer.stderr
            return json.loads(answer.stdout)

        yield run


@needs_landlock
def test_writing_is_possible_inside_and_refused_outside(tries):
    found = tries()
    assert found["said"].startswith(f"landlock {confine.landlock_abi()}: writes")
    assert (found["inside"], found["null"], found["name"], found["read"]) == ("done",) * 4
    assert found["outside"] == "PermissionError"
    assert found["child"] != 0


@needs_tcp_rules
def test_tcp_is_refused_unless_the_network_is_allowed(tries):
    refused, allowed = tries(), tries(network=True)
    assert (refused["connect"], refused["listen"]) == ("PermissionError", "PermissionError")
    assert (allowed["connect"], allowed["listen"]) == ("done", "done")
    assert "tcp" not in allowed["said"]


@pytest.mark.skipif(confine.landlock_abi() < 6, reason="this kernel's Landlock has no scopes")
def test_other_processes_get_no_signals(tries):
    assert tries()["signal"] == "PermissionError"


@needs_landlock
@pytest.mark.parametrize(
    ("abi", "refused"),
    [
        (1, {"outside"}),
        (2, {"outside"}),
        (3, {"outside", "truncate"}),
        (4, {"outside", "truncate", "connect", "listen"}),
        (6, {"outside", "truncate", "connect", "listen", "signal"}),
    ],
)
def test_an_older_landlock_refuses_what_it_knows(tries, abi, refused):
    if confine.landlock_abi() < abi:
        pytest.skip("this kernel's Landlock is older still")
    found = tries(abi)
    seen = {name for name, how in found.items() if how == "PermissionError" and name != "into"}
    assert seen == refused


def test_without_landlock_it_says_so_and_goes_on(tries):
    found = tries(abi=0)
    assert found["said"].startswith("none: this kernel has no Landlock")
    assert (found["outside"], found["connect"]) == ("done", "done")


def test_a_kernel_without_the_system_call_is_one_without_landlock(monkeypatch):
    monkeypatch.setattr(confine, "_CREATE_RULESET", 1023)
    assert confine.landlock_abi() == 0


def test_limits_are_lowered_and_never_raised():
    program = """
import resource
from aigc.runner.confine import limit_resources
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
limit_resources(file_bytes=4096, open_files=4096)
print(*(resource.getrlimit(kind) for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)))
"""
    assert python(program).stdout.strip() == "(0, 0) (4096, 4096) (100, 100)"


def test_zero_leaves_a_limit_as_it_is():
    program = """
import resource
from aigc.runner.confine import limit_resources
kinds = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
before = [resource.getrlimit(kind) for kind in kinds]
limit_resources()
print(before == [resource.getrlimit(kind) for kind in kinds])
"""
    assert python(program).stdout.strip() == "True"


@needs_tcp_rules
async def test_a_model_in_a_runner_changes_nothing_outside(tmp_path):
    outside, declared = tmp_path / "outside", tmp_path / "declared"
    outside.mkdir()
    declared.mkdir()
    (outside / "old").write_text("old")
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with House(tmp_path, file_bytes=1 << 20, open_files=512) as house:
            runner = await house.loaded("trespassing:Trespassing", writable=(str(declared),))
            house.run(
                runner,
                outside=str(outside),
                declared=str(declared),
                port=server.getsockname()[1],
                pid=os.getpid(),
                file_bytes=1 << 20,
            )
            info = (await house.outcome()).info
    refused = {name for name, how in info.items() if how == "PermissionError"}
    assert refused >= {"write", "overwrite", "truncate", "remove", "mkdir", "connect"}
    assert info["rename"] != "done"
    assert {info[name] for name in ("scratch", "temporary", "null", "declared")} == {"done"}
    assert info["long_file"] == "OSError"
    assert (info["core_bytes"], info["open_files"], info["in_scratch"]) == (0, 512, True)
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"old": "old"}


async def test_a_runner_runs_unconfined_where_that_is_wanted(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    async with House(tmp_path, confine=False) as house:
        runner = await house.loaded("trespassing:Trespassing")
        house.run(runner, outside=str(outside), declared=str(outside), port=1, pid=os.getpid(), file_bytes=1 << 20)
        assert (await house.outcome()).info["write"] == "done"
