from aigc.core.hosting import last_words
from aigc.core.hosting.held import Held
from aigc.core.hosting.slot import Ended
from aigc.core.ids import AssetKey
from aigc.core.job import Failure, Output
from aigc.core.messages import LeaseFailed, LeaseFinished, LeaseReturned, LeaseStarted, LeaseStopped
from aigc.core.runner_events import RunnerId
from tests.core.device_kit import WORKER, finished, grant, spec

R = RunnerId("a-1")
WALL = 1e9
BAD_LUCK = Failure("model_error", "bad luck")


def running() -> Held:
    held = Held(grant("a"), spec("a"), 0.05, 10.0)
    held.claim(11.0)
    held.run(R, LeaseStarted(WORKER, held.lease, 2.0), 12.0)
    return held


def test_a_result_comes_with_what_it_took() -> None:
    held = running()
    result = finished(R, held.lease)
    outputs = (Output("mesh.glb", "model", AssetKey("jobs/a/1/mesh.glb"), "glb", "model/gltf-binary", 100, "0"),)
    ended = Ended(R, held.lease, result, run_s=7.0, peak_bytes=5)
    word = last_words.finished(WORKER, held, ended, result, outputs)
    assert word == LeaseFinished(WORKER, held.lease, outputs, result.info, result.warnings, 2.0, 7.0, 5)


def test_a_failure_says_where_and_when_and_in_which_attempt() -> None:
    held = running()
    ended = Ended(R, held.lease, failure=BAD_LUCK, killed_runner=True, run_s=7.0, peak_bytes=5)
    at = Failure("model_error", "bad luck", attempt=held.lease.attempt, worker=WORKER, at=WALL)
    word = last_words.failed(WORKER, held, BAD_LUCK, WALL, ended)
    assert word == LeaseFailed(WORKER, held.lease, at, True, 2.0, 7.0, 5)
    assert last_words.failed(WORKER, held, BAD_LUCK, WALL) == LeaseFailed(WORKER, held.lease, at, False, 2.0)


def test_who_was_ended_for_a_reason_says_that_one() -> None:
    held = running()
    ended = Ended(R, held.lease, run_s=7.0)
    assert last_words.stopped(WORKER, held, ended) == LeaseStopped(WORKER, held.lease, run_s=7.0)
    held.ending = LeaseReturned(WORKER, held.lease, "the worker ends")
    assert last_words.stopped(WORKER, held, ended) == held.ending
