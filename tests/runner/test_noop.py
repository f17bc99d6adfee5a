import json
import struct
import subprocess
import sys

import jsonschema_rs
import pytest

from aigc.runner.failures import ResultInvalid
from aigc.runner.model import InputInvalid
from aigc.runner.noop import Noop, triangle_glb
from aigc.runner.testing import Recorder, run_model


@pytest.fixture
def noop():
    model = Noop()
    model.load("cpu")
    return model


def test_its_result_is_a_triangle(noop, tmp_path):
    (output,) = run_model(noop, {}, {}, tmp_path).outputs
    assert (output.role, output.data) == ("model", triangle_glb())


@pytest.mark.parametrize("size", [0, 1, 425, 1000, 100_000])
def test_the_result_is_at_least_as_long_as_asked(noop, tmp_path, size):
    data = run_model(noop, {}, {"bytes": size}, tmp_path).outputs[0].data
    assert size <= len(data) < size + 1000
    assert struct.unpack_from("<I", data, 8) == (len(data),)


def test_it_reports_its_steps(noop, tmp_path):
    recorder = Recorder(tmp_path)
    run_model(noop, {}, {"steps": 4}, tmp_path, recorder=recorder)
    assert [report["fraction"] for report in recorder.reports] == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    ("fail", "error"),
    [
        ("error", RuntimeError),
        ("input", InputInvalid),
        ("memory", MemoryError),
        ("empty", ResultInvalid),
        ("broken", ResultInvalid),
    ],
)
def test_it_fails_as_it_is_asked(noop, tmp_path, fail, error):
    with pytest.raises(error):
        run_model(noop, {}, {"fail": fail}, tmp_path)


@pytest.mark.parametrize(("fail", "status"), [("exit", 3), ("segfault", -11)])
def test_it_takes_its_process_along_if_asked(fail, status):
    program = f"from aigc.runner.noop import Noop; Noop().run({{}}, {{'fail': {fail!r}}}, None)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == status


def test_its_schema_allows_what_it_takes_and_nothing_else():
    validator = jsonschema_rs.validator_for(Noop.parameters)
    assert validator.is_valid({"sleep_s": 0.5, "steps": 3, "fail": "memory", "bytes": 10})
    assert not validator.is_valid({"speed": 1})
    assert not validator.is_valid({"fail": "explode"})


def test_the_triangle_is_a_sound_gltf():
    length = struct.unpack_from("<I", triangle_glb(), 12)[0]
    document = json.loads(triangle_glb()[20 : 20 + length])
    assert document["accessors"][0]["count"] == 3
