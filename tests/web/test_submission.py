import pytest

from web.jobs import JobRequest
from web.submission import Reference, Submission


@pytest.mark.parametrize("name", ["priority", "tags", "metadata", "deadline_s", "params"])
def test_what_a_client_leaves_out_means_the_same_on_every_route(name: str) -> None:
    assert getattr(JobRequest(), name) == getattr(Submission(feature="f"), name)


def test_an_output_that_is_not_named_is_the_result_itself() -> None:
    assert Reference(job="j").output == "model"
