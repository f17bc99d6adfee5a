"""What operators want: what is begun, where, what is sent for it, and what is refused with which reason."""

from typing import Any, Literal

import pytest

from aigc.core.effects import SendOrder
from aigc.core.ids import BootId, DeviceId, ModelId, WorkerId
from aigc.core.messages import (
    ControlAnswer,
    ControlModel,
    ControlWorker,
    Device,
    DrainWorker,
    Generation,
    LoadModel,
    Order,
    PinModel,
    Resident,
    ResumeWorker,
    Step,
    UnloadModel,
    WorkerBeat,
)
from tests.core.scheduler_kit import GIB, Desk, only, sent, spec

FIRST = Generation(1, "g")


def resident(name: str, gib: int, **fields: Any) -> Resident:
    return Resident(residency=name, state=fields.pop("state", "idle"), bytes=gib * GIB, **fields)


def model(
    desk: Desk, action: Literal["load", "unload", "pin", "unpin"], name: str, worker: str = ""
) -> tuple[ControlAnswer, list[tuple[str, Order]]]:
    """The answer, and what was sent to whom."""
    desk.out.clear()
    answer = desk.control(ControlModel(ModelId(name), action, WorkerId(worker)))
    return answer, [(effect.worker, effect.order) for effect in only(desk.out, SendOrder)]


def worker(desk: Desk, action: Literal["drain", "resume", "forget"], name: str) -> tuple[ControlAnswer, list[Order]]:
    desk.out.clear()
    answer = desk.control(ControlWorker(WorkerId(name), action))
    return answer, [effect.order for effect in only(desk.out, SendOrder)]


def beat(desk: Desk, name: str, *residents: Resident, healthy: bool = True, draining: bool = False) -> None:
    device = Device(id=DeviceId(name), kind="cuda", total=24 * GIB, usable=24 * GIB, healthy=healthy, note="Xid 79")
    desk.apply(WorkerBeat(WorkerId(name), BootId("1"), device, residents, draining, ()))


# Loading.


def test_a_model_is_loaded_where_it_fits_the_tightest_and_the_answer_says_so() -> None:
    desk = Desk(spec("a", 4, load_s=12))
    desk.worker("roomy", 24)
    desk.worker("tight", 6)
    answer, orders = model(desk, "load", "a")

    assert answer == ControlAnswer((Step(WorkerId("tight"), True, "loads, in about 12 s"),))
    assert orders == [("tight", LoadModel(FIRST, ModelId("a"), 4 * GIB))]


def test_a_load_goes_where_no_model_has_to_leave_and_names_whom_it_evicts_where_one_must() -> None:
    desk = Desk(spec("a", 16), spec("b", 16))
    desk.worker("full", 24, residents=(resident("b", 16),))
    desk.worker("empty", 24)
    assert [where for where, _ in model(desk, "load", "a")[1]] == ["empty"]

    answer, orders = model(desk, "load", "a", "full")
    assert answer.steps[0].detail == "loads after b has left, in about 10 s"
    assert orders == [("full", LoadModel(FIRST, ModelId("a"), 16 * GIB, ("b",)))]


def test_what_is_loaded_is_not_loaded_again_unless_another_worker_is_named() -> None:
    desk = Desk(spec("a", 4))
    desk.worker("one", residents=(resident("a", 4),))
    desk.worker("two")
    answer, orders = model(desk, "load", "a")
    assert (answer.steps, orders) == ((Step(WorkerId("one"), False, "is loaded already"),), [])
    assert [where for where, _ in model(desk, "load", "a", "two")[1]] == ["two"]
    answer, orders = model(desk, "load", "a", "two")
    assert (answer.steps, orders) == ((Step(WorkerId("two"), False, "loads already"),), [])


def test_a_load_takes_the_memory_that_was_learned() -> None:
    desk = Desk(spec("a", 4))
    desk.worker()
    job = desk.submit(input_size=5_000_000)
    desk.start(job)
    desk.finish(job, peak_bytes=10 * GIB)
    beat(desk, "w")
    (order,) = [order for _, order in model(desk, "load", "a")[1]]

    assert isinstance(order, LoadModel)
    assert order.need_bytes == int(11 * GIB)


def test_a_job_that_waits_finds_the_model_that_is_being_loaded_for_nobody() -> None:
    desk = Desk(spec("a", 4, load_s=60), spec("b", 22))
    desk.worker("one")
    desk.worker("two")
    model(desk, "load", "a", "two")

    assert desk.where(desk.submit("a")) == "two"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"gib": 12}, "w has 12.0 GiB usable; the model needs 16.0 GiB"),
        ({"residents": (resident("p", 10, pinned=True),)}, "w has 24.0 GiB usable, 10.0 GiB of it pinned"),
        ({"kind": "cpu"}, "w is a cpu, the model runs on cuda"),
    ],
)
def test_a_load_that_cannot_fit_is_refused_with_the_sizes(fields: dict[str, Any], says: str) -> None:
    desk = Desk(spec("a", 16, devices=("cuda",)))
    desk.worker("w", **fields)
    answer, orders = model(desk, "load", "a")

    assert (answer.code, orders) == ("conflict", [])
    assert says in answer.refusal and answer.refusal.startswith("a cannot be loaded: ")


def test_a_load_for_which_somebody_who_works_would_have_to_leave_is_refused() -> None:
    desk = Desk(spec("a", 16), spec("b", 16))
    desk.worker()
    desk.submit("b")
    answer, _ = model(desk, "load", "a")

    assert (answer.code, answer.refusal) == ("conflict", "a cannot be loaded: w has no room while b is at work there")


def test_a_load_beside_work_needs_no_free_slot() -> None:
    desk = Desk(spec("a", 4), spec("b", 4))
    desk.worker(slots=1)
    desk.submit("b")

    assert model(desk, "load", "a")[0].steps[0].is_begun


def test_workers_that_take_no_work_load_nothing_and_each_says_why() -> None:
    desk = Desk(spec("a"))
    desk.worker("drained")
    desk.worker("sick")
    worker(desk, "drain", "drained")
    beat(desk, "sick", healthy=False)
    answer, _ = model(desk, "load", "a")

    assert answer.refusal == ("a cannot be loaded: drained drains; resume it first; sick gets no work: Xid 79")


def test_an_unknown_model_an_unknown_worker_and_no_worker_at_all_are_told_apart() -> None:
    desk = Desk(spec("a"))
    answer, _ = model(desk, "load", "a")
    assert (answer.code, answer.refusal) == ("unavailable", "no worker is connected")
    answer, _ = model(desk, "load", "a", "w9")
    assert (answer.code, answer.refusal) == ("unknown", "there is no worker w9; none is connected")
    desk.worker("w1")
    answer, _ = model(desk, "load", "a", "w9")
    assert (answer.code, answer.refusal) == ("unknown", "there is no worker w9; there are w1")
    answer, _ = model(desk, "load", "z")
    assert (answer.code, answer.refusal) == ("unknown", "there is no model z")


# Unloading.


def test_an_idle_model_leaves_wherever_it_is_and_a_working_one_when_its_job_has_ended() -> None:
    desk = Desk(spec("a", 4), spec("b", 4))
    desk.worker("one", residents=(resident("a", 4),))
    desk.worker("two", residents=(resident("a", 4),))
    desk.worker("three")
    assert desk.where(desk.submit("a")) == "one"
    answer, orders = model(desk, "unload", "a")

    assert answer.steps == (
        Step(WorkerId("one"), True, "leaves when its job has ended"),
        Step(WorkerId("two"), True, "leaves"),
    )
    assert orders == [(name, UnloadModel(FIRST, "a")) for name in ("one", "two", "three")]
    assert model(desk, "unload", "a", "two")[0].steps == (Step(WorkerId("two"), False, "is leaving already"),)


def test_what_is_loaded_nowhere_needs_no_unloading() -> None:
    desk = Desk(spec("a"))
    desk.worker("w")
    assert model(desk, "unload", "a")[0] == ControlAnswer()
    assert model(desk, "unload", "a", "w")[0].steps == (Step(WorkerId("w"), False, "is not loaded"),)


def test_models_of_one_family_are_unloaded_together() -> None:
    desk = Desk(spec("a", family="f"), spec("b", family="f"))
    desk.worker(residents=(resident("f", 1),))

    assert model(desk, "unload", "b")[1] == [("w", UnloadModel(FIRST, "f"))]


# Pinning.


def test_a_pinned_model_is_not_evicted_for_a_job_and_one_that_is_freed_is() -> None:
    desk = Desk(spec("a", 16), spec("b", 16))
    desk.worker("w", residents=(resident("a", 16),))
    answer, orders = model(desk, "pin", "a")
    assert answer.steps == (Step(WorkerId("w"), True, "is pinned"),)
    assert orders == [("w", LoadModel(FIRST, ModelId("a"), 16 * GIB)), ("w", PinModel(FIRST, ModelId("a"), True))]
    assert model(desk, "pin", "a")[0].steps == (Step(WorkerId("w"), False, "is pinned already"),)

    job = desk.submit("b")
    assert desk.running() == []
    assert "needs 16.0 GiB, largest has 8.0 GiB usable" in desk.reason(job)

    desk.out.clear()
    answer = desk.control(ControlModel(ModelId("a"), "unpin"))
    assert answer.steps == (Step(WorkerId("w"), True, "is not pinned any more; it leaves when its memory is needed"),)
    assert [effect.order for effect in only(desk.out, SendOrder)] == [PinModel(FIRST, ModelId("a"), False)]
    assert sent(desk.out) == [job]
    assert desk.grants[job].evict == ("a",)


def test_pinning_what_is_not_there_loads_it() -> None:
    desk = Desk(spec("a", 4))
    desk.worker("w")
    answer, orders = model(desk, "pin", "a")

    assert answer.steps[0].detail.startswith("loads")
    assert orders == [("w", LoadModel(FIRST, ModelId("a"), 4 * GIB)), ("w", PinModel(FIRST, ModelId("a"), True))]


def test_what_is_not_pinned_needs_no_freeing() -> None:
    desk = Desk(spec("a"))
    desk.worker("w", residents=(resident("a", 1),))
    assert model(desk, "unpin", "a")[0] == ControlAnswer()
    assert model(desk, "unpin", "a", "w")[0].steps == (Step(WorkerId("w"), False, "is not pinned"),)


# Workers.


def test_a_drained_worker_gets_nothing_until_it_is_resumed() -> None:
    desk = Desk()
    desk.worker()
    answer, orders = worker(desk, "drain", "w")
    assert answer.steps == (Step(WorkerId("w"), True, "takes no more jobs"),)
    assert orders == [DrainWorker(FIRST)]
    job = desk.submit()
    assert desk.running() == []
    assert desk.reason(job) == "no worker that offers a takes jobs: w is drained"

    answer, orders = worker(desk, "resume", "w")
    assert (answer.steps, orders) == ((Step(WorkerId("w"), True, "takes jobs again"),), [ResumeWorker(FIRST)])
    assert desk.running() == [job]


def test_a_drain_says_how_many_jobs_still_run_and_a_second_one_that_it_drains_already() -> None:
    desk = Desk()
    desk.worker()
    desk.start(desk.submit())
    assert worker(desk, "drain", "w")[0].steps[0].detail == "takes no more jobs; 1 job still runs"
    assert worker(desk, "drain", "w")[0].steps == (Step(WorkerId("w"), False, "drains already; 1 job still runs"),)


def test_a_worker_that_takes_jobs_needs_no_resuming_but_one_in_quarantine_does() -> None:
    desk = Desk()
    desk.worker()
    assert worker(desk, "resume", "w")[0].steps == (Step(WorkerId("w"), False, "takes jobs"),)
    beat(desk, "w", healthy=False)
    assert worker(desk, "resume", "w")[0].steps[0].is_begun


def test_only_a_lost_worker_can_be_forgotten_and_only_a_connected_one_drained() -> None:
    desk = Desk()
    desk.worker()
    answer, _ = worker(desk, "forget", "w")
    assert (answer.code, answer.refusal[:14]) == ("conflict", "w is connected")
    desk.lose()
    answer, _ = worker(desk, "drain", "w")
    assert (answer.code, answer.refusal) == ("conflict", "w is lost; it is used again when it comes back")
    assert worker(desk, "forget", "w")[0].steps == (Step(WorkerId("w"), True, "is forgotten"),)
    assert desk.scheduler.workers(desk.now) == ()
    for action in ("drain", "resume", "forget"):
        answer, _ = worker(desk, action, "w")  # type: ignore[arg-type]
        assert answer.code == "unknown"
