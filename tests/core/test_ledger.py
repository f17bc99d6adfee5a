import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aigc.core.hosting.ledger import MemoryLedger


def ledger(total: int = 100, reserve: int = 10, strangers: int = 0) -> MemoryLedger:
    made = MemoryLedger(reserve)
    made.measure(total, strangers)
    return made


def test_usable_is_the_total_less_the_reserve_less_the_strangers():
    assert ledger(100, 10, 25).usable == 65


def test_usable_is_never_negative():
    assert ledger(100, 10, 500).usable == 0


def test_a_reservation_may_take_exactly_what_is_usable():
    accounts = ledger(100, 10)
    assert accounts.reserve("a", 90)
    assert accounts.free == 0
    assert accounts.reserve("nothing", 0)


def test_a_reservation_of_one_byte_more_is_refused_and_leaves_no_trace():
    accounts = ledger(100, 10)
    assert not accounts.reserve("a", 91)
    assert dict(accounts.held) == {}
    assert accounts.reserve("a", 90)


def test_a_released_reservation_can_be_taken_by_another():
    accounts = ledger(100, 10)
    accounts.reserve("a", 90)
    accounts.release("a")
    assert accounts.reserve("b", 90)


def test_a_reservation_grows_to_exactly_what_is_left():
    accounts = ledger(100, 10)
    accounts.reserve("a", 30)
    accounts.reserve("b", 40)
    assert accounts.resize("a", 50)
    assert not accounts.resize("a", 51)
    assert accounts.held["a"] == 50


def test_when_strangers_grow_what_stands_stays_and_nothing_is_granted():
    accounts = ledger(100, 10)
    accounts.reserve("a", 60)
    accounts.measure(100, 50)
    assert (accounts.usable, accounts.reserved, accounts.free) == (40, 60, -20)
    assert not accounts.reserve("b", 1)
    assert not accounts.resize("a", 61)
    assert accounts.resize("a", 55)
    accounts.validate()


def test_what_is_overdrawn_is_granted_to_nobody_and_yet_is_no_strangers():
    accounts = ledger(100, 10)
    accounts.reserve("a", 30)
    accounts.measure(100, 0, 20)
    assert (accounts.usable, accounts.free) == (90, 40)
    assert not accounts.reserve("b", 41)
    assert accounts.reserve("b", 40)
    accounts.validate()


def test_a_residency_reserves_once():
    accounts = ledger()
    accounts.reserve("a", 1)
    with pytest.raises(ValueError, match="holds 1 bytes already"):
        accounts.reserve("a", 1)
    with pytest.raises(ValueError, match="b holds no reservation"):
        accounts.resize("b", 1)


@given(st.integers(max_value=-1))
def test_a_negative_size_is_refused(size: int):
    with pytest.raises(ValueError, match="cannot hold"):
        ledger().reserve("a", size)


def test_accounts_that_do_not_add_up_are_noticed():
    accounts = ledger()
    accounts.reserve("a", 50)
    accounts._held["b"] = 50
    with pytest.raises(AssertionError, match="'b': 50"):
        accounts.validate()


class LedgerMachine(RuleBasedStateMachine):
    """Any sequence of measurements, reservations, resizes and releases, against accounts kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = MemoryLedger(reserve=10)
        self.held: dict[str, int] = {}
        self.usable = 0

    @rule(total=st.integers(0, 200), strangers=st.integers(0, 200))
    def measure(self, total: int, strangers: int) -> None:
        self.ledger.measure(total, strangers)
        self.usable = max(0, total - 10 - strangers)

    @rule(name=st.sampled_from("abcd"), size=st.integers(0, 120))
    def reserve(self, name: str, size: int) -> None:
        if name in self.held:
            return
        granted = self.ledger.reserve(name, size)
        assert granted == (size == 0 or sum(self.held.values()) + size <= self.usable)
        if granted:
            self.held[name] = size

    @precondition(lambda self: self.held)
    @rule(data=st.data(), size=st.integers(0, 120))
    def resize(self, data: st.DataObject, size: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        granted = self.ledger.resize(name, size)
        fits = sum(self.held.values()) - self.held[name] + size <= self.usable
        assert granted == (size <= self.held[name] or fits)
        if granted:
            self.held[name] = size

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        self.ledger.release(name)
        del self.held[name]

    @invariant()
    def the_accounts_agree(self) -> None:
        self.ledger.validate()
        assert dict(self.ledger.held) == self.held
        assert self.ledger.free == self.usable - sum(self.held.values())


TestLedgerMachine = LedgerMachine.TestCase
