"""Faults follow from the seed alone, and none is forgotten."""

from tests.chaos import plan


def test_a_seed_gives_the_same_faults_again() -> None:
    assert plan.plan(7, 50, 1.0) == plan.plan(7, 50, 1.0)
    assert plan.plan(7, 50, 1.0) != plan.plan(8, 50, 1.0)


def test_a_long_run_hits_every_role_in_every_way_and_every_link() -> None:
    faults = plan.plan(1, 5000, 1.0)
    hit = {(fault.kind, fault.target) for fault in faults}
    for target, shape in plan.SHAPES.items():
        weights = {plan.KILL: shape.kills, plan.TERMINATE: shape.terminations, plan.FREEZE: shape.freezes}
        assert {kind for kind, weight in weights.items() if weight} == {kind for kind, who in hit if who == target}
    for link in plan.LINKS:
        assert {kind for kind, who in hit if who == link} == {
            plan.HOLD, plan.HOLD_OUT, plan.HOLD_IN, plan.CUT, plan.FLAP,
        }  # fmt: skip


def test_faults_come_in_order_and_last_only_where_something_ends_them() -> None:
    faults = plan.plan(3, 300, 1.0)
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert all((fault.for_s > 0) == (fault.kind not in (plan.KILL, plan.TERMINATE)) for fault in faults)
    assert 200 < faults[-1].at < 450


def test_under_a_supervisor_no_process_is_ended_too_often_and_no_link_is_there_to_break() -> None:
    faults = plan.plan(4, 300, 1.0, partitions=False, rest_s=15.0)
    assert not any(fault.target in plan.LINKS for fault in faults)
    last: dict[str, float] = {}
    for fault in faults:
        if fault.kind in (plan.KILL, plan.TERMINATE):
            assert fault.at - last.get(fault.target, -15.0) >= 15.0
            last[fault.target] = fault.at


def test_each_fault_is_told_in_a_line() -> None:
    freeze = plan.Fault(1.5, plan.FREEZE, "worker-0", 2.25)
    assert list(plan.told([plan.Fault(0.25, plan.KILL, "redis"), freeze])) == [
        "   0.25 s  kill redis",
        "   1.50 s  freeze worker-0 for 2.2 s",
    ]
