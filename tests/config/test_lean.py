"""What is imported where: the start and the memory of every process depend on it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("role", "foreign"), [("broker", "aiohttp"), ("worker", "aiohttp"), ("web", "actors.worker")])
def test_a_server_process_loads_nothing_for_coloured_tracebacks_and_nothing_of_another_role(
    role: str, foreign: str
) -> None:
    ours = f"config.commands.{role}, config.service, config.logs, config.roles.{role}"
    loaded = "{name for name, module in sys.modules.items() if module}"
    told = f"import sys, {ours}; print(*{{'rich', 'pygments', '{foreign}'}} & {loaded})"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
