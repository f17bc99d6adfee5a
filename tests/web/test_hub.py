import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest

from aigc.core.errors import Unavailable
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Progress, Stage, Status
from aigc.core.messages import Estimate, Progressed
from tests.web.stream_kit import MemorySink, completed, fresh, read, started, then
from web.hub import NO_ROOM_BYTES, SENDS_PER_TURN, Hub, StreamSettings
from web.problem import http_status
from web.watcher import Watcher

J = JobId("j")
ADA, EVE = OwnerId("ada"), OwnerId("eve")
BRISK = StreamSettings(tick_s=0.005, heartbeat_s=3600.0, slow_limit_s=0.02, jobs_per_watcher=10)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub(BRISK)
    yield hub
    hub.close()


def join(hub: Hub, owner: OwnerId = ADA) -> tuple[Watcher, MemorySink]:
    sink = MemorySink()
    return hub.join(sink, owner), sink


def progress(fraction: float, job: JobId = J) -> Progressed:
    return Progressed(job, 1, Stage.SAMPLING, Progress(fraction=fraction))


async def turn() -> None:
    """Everything that was to leave with this turn of the loop has left."""
    for _ in range(4):
        await asyncio.sleep(0)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nobody would set an event
            await asyncio.sleep(0.001)


async def test_a_change_reaches_those_who_watch_the_job_and_nobody_else(hub: Hub) -> None:
    (one, hears), (_, deaf) = join(hub), join(hub)
    hub.watch(one, J)
    hub.changed(fresh(owner="ada"))
    await turn()
    assert hears.told == [("job.snapshot", 1)]
    assert deaf.told == []


async def test_everything_is_everything_of_ones_own(hub: Hub) -> None:
    (ada, hers), (eve, his) = join(hub, ADA), join(hub, EVE)
    hub.watch_everything(ada)
    hub.watch_everything(eve)
    hub.changed(started(fresh(owner="ada")))
    hub.progressed(progress(0.5))
    await until(lambda: len(hers.events) == 3)
    assert [kind for kind, _ in hers.told] == ["job.queued", "job.started", "job.progress"]
    assert his.told == []


async def test_one_who_watches_a_job_and_everything_hears_it_once(hub: Hub) -> None:
    one, sink = join(hub)
    hub.watch(one, J)
    hub.watch_everything(one)
    hub.changed(fresh(owner="ada"))
    await turn()
    assert sink.told == [("job.snapshot", 1)]


async def test_a_hundred_steps_within_a_tick_are_one_event_the_last(hub: Hub) -> None:
    one, sink = join(hub)
    hub.watch(one, J, since=1)
    hub.changed(started(fresh()))
    await turn()
    for step in range(100):
        hub.progressed(progress(step / 100))
    await until(lambda: len(sink.events) > 1)
    assert [read(event)["progress"]["fraction"] for event in sink.events[1:]] == [0.99]


async def test_the_progress_of_several_jobs_leaves_in_one_send(hub: Hub) -> None:
    one, sink = join(hub)
    for name in "abc":
        hub.watch(one, JobId(name), since=2)
        hub.changed(started(fresh(name)))
        hub.progressed(progress(0.5, JobId(name)))
    await until(lambda: sink.events)
    assert (len(sink.events), sink.sends) == (3, 1)


async def test_no_progress_of_an_attempt_is_told_after_the_next_has_begun(hub: Hub) -> None:
    one, sink = join(hub)
    hub.watch(one, J, since=1)
    job = started(fresh())
    hub.changed(job)
    hub.progressed(progress(0.9))
    hub.changed(then(then(job, "retrying", status=Status.QUEUED), "started", status=Status.PROCESSING, attempt=2))
    await asyncio.sleep(3 * BRISK.tick_s)
    assert [kind for kind, _ in sink.told] == ["job.started", "job.retrying", "job.started"]


async def test_no_progress_is_told_after_a_jobs_end(hub: Hub) -> None:
    one, sink = join(hub)
    hub.watch(one, J, since=2)
    hub.progressed(progress(0.9))
    hub.changed(completed(fresh()))
    await asyncio.sleep(3 * BRISK.tick_s)
    assert sink.told == [("job.completed", 3)]


async def test_all_watchers_share_one_encoding(hub: Hub) -> None:
    sinks = []
    for _ in range(50):
        one, sink = join(hub)
        hub.watch(one, J, since=1)
        sinks.append(sink)
    hub.changed(started(fresh()))
    await turn()
    assert len({id(sink.events[0].data) for sink in sinks}) == 1


async def test_many_sends_leave_room_for_others_in_between(hub: Hub) -> None:
    sinks = []
    for _ in range(2 * SENDS_PER_TURN + 1):
        one, sink = join(hub)
        hub.watch(one, J)
        sinks.append(sink)
    hub.changed(fresh())
    served = []
    while not served or served[-1] < len(sinks):
        await asyncio.sleep(0)
        served.append(sum(bool(sink.events) for sink in sinks))
    assert max(b - a for a, b in zip([0, *served], served, strict=False)) == SENDS_PER_TURN


async def test_one_who_does_not_read_gets_only_the_latest_when_it_reads_again() -> None:
    hub = Hub(StreamSettings(tick_s=0.005, heartbeat_s=3600.0, slow_limit_s=3600.0))
    one, sink = join(hub)
    hub.watch(one, J, since=1)
    sink.unread = NO_ROOM_BYTES + 1
    job = started(fresh())
    hub.changed(job)
    for step in range(100):
        hub.progressed(progress(step / 100))
    await asyncio.sleep(2 * BRISK.tick_s)
    assert sink.events == []
    sink.unread = 0
    await until(lambda: len(sink.events) == 2)
    assert sink.told == [("job.started", 2), ("job.progress", 0)]
    assert read(sink.events[1])["progress"]["fraction"] == 0.99
    hub.close()


async def test_one_who_never_reads_is_closed_with_the_reason_and_others_hear_on(hub: Hub) -> None:
    (slow, stuck), (quick, reads) = join(hub), join(hub)
    for one in (slow, quick):
        hub.watch(one, J)
    stuck.unread = NO_ROOM_BYTES + 1
    hub.changed(fresh())
    await until(lambda: stuck.closed)
    assert stuck.closed == (1013, "too slow; connect again and resume")
    assert reads.told == [("job.snapshot", 1)]
    assert len(hub) == 1
    hub.changed(started(fresh()))
    await turn()
    assert reads.told[-1] == ("job.started", 2)


async def test_one_who_falls_behind_by_more_jobs_than_it_may_watch_is_closed(hub: Hub) -> None:
    one, sink = join(hub)
    hub.watch_everything(one)
    sink.unread = NO_ROOM_BYTES + 1
    for number in range(BRISK.jobs_per_watcher + 1):
        hub.changed(fresh(f"j{number}", owner="ada"))
    assert sink.closed == (1013, "too slow; connect again and resume")


async def test_one_whose_connection_is_gone_is_forgotten(hub: Hub) -> None:
    one, sink = join(hub)
    hub.watch(one, J)
    sink.unread = None
    hub.changed(fresh())
    await turn()
    assert len(hub) == 0
    assert hub.watched == []


async def test_one_who_was_dismissed_while_it_asked_for_something_hears_nothing_and_leaves_nothing(hub: Hub) -> None:
    one, sink = join(hub)
    hub.dismiss(one, 1013, "too slow")
    assert hub.watch(one, J)
    hub.watch_everything(one)
    hub.watch_system(one)
    hub.follow(one, None)
    hub.begin_showing(one)
    hub.show(one, [fresh()])
    hub.end_showing(one)
    hub.offer(one, fresh())
    hub.place(one, [Estimate(J, 2, 1.0, 3.0, "busy")])
    hub.unwatch(one, J)
    hub.changed(fresh(owner="ada"))
    await turn()
    assert (sink.events, hub.watched, hub.waiting, hub.owners, hub.has_operators) == ([], [], [], [], False)


async def test_a_sink_that_breaks_harms_nobody_else(hub: Hub) -> None:
    (one, bad), (two, good) = join(hub), join(hub)
    hub.watch(one, J)
    hub.watch(two, J)
    bad.broken = True
    hub.changed(fresh())
    await turn()
    assert bad.closed is not None
    assert good.told == [("job.snapshot", 1)]
    hub.changed(started(fresh()))
    await turn()
    assert good.told[-1] == ("job.started", 2)


class Crowd:
    """Watchers that come, go, lag and read as dice say, while jobs change."""

    def __init__(self, hub: Hub, dice: Random) -> None:
        self.hub, self.dice = hub, dice
        self.jobs = {f"j{number}": fresh(f"j{number}", owner="ada") for number in range(4)}
        self.present: dict[Watcher, tuple[MemorySink, dict[str, int | None]]] = {}
        """Of each: where it writes, and by job the first line that it is due; None: it begins with a snapshot."""

    def act(self) -> None:
        name = self.dice.choice(list(self.jobs))
        act = self.dice.choices([self.tell, self.pass_by, self.come, self.come_for_all], [9, 4, 3, 1])[0]
        if self.present and self.dice.random() < 0.3:
            act = self.dice.choices([self.lag, self.read, self.go, self.stop], [2, 3, 1, 1])[0]
        act(name)

    def tell(self, name: str) -> None:
        self.jobs[name] = then(self.jobs[name], "note")
        self.hub.changed(self.jobs[name])

    def pass_by(self, name: str) -> None:
        self.hub.progressed(progress(self.dice.random(), JobId(name)))

    def come(self, name: str) -> None:
        one, sink = join(self.hub)
        since = self.dice.choice([None, self.jobs[name].seq, max(self.jobs[name].seq - 2, 0)])
        self.hub.watch(one, JobId(name), since)
        self.hub.offer(one, self.jobs[name])
        self.present[one] = (sink, {name: None if since is None else since + 1})

    def come_for_all(self, _: str) -> None:
        one, sink = join(self.hub)
        self.hub.watch_everything(one)
        self.hub.show(one, self.jobs.values())
        self.present[one] = (sink, dict.fromkeys(self.jobs))

    def lag(self, _: str) -> None:
        self.present[self._anyone()][0].unread = NO_ROOM_BYTES + 1

    def read(self, _: str) -> None:
        self.present[self._anyone()][0].unread = 0

    def go(self, _: str) -> None:
        one = self._anyone()
        self.hub.leave(one)
        del self.present[one]

    def stop(self, name: str) -> None:
        one = self._anyone()
        if not self.hub._audiences.of(one).everything:
            self.hub.unwatch(one, JobId(name))
            self.present[one][1].pop(name, None)

    def _anyone(self) -> Watcher:
        return self.dice.choice(list(self.present))


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_comes_goes_and_lags_as_it_likes_hears_every_line_once_in_order(seed: int) -> None:
    hub = Hub(StreamSettings(tick_s=0.001, heartbeat_s=3600.0, slow_limit_s=3600.0))
    crowd = Crowd(hub, Random(seed))
    together = 0
    for _ in range(300):
        crowd.act()
        if crowd.dice.random() < 0.5:
            await turn()
        together = max([together, *(len(hub._audiences.of(one).watchers) for one in hub._audiences)])
    for sink, _ in crowd.present.values():
        sink.unread = 0
    await until(lambda: hub.is_idle and not hub._blocked)
    assert together > 2
    for sink, due in crowd.present.values():
        for name, first in due.items():
            heard = [event.seq for event in sink.events if event.seq and read(event)["job_id"] == name]
            assert heard == list(range(heard[0] if first is None and heard else first or 0, crowd.jobs[name].seq + 1))
    hub.close()


async def test_those_who_are_due_the_same_are_told_together_and_who_lags_parts_from_them(hub: Hub) -> None:
    watchers = [join(hub) for _ in range(3)]
    for one, _ in watchers:
        hub.watch_everything(one)
    job = fresh(owner="ada")
    hub.changed(job)
    await turn()
    assert len({hub._audiences.of(one) for one, _ in watchers}) == 1
    watchers[0][1].unread = NO_ROOM_BYTES + 1
    hub.changed(job := started(job))
    await turn()
    assert len({hub._audiences.of(one) for one, _ in watchers}) == 2
    watchers[0][1].unread = 0
    hub.changed(completed(job))
    await until(lambda: all(len(sink.events) == 3 for _, sink in watchers))
    assert [sink.told for _, sink in watchers] == [watchers[0][1].told] * 3
    assert len({hub._audiences.of(one) for one, _ in watchers}) == 1


async def test_one_connection_watches_no_more_jobs_than_it_may(hub: Hub) -> None:
    one, _ = join(hub)
    assert all(hub.watch(one, JobId(f"j{number}")) for number in range(BRISK.jobs_per_watcher))
    assert not hub.watch(one, JobId("one more"))
    assert hub.watch(one, JobId("j0"))


async def test_there_are_no_more_watchers_than_there_may_be() -> None:
    hub = Hub(StreamSettings(watchers=1))
    join(hub)
    with pytest.raises(Unavailable) as caught:
        join(hub)
    assert caught.value.code == "too_many_streams"
    hub.close()
    with pytest.raises(Unavailable, match="going away"):
        join(hub)


async def test_nobody_has_more_streams_than_one_may_and_one_that_ends_makes_room() -> None:
    hub = Hub(StreamSettings(watchers_each=2))
    mine = [hub.join(MemorySink(), None, "ada") for _ in range(2)]
    with pytest.raises(Unavailable, match="you have 2 event streams open") as caught:
        hub.join(MemorySink(), None, "ada")
    assert http_status(caught.value) == 429
    hub.join(MemorySink(), None, "bob")
    for _ in range(2):
        hub.leave(mine[0])
    hub.join(MemorySink(), None, "ada")
    with pytest.raises(Unavailable):
        hub.join(MemorySink(), None, "ada")
    hub.close()


async def test_places_are_told_for_waiting_jobs_to_those_who_watch_them(hub: Hub) -> None:
    (one, sink), (_, deaf) = join(hub), join(hub)
    hub.watch(one, J, since=1)
    hub.changed(fresh())
    assert hub.waiting == [J]
    hub.moved([Estimate(J, 2, 1.0, 3.0, "busy"), Estimate(JobId("k"), 1, 1.0, 1.0, "")])
    await turn()
    assert sink.told == [("job.queue", 0)]
    hub.changed(started(fresh()))
    hub.moved([Estimate(J, 2, 1.0, 3.0, "busy")])
    await turn()
    assert (hub.waiting, sink.told[1:], deaf.told) == ([], [("job.started", 2)], [])


async def test_a_deleted_job_is_told_and_forgotten(hub: Hub) -> None:
    one, sink = join(hub)
    hub.watch(one, J)
    hub.changed(fresh())
    await turn()
    hub.forgotten(J)
    await turn()
    assert sink.told == [("job.snapshot", 1), ("job.forgotten", 0)]
    assert hub.waiting == []
    hub.leave(one)
    assert hub.watched == []


async def test_news_of_the_server_go_to_those_who_asked(hub: Hub) -> None:
    (one, sink), (_, deaf) = join(hub), join(hub)
    hub.watch_system(one)
    assert hub.has_operators
    hub.system("system.queue", {"waiting": 1})
    hub.system("system.queue", {"waiting": 2})
    await turn()
    assert [read(event) for event in sink.events] == [{"type": "system.queue", "waiting": 2}]
    hub.watch_system(one, wanted=False)
    hub.system("system.queue", {"waiting": 3})
    await turn()
    assert (len(sink.events), deaf.events, hub.has_operators) == (1, [], False)


async def test_an_end_that_was_shown_is_not_told_again_by_a_gateway_that_hears_of_it_late(hub: Hub) -> None:
    (back, shown), (there, told) = join(hub), join(hub)
    for watcher in (back, there):
        hub.watch_everything(watcher)
    job = completed(fresh(owner="ada"))
    hub.begin_showing(back)
    hub.show(back, [job])
    hub.end_showing(back, has_ended=True)
    await turn()
    hub.changed(job)
    await turn()
    assert shown.told == [("job.snapshot", job.seq)]
    assert [seq for _, seq in told.told] == list(range(1, job.seq + 1))
    over = hub._audiences.of(back).over
    hub.begin_showing(back)
    hub._forget_over(back, over)
    assert hub._audiences.of(back).over == {job.id}, "it is being shown all anew"
    hub.end_showing(back)
    assert hub._audiences.of(back).over is None


async def test_nothing_is_remembered_of_those_who_left(hub: Hub) -> None:
    for number in range(20):
        one, _ = join(hub)
        hub.watch(one, J)
        hub.watch_everything(one)
        hub.watch_system(one)
        hub.changed(fresh(owner="ada"))
        hub.progressed(progress(number / 20))
        await turn()
        hub.leave(one)
        hub.leave(one)
    assert (len(hub), hub.watched, hub.waiting, hub.owners, hub.has_operators) == (0, [], [], [], False)
    assert (hub._audiences._by_job, hub._progress, hub._blocked) == ({}, {}, set())


async def test_a_sign_of_life_goes_to_those_who_read() -> None:
    hub = Hub(StreamSettings(heartbeat_s=0.01))
    (_, sink), (_, stuck) = join(hub), join(hub)
    stuck.unread = NO_ROOM_BYTES + 1
    await until(lambda: sink.beats > 1)
    assert stuck.beats == 0
    hub.close()
    assert sink.closed is not None
    assert sink.closed[0] == 1001
