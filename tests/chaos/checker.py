"""The guarantees, looked for in the evidence of a run. Pure: the same evidence gives the same violations."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from tests.chaos.evidence import FINAL, Evidence, Heard, Record

ACCIDENTS = frozenset({"worker_lost", "runner_crashed", "runner_stalled", "storage_failed", "model_load_failed"})
"""Failures that the chaos itself may cause, so that any job may have them."""

ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "fine": (frozenset({"completed"}), frozenset()),
    "unwanted": (frozenset({"completed", "cancelled"}), frozenset()),
    "blocked": (frozenset({"cancelled"}), frozenset()),
    "bad input": (frozenset(), frozenset({"input_invalid"})),
    "deadly": (frozenset(), frozenset({"runner_crashed"})),
    "hungry": (frozenset(), frozenset({"out_of_memory"})),
}
"""How requests of each fate may end: with which status, or failed with which code."""

STRIKES = 3
"""After so many accidents a job has failed for good."""
KILLS = 2
"""A job that killed so many runners is not given another one."""


def violations(evidence: Evidence) -> list[str]:
    """Each broken guarantee in a sentence; none where all hold."""
    return [complaint for check in CHECKS for complaint in check(evidence)]


def nothing_is_lost(evidence: Evidence) -> Iterator[str]:
    """What was acknowledged is there, and has ended."""
    records = _records(evidence)
    for told in evidence.told:
        if told.job not in records:
            yield f"{told.job} was acknowledged at {told.at:.1f} s and is lost"
    for record in records.values():
        if record.status not in FINAL:
            yield f"{record.job} is {record.status} for ever"
    for key in evidence.unheard:
        yield f"no answer ever came to the request {key}"


def a_key_makes_one_job(evidence: Evidence) -> Iterator[str]:
    """However often a request was repeated; and no job is there that nobody was told of."""
    jobs: dict[str, set[str]] = defaultdict(set)
    for told in evidence.told:
        jobs[told.key].add(told.job)
    for record in evidence.records:
        if record.key not in jobs and record.key not in evidence.unheard:
            yield f"{record.job} is there and nobody was told of it (key {record.key})"
        jobs[record.key].add(record.job)
    for key, made in jobs.items():
        if len(made) > 1:
            yield f"the key {key} made {len(made)} jobs: {', '.join(sorted(made))}"


def a_history_has_no_gap_and_one_end(evidence: Evidence) -> Iterator[str]:
    """Lines count from 1, the first tells that it waits, only the last one tells an end: that of the record."""
    for record in evidence.records:
        numbers = [line.seq for line in record.history]
        kinds = [line.kind for line in record.history]
        if numbers != list(range(1, record.seq + 1)):
            yield f"{record.job}: its history has the numbers {numbers} and ends with {record.seq}"
        if kinds[:1] != ["queued"]:
            yield f"{record.job}: its history begins with {kinds[:1]}"
        ends = [kind for kind in kinds if kind in FINAL]
        if record.status in FINAL and (ends != [record.status] or kinds[-1:] != ends):
            yield f"{record.job} is {record.status} and its history tells the ends {ends}: {kinds}"
        if kinds.count("started") != record.attempt:
            yield f"{record.job}: {record.attempt} attempts, and its history tells of {kinds.count('started')}"


def a_job_ends_as_it_must(evidence: Evidence) -> Iterator[str]:
    """As its request was made to end, or failed by accidents, and then by as many as it takes."""
    for record in evidence.records:
        statuses, codes = ENDS[record.fate]
        if record.status not in FINAL or record.status in statuses or record.code in codes:
            continue
        accidents = [code for code in record.strikes if code in ACCIDENTS]
        enough = len(record.strikes) >= STRIKES or accidents.count("runner_crashed") >= KILLS
        if record.status != "failed" or record.code not in ACCIDENTS or not enough:
            yield f"{record.job} ({record.fate}) is {record.status} ({record.code}) after {list(record.strikes)}"


def a_result_is_whole(evidence: Evidence) -> Iterator[str]:
    """One file, which is what the record says; none of a job that has another end."""
    for record in evidence.records:
        if record.status != "completed":
            if record.outputs:
                yield f"{record.job} is {record.status} and has {len(record.outputs)} outputs"
            continue
        if len(record.outputs) != 1:
            yield f"{record.job} is completed and has {len(record.outputs)} outputs"
        found = evidence.downloads.get(record.job)
        if found is None:
            yield f"{record.job} is completed and its result cannot be fetched"
        elif found not in record.outputs:
            yield f"{record.job}: its result is {found}, not {list(record.outputs)}"


def what_was_told_stays_true(evidence: Evidence) -> Iterator[str]:
    """A line that a watcher heard stands in the history; an end that it heard is the end, with the same result."""
    records = _records(evidence)
    for event in evidence.heard:
        record = records.get(event.job)
        if record is None or not event.seq:
            continue
        where = f"{event.job}: {event.watcher} heard {event.type} {event.seq} at {event.at:.1f} s"
        kinds = {line.seq: f"job.{line.kind}" for line in record.history}
        if event.type != "job.snapshot" and kinds.get(event.seq) != event.type:
            yield f"{where}, its history has {kinds.get(event.seq)}"
        elif event.seq > record.seq:
            yield f"{where}, its history ends with {record.seq}"
        if event.status in FINAL and event.status != record.status:
            yield f"{where} that it is {event.status}, and it is {record.status}"
        if event.result and event.result not in {output.sha256 for output in record.outputs}:
            yield f"{where} with the result {event.result}, and it is {list(record.outputs)}"


def gateways_agree(evidence: Evidence) -> Iterator[str]:
    """What one tells of a finished job the other tells too."""
    records = _records(evidence)
    for job, status, seq in evidence.elsewhere:
        record = records.get(job)
        if record is None or (record.status, record.seq) != (status, seq):
            here = f"{record.status} {record.seq}" if record else "nothing"
            yield f"{job} is {status} {seq} at the other gateway, and {here} at this one"


def attempts_only_grow(evidence: Evidence) -> Iterator[str]:
    """From line to line, and from news to news on one connection."""
    records = _records(evidence)
    lines: dict[str, dict[int, int]] = defaultdict(dict)
    latest: dict[tuple[str, int, str], int] = defaultdict(int)
    for event in evidence.heard:
        if not event.attempt:
            continue
        if event.seq:
            lines[event.job][event.seq] = event.attempt
        stream = (event.watcher, event.connection, event.job)
        if event.attempt < latest[stream]:
            yield f"{event.job}: {event.watcher} heard of attempt {event.attempt} after {latest[stream]}"
        latest[stream] = event.attempt
        record = records.get(event.job)
        if record is not None and event.attempt > record.attempt:
            yield f"{event.job}: {event.watcher} heard of attempt {event.attempt}, there were {record.attempt}"
    for job, told in lines.items():
        attempts = [told[seq] for seq in sorted(told)]
        if attempts != sorted(attempts):
            yield f"{job}: its attempts went {attempts}"


def watchers_miss_nothing(evidence: Evidence) -> Iterator[str]:
    """Each line follows the one before, over all connections of one watcher; the last one is heard."""
    streams: dict[tuple[str, str], list[Heard]] = defaultdict(list)
    for event in evidence.heard:
        if event.seq:
            streams[event.watcher, event.job].append(event)
    records = _records(evidence)
    for watcher, job in evidence.watched:
        if (watcher, job) not in streams:
            yield f"{job}: {watcher} asked for it and heard nothing"
    told = {(event.watcher, event.job) for event in evidence.heard if event.status in FINAL}
    for watcher, job in evidence.expected:
        has_ended = job in records and records[job].status in FINAL
        if has_ended and (watcher, job) not in told and watcher not in evidence.gaps:
            yield f"{job}: {watcher} hears everything, and never heard of its end"
    named = set(evidence.watched)
    for (watcher, job), events in streams.items():
        last, before = None, events[0]
        for event in events:
            has_ended = before.status in FINAL and event.connection > before.connection
            if has_ended and (watcher, job) not in named:
                last = None  # to one that hears everything and has come back, an ended job is a new one
            before = event
            wanted = (last or 0) + 1
            is_news = event.seq == wanted or (event.type == "job.snapshot" and (last is None or event.seq == last))
            if not is_news:
                yield f"{job}: {watcher} heard {event.type} {event.seq} after {last} at {event.at:.1f} s"
            last = event.seq
        record = records.get(job)
        if record is not None and last != record.seq:
            yield f"{job}: {watcher} heard {last} last, its history ends with {record.seq}"


def a_cancel_is_answered_with_the_truth(evidence: Evidence) -> Iterator[str]:
    """Who heard of an end heard the end; what was stopping is cancelled; what nobody wanted ended is not."""
    records = _records(evidence)
    wished = {wish.job for wish in evidence.wishes}
    for wish in evidence.wishes:
        record = records.get(wish.job)
        if record is None:
            continue
        if wish.status in FINAL and record.status != wish.status:
            yield f"{wish.job} is {record.status}; who cancelled it heard {wish.status} at {wish.at:.1f} s"
        if wish.stage == "cancelling" and record.status != "cancelled":
            yield f"{wish.job} is {record.status}; who cancelled it heard that it is stopping at {wish.at:.1f} s"
    for record in evidence.records:
        if record.status == "cancelled" and record.job not in wished:
            yield f"{record.job} is cancelled and nobody asked for that"


def memory_is_never_oversubscribed(evidence: Evidence) -> Iterator[str]:
    """On every device, whenever anybody looked."""
    for sample in evidence.samples:
        if sample.reserved > sample.usable:
            yield f"{sample.worker} at {sample.at:.1f} s: {sample.reserved} bytes reserved, {sample.usable} usable"


def nothing_is_left(evidence: Evidence) -> Iterator[str]:
    """No process, no file; all ended in order."""
    yield from (f"left running: {process}" for process in evidence.processes)
    yield from (f"left behind: {file}" for file in evidence.files)
    yield from (f"{name} ended with {code}" for name, code in evidence.exits.items() if code)
    yield from evidence.complaints


CHECKS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    nothing_is_lost,
    a_key_makes_one_job,
    a_history_has_no_gap_and_one_end,
    a_job_ends_as_it_must,
    a_result_is_whole,
    what_was_told_stays_true,
    gateways_agree,
    attempts_only_grow,
    watchers_miss_nothing,
    a_cancel_is_answered_with_the_truth,
    memory_is_never_oversubscribed,
    nothing_is_left,
)


def _records(evidence: Evidence) -> dict[str, Record]:
    return {record.job: record for record in evidence.records}
