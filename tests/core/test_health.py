from aigc.core.hosting.health import LONGEST_QUARANTINE_S, Health
from aigc.core.hosting.ledger import MemoryLedger
from tests.core.device_kit import GIB, sample


def test_a_device_that_its_probe_finds_well_gets_work():
    health = Health(sample(note="a note"), 10.0)
    assert health.complaint == ""
    assert health.view(MemoryLedger()).note == "a note"


def test_a_device_that_its_probe_finds_ill_gets_none():
    assert Health(sample(healthy=False, note="fell off the bus"), 10.0).complaint == "fell off the bus"
    assert Health(sample(healthy=False), 10.0).complaint == "its probe fails"


def test_a_quarantine_ends_by_itself():
    health = Health(sample(), 10.0)
    health.quarantine("CUDA error", 100.0)
    assert health.complaint.startswith("in quarantine after: CUDA error. It is tried again by itself")
    assert not health.tick(109.9)
    assert health.tick(110.0)
    assert (health.complaint, health.tick(111.0)) == ("", False)


def test_somebody_who_looked_after_the_device_ends_its_quarantine_but_not_what_the_probe_says():
    health = Health(sample(healthy=False, note="fell off the bus"), 10.0)
    health.quarantine("CUDA error", 100.0)
    health.release()
    assert health.complaint == "fell off the bus"
    assert health.ends_at is None


def test_a_fault_keeps_work_away_until_it_is_gone():
    health = Health(sample(fault="Xid 48"), 10.0)
    assert health.complaint == "Xid 48"
    assert not health.view(MemoryLedger()).healthy
    assert health.view(MemoryLedger()).note == "Xid 48"
    health.measure(sample())
    assert health.complaint == ""


def test_a_fault_that_somebody_has_looked_after_is_none_any_more_but_a_further_one_is():
    health = Health(sample(fault="Xid 48"), 10.0)
    health.release()
    assert health.complaint == ""
    health.measure(sample(fault="Xid 48, twice"))
    assert health.complaint == "Xid 48, twice"


def test_a_fault_that_was_gone_and_comes_back_is_a_further_one():
    health = Health(sample(fault="Xid 48"), 10.0)
    health.release()
    health.measure(sample())
    health.measure(sample(fault="Xid 48"))
    assert health.complaint == "Xid 48"


def test_each_further_error_doubles_the_quarantine_until_a_job_ends_well():
    health = Health(sample(), 10.0)
    ends = []
    for _ in range(12):
        health.quarantine("CUDA error", 0.0)
        ends.append(health.ends_at)
    assert ends[:3] == [10.0, 20.0, 40.0]
    assert ends[-1] == LONGEST_QUARANTINE_S
    health.recover()
    health.quarantine("CUDA error", 0.0)
    assert health.ends_at == 10.0


def test_the_view_has_the_ledger_s_figures():
    ledger = MemoryLedger(GIB)
    ledger.measure(16 * GIB, 2 * GIB)
    ledger.reserve("a", 3 * GIB)
    health = Health(sample(16 * GIB, 2 * GIB), 10.0)
    view = health.view(ledger)
    assert (view.total, view.usable, view.reserved, view.healthy) == (16 * GIB, 13 * GIB, 3 * GIB, True)
    health.quarantine("CUDA error", 0.0)
    assert not health.view(ledger).healthy
