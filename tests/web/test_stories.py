from aigc.core.ids import JobId
from aigc.core.job import Progress, Stage
from aigc.core.lifecycle import HISTORY_LIMIT
from aigc.core.messages import Estimate, Progressed
from tests.web.stream_kit import completed, fresh, read, then, told
from web.stories import FRESH, Stories, forgotten_event, progress_event, queue_event, system_event


def test_a_story_is_every_line_after_the_last_that_was_sent() -> None:
    job = completed(fresh())
    stories = Stories()
    assert told(stories.story(job, 0)) == [("job.queued", 1), ("job.started", 2), ("job.completed", 3)]
    assert told(stories.story(job, 2)) == [("job.completed", 3)]


def test_only_the_last_line_brings_the_job_and_only_its_end_is_final() -> None:
    lines = Stories().story(completed(fresh()), 0)
    assert ["job" in read(line) for line in lines] == [False, False, True]
    assert [line.is_final for line in lines] == [False, False, True]
    assert read(lines[2])["job"]["status"] == "completed"
    assert read(lines[0]) == {
        "type": "job.queued",
        "job_id": "j",
        "seq": 1,
        "at": "2027-01-15T08:00:00.000000Z",
        "detail": "",
    }


def test_one_who_knows_nothing_begins_with_a_snapshot() -> None:
    job = completed(fresh())
    (event,) = Stories().story(job, FRESH)
    assert told([event]) == [("job.snapshot", 3)]
    assert event.is_final
    assert read(event)["job"]["id"] == "j"


def test_one_who_slept_longer_than_the_history_is_long_begins_anew_with_a_snapshot() -> None:
    job = fresh()
    for _ in range(HISTORY_LIMIT + 5):
        job = then(job, "priority")
    assert told(Stories().story(job, 2)) == [("job.snapshot", job.seq)]
    assert len(Stories().story(job, job.history[0].seq - 1)) == HISTORY_LIMIT


def test_the_same_part_of_a_story_is_encoded_once() -> None:
    stories, job = Stories(), completed(fresh())
    first = stories.story(job, 1)
    assert stories.story(job, 1) is first
    stories.clear()
    assert stories.story(job, 1) is not first


def test_news_that_pass_have_no_number() -> None:
    progress = Progressed(
        JobId("j"), 2, Stage.SAMPLING, Progress(fraction=0.25, step=5, steps=20, message="half", left_s=7.5)
    )
    events = (
        progress_event(progress),
        queue_event(Estimate(JobId("j"), 3, 12.5, 40.0, "behind two jobs")),
        forgotten_event(JobId("j")),
        system_event("system.queue", {"waiting": 4}),
    )
    assert [event.seq for event in events] == [0, 0, 0, 0]
    assert [read(event) for event in events] == [
        {
            "type": "job.progress",
            "job_id": "j",
            "attempt": 2,
            "stage": "sampling",
            "progress": {
                "fraction": 0.25,
                "step": 5,
                "steps": 20,
                "message": "half",
                "preview_url": None,
                "estimated_left_s": 7.5,
            },
        },
        {
            "type": "job.queue",
            "job_id": "j",
            "queue": {
                "position": 3,
                "estimated_start_s": 12.5,
                "estimated_done_s": 40.0,
                "reason": "behind two jobs",
            },
        },
        {"type": "job.forgotten", "job_id": "j"},
        {"type": "system.queue", "waiting": 4},
    ]
