import pytest

from aigc.runner.failures import ResultInvalid
from aigc.runner.model import Cancelled, Output, Result
from aigc.runner.noop import Noop
from aigc.runner.testing import Recorder, run_model
from tests.runner_models.returning import Returning
from tests.runner_models.stepping import Stepping

PLAN = [[0.1, "preprocessing", ""], [0.5, "sampling", "half"], [0.9, "exporting", ""]]


def test_the_result_is_what_the_model_returned(tmp_path):
    result = run_model(Returning(), {}, {"way": "good"}, tmp_path)
    assert result.outputs[0].path == tmp_path / "out.glb"
    assert result.info == {"way": "good"}


def test_what_was_reported_and_warned_of_is_remembered(tmp_path):
    recorder = Recorder(tmp_path)
    run_model(Stepping(), {}, {"plan": PLAN}, tmp_path, recorder=recorder)
    assert [(each["fraction"], each["stage"], each["message"]) for each in recorder.reports] == list(map(tuple, PLAN))
    assert recorder.warnings == ["the picture was small"]


@pytest.mark.parametrize("step", [1, 2, 4])
def test_a_run_can_be_cancelled_at_a_step(tmp_path, step):
    noop = Noop()
    noop.load("cpu")
    recorder = Recorder(tmp_path, cancel_at=step)
    with pytest.raises(Cancelled):
        run_model(noop, {}, {"steps": 5}, tmp_path, recorder=recorder)
    assert len(recorder.reports) == step - 1


def test_cancelling_needs_no_recorder(tmp_path):
    noop = Noop()
    noop.load("cpu")
    with pytest.raises(Cancelled):
        run_model(noop, {}, {"steps": 5}, tmp_path, cancel_at=3)


def test_a_result_that_a_runner_would_refuse_is_refused(tmp_path):
    with pytest.raises(ResultInvalid, match="its header says"):
        run_model(Returning(), {}, {"way": "broken_glb"}, tmp_path)


def test_the_model_hears_what_was_asked_for(tmp_path):
    class Curious(Noop):
        def run(self, inputs, params, progress):
            assert (progress.model, progress.output_format, progress.folder) == ("mine", "ply", tmp_path)
            return Result([Output("a.glb", "model", data=self._triangle)])

    curious = Curious()
    curious.load("cpu")
    run_model(curious, {}, {}, tmp_path, recorder=Recorder(tmp_path, model="mine", output_format="ply"))
