import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runner_news import Misheard, understood, wire
from aigc.core.ids import AttemptId, JobId
from aigc.core.job import Failure, Lease, Progress, Stage
from aigc.core.runner_events import (
    RunnerConnected,
    RunnerFailed,
    RunnerFinished,
    RunnerId,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
    Staged,
)
from aigc.runner import protocol
from aigc.runner.protocol import encode

RUNNER = RunnerId("m#1")
LEASE = Lease(JobId("job"), 2, AttemptId("a"))
FILE = {
    "name": "a.glb", "role": "model", "format": "glb", "content_type": "model/gltf-binary", "bytes": 5,
    "sha256": "00", "stats": {"triangles": 1},
}  # fmt: skip
FINISHED = {"outputs": [FILE], "info": {"seed": 1}, "warnings": ["w"], "run_s": 1.5, "peak_bytes": 7}
FAILURE = {"code": "model_error", "message": "m", "suggestion": "s", "retryable": True, "log_tail": "t"}
FAILED = {"failure": FAILURE, "broken": True, "run_s": 1.0, "peak_bytes": 3}
PROGRESSED = {"fraction": 0.5, "stage": "sampling", "step": 1, "steps": 2, "message": "m", "preview": "p.png"}


def heard(kind, body, lease=None):
    return understood(encode(kind, lease, body), RUNNER, {wire(LEASE): LEASE})


def test_messages_of_the_process_become_events():
    assert heard(protocol.CONNECTED, {"pid": 7, "confinement": "none", "python": "3.10"}) == RunnerConnected(RUNNER, 7)
    assert heard(protocol.LOADED, {"load_s": 2.0, "bytes": 9}) == RunnerLoaded(RUNNER, 2.0, 9)


def test_messages_of_the_attempt_become_events():
    lease = wire(LEASE)
    assert heard(protocol.STOPPED, {"run_s": 1.0}, lease) == RunnerStopped(RUNNER, LEASE, 1.0)
    assert heard(protocol.FINISHED, FINISHED, lease) == RunnerFinished(
        RUNNER, LEASE, (Staged(**FILE),), {"seed": 1}, ("w",), 1.5, 7
    )
    news = Progress(0.5, 1, 2, "m", "p.png")
    assert heard(protocol.PROGRESSED, PROGRESSED, lease) == RunnerProgressed(RUNNER, LEASE, Stage.SAMPLING, news)


@pytest.mark.parametrize("lease", [None, LEASE])
def test_a_failure_carries_its_attempt_and_its_time(lease):
    event = heard(protocol.FAILED, FAILED, lease and wire(lease))
    assert isinstance(event, RunnerFailed)
    assert (event.lease, event.broken, event.run_s, event.peak_bytes) == (lease, True, 1.0, 3)
    assert event.failure == Failure(**FAILURE, attempt=lease.attempt if lease else 0, at=event.failure.at)
    assert event.failure.at > 1e9


@pytest.mark.parametrize("other", [("job", 1, "a"), ("job", 2, "b"), ("other", 2, "a")])
def test_another_lease_than_the_runners_is_not_heard(other):
    with pytest.raises(Misheard, match="of a lease that m#1 does not have"):
        heard(protocol.FINISHED, FINISHED, other)


def test_an_idle_runner_cannot_finish_anything():
    with pytest.raises(Misheard):
        understood(encode(protocol.FINISHED, wire(LEASE), FINISHED), RUNNER, {})


@pytest.mark.parametrize(
    ("kind", "body", "lease"),
    [
        (protocol.FINISHED, FINISHED, None),
        (protocol.CONNECTED, {"pid": 7, "confinement": "", "python": ""}, wire(LEASE)),
        (protocol.LOADED, {"load_s": "soon", "bytes": 9}, None),
        (protocol.PROGRESSED, {**PROGRESSED, "stage": "levitating"}, wire(LEASE)),
        (protocol.FINISHED, {**FINISHED, "outputs": [{**FILE, "name": "../../etc/passwd"}]}, wire(LEASE)),
        (protocol.FINISHED, {**FINISHED, "outputs": [{**FILE, "name": ".hidden"}]}, wire(LEASE)),
        (protocol.FINISHED, {**FINISHED, "outputs": [{**FILE, "name": ""}]}, wire(LEASE)),
        (protocol.FINISHED, FINISHED, ()),
        (protocol.RUN, {}, wire(LEASE)),
        ("levitated", {}, None),
    ],
)
def test_what_makes_no_sense_is_not_heard(kind, body, lease):
    with pytest.raises(Misheard):
        heard(kind, body, lease)


@given(st.recursive(st.none() | st.integers(-5, 5) | st.text(max_size=3), lambda inner: st.lists(inner, max_size=4)))
def test_garbage_is_not_heard(parts):
    with pytest.raises(Misheard):
        understood(msgpack.packb(parts), RUNNER, {wire(LEASE): LEASE})
