import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.ids import JobId, OwnerId
from tests.web.stream_kit import MemorySink, completed, fresh, started, then, told
from web.audience import FRAME_BYTES, Audience
from web.stories import Event, Stories
from web.watcher import Watcher

J = JobId("j")


def audience() -> Audience:
    return Audience(Watcher(MemorySink(), OwnerId("")))


def test_one_who_begins_hears_a_snapshot_and_then_each_line() -> None:
    one, job = audience(), fresh()
    one.begin(J, None)
    one.offer(job)
    assert told(one.take(Stories())) == [("job.snapshot", 1)]
    one.offer(completed(job))
    assert told(one.take(Stories())) == [("job.started", 2), ("job.completed", 3)]
    assert not one.is_waiting


def test_one_who_has_heard_an_end_and_asks_for_the_job_by_name_is_told() -> None:
    one, job = audience(), completed(fresh())
    one.want(everything=True)
    one.over = set()
    one.show(job)
    assert told(one.take(Stories())) == [("job.snapshot", 3)]
    one.begin(J, None)
    one.offer(job)
    assert told(one.take(Stories())) == [("job.snapshot", 3)]


def test_one_who_resumes_hears_what_it_missed_and_nothing_twice() -> None:
    one, job = audience(), completed(fresh())
    one.begin(J, 1)
    one.offer(job)
    one.offer(job)
    assert told(one.take(Stories())) == [("job.started", 2), ("job.completed", 3)]
    one.begin(J, 3)
    one.offer(job)
    assert not one.is_waiting


def test_what_passed_before_a_line_is_not_told_after_it() -> None:
    one, job = audience(), fresh()
    one.begin(J, 1)
    one.tell(J, Event("job.progress", b"{}"))
    one.offer(started(job))
    assert told(one.take(Stories())) == [("job.started", 2)]


def test_an_older_record_that_comes_late_is_no_news() -> None:
    one, job = audience(), fresh()
    one.begin(J, None)
    one.offer(completed(job))
    one.offer(started(job))
    assert told(one.take(Stories())) == [("job.snapshot", 3)]
    one.offer(started(job))
    assert not one.is_waiting


def test_one_who_hears_everything_hears_a_new_job_from_its_first_line() -> None:
    one = audience()
    one.want(everything=True)
    one.offer(started(fresh()))
    assert told(one.take(Stories())) == [("job.queued", 1), ("job.started", 2)]


def test_one_who_hears_everything_does_not_remember_what_is_over() -> None:
    one = audience()
    for number in range(100):
        one.offer(completed(fresh(f"j{number}")))
    while one.is_waiting:
        one.take(Stories())
    assert one._sent == {}


def test_a_page_that_was_read_before_an_end_is_not_told_after_it() -> None:
    one, job = audience(), fresh()
    one.want(everything=True)
    one.over = set()
    one.offer(completed(job))
    assert told(one.take(Stories()))[-1] == ("job.completed", 3)
    one.show(job)
    assert not one.is_waiting


def test_a_job_that_is_shown_twice_is_told_once() -> None:
    one, job = audience(), fresh()
    one.show(job)
    one.show(job)
    assert told(one.take(Stories())) == [("job.snapshot", 1)]


def test_the_latest_of_what_passes_replaces_the_one_before_and_an_end_replaces_it_all() -> None:
    one, job = audience(), fresh()
    one.begin(J, 0)
    for _ in range(3):
        one.tell(J, Event("job.progress", b"{}"))
    one.tell(J, Event("job.queue", b"{}"))
    assert told(one.take(Stories())) == [("job.progress", 0), ("job.queue", 0)]
    one.tell(J, Event("job.progress", b"{}"))
    one.offer(completed(job))
    assert told(one.take(Stories()))[-1] == ("job.completed", 3)


def test_one_who_leaves_a_job_hears_no_more_of_it() -> None:
    one = audience()
    one.begin(J, None)
    one.offer(fresh())
    one.tell(J, Event("job.progress", b"{}"))
    one.end(J)
    assert not one.is_waiting


def test_one_send_is_bounded_and_nothing_is_left_out() -> None:
    one, stories = audience(), Stories()
    for number in range(200):
        job = msgspec.structs.replace(fresh(f"j{number}"), metadata={"k": "x" * 1000})
        one.show(job)
    one.tell(JobId("j7"), Event("job.progress", b"{}"))
    sends = []
    while one.is_waiting:
        sends.append(one.take(stories))
    assert max(sum(len(event.data) for event in events) for events in sends) < FRAME_BYTES + 4096
    assert len(sends) > 2
    assert [event.type for events in sends for event in events] == ["job.snapshot"] * 200 + ["job.progress"]


@given(st.lists(st.integers(0, 8), max_size=12), st.integers(0, 9))
def test_however_late_and_rarely_one_reads_it_hears_every_line_once_in_order(reads: list[int], since: int) -> None:
    job = fresh()
    records = [job]
    for _ in range(7):
        records.append(then(records[-1], "priority"))
    records.append(completed(records[-1]))
    one = audience()
    one.begin(J, min(since, records[-1].seq))
    heard = []
    for at, record in enumerate(records):
        one.offer(record)
        if at in reads:
            heard += one.take(Stories())
    while one.is_waiting:
        heard += one.take(Stories())
    assert [event.seq for event in heard] == list(range(min(since, records[-1].seq) + 1, records[-1].seq + 1))
