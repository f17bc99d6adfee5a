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
    assert health.complaint == "in quarantine after: CUDA error"
    assert not health.tick(109.9)
    assert health.tick(110.0)
    assert (health.complaint, health.tick(111.0)) == ("", False)


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
