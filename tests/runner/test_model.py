"""The words that models and runners share."""

from aigc.core.job import Stage
from aigc.runner.model import ROLES, STAGES, Cancelled, InputInvalid, Output, Result


def test_the_stages_are_those_of_a_job_that_runs():
    around_it = {"waiting", "retrying", "loading_model", "storing", "cancelling", ""}
    assert set(STAGES) == {stage.value for stage in Stage} - around_it


def test_a_refused_input_says_what_is_wrong_and_what_to_do():
    error = InputInvalid("the picture is empty", "use another one")
    assert (str(error), error.message, error.suggestion) == ("the picture is empty",) * 2 + ("use another one",)


def test_cancelled_is_not_swallowed_as_a_refused_input():
    assert not issubclass(Cancelled, InputInvalid)


def test_results_do_not_share_their_facts():
    first, second = Result([Output("a.glb", ROLES[0])]), Result([])
    first.info["seed"] = 1
    first.outputs[0].stats["triangles"] = 1
    assert second.info == {}
    assert Output("b.glb", "model").stats == {}
