"""What is remembered of a job."""

from aigc.core.ids import JobId
from aigc.core.scheduling.story import InvariantBroken, Story

JOB, OTHER = JobId("job-1"), JobId("job-2")


def test_the_story_of_a_job_is_told_in_order() -> None:
    story = Story()
    story.tell(1.0, JOB, "submitted", "trellis")
    story.tell(2.0, OTHER, "submitted")
    story.tell(3.5, JOB, "started", ("worker-0", 1))

    assert story.of(JOB) == "1.000 s submitted trellis, 3.500 s started ('worker-0', 1)"
    assert (
        story.of() == "1.000 s job-1 submitted trellis, 2.000 s job-2 submitted, 3.500 s job-1 started ('worker-0', 1)"
    )


def test_the_oldest_lines_are_forgotten() -> None:
    story = Story(limit=2)
    for at in range(5):
        story.tell(at, JOB, f"step {at}")

    assert story.of(JOB) == "3.000 s step 3, 4.000 s step 4"
    assert story.of(JOB, limit=1) == "4.000 s step 4"


def test_a_broken_invariant_comes_with_the_story() -> None:
    story = Story()
    story.tell(1.0, JOB, "submitted")

    assert str(InvariantBroken("it is in two places", story, JOB)) == (
        "job-1: it is in two places; story: 1.000 s submitted"
    )
    assert str(InvariantBroken("a queue is broken", Story())) == "a queue is broken; story: none"
