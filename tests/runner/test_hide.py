"""In processes of their own: what is imported here already cannot be hidden any more."""

import subprocess
import sys

import pytest

from aigc.runner.hide import HIDDEN, ServerHidden
from tests.runner.kit import MODELS


def python(program, path=""):
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={"PYTHONPATH": str(path)}
    )
    return answer.stdout.strip() or answer.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name", sorted(HIDDEN))
def test_the_servers_packages_are_importable_before_and_not_after(name):
    assert python(f"import {name}; print('there')") == "there"
    answer = python(f"from aigc.runner.hide import hide_server; hide_server(); import {name}")
    assert answer == f"ModuleNotFoundError: No module named {name!r} (the server's own is hidden here)"


def test_a_third_partys_package_of_such_a_name_is_found():
    program = "from aigc.runner.hide import hide_server; hide_server(); import config; print(config.OWNER)"
    assert python(program, MODELS / "namesakes") == "a third party"


def test_all_other_names_are_left_to_the_usual_finders():
    finder = ServerHidden()
    assert finder.find_spec("json", None) is None
    assert finder.find_spec("package.config", ["/somewhere"]) is None
