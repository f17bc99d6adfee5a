import pytest

from actors.devices.gpu_faults import MOST_EVENTS, Faults
from tests.actors.devices.nvml_kit import Card, Driver, GpuIsLost, Unknown


@pytest.fixture
def card() -> Card:
    return Card()


@pytest.fixture
def driver(card: Card) -> Driver:
    driver = Driver(card)
    driver.nvmlInit()
    return driver


@pytest.fixture
def faults(driver: Driver, card: Card) -> Faults:
    return Faults(driver, "GPU-1", card)


def test_a_gpu_that_nothing_is_known_of_is_well(faults: Faults):
    assert (faults.look(), faults.slowed()) == ("", "")


def test_a_critical_xid_stays_until_somebody_has_looked_after_it(driver: Driver, card: Card, faults: Faults):
    driver.xid(card, 48)
    told = faults.look()
    assert told == (
        "Xid 48: memory error that could not be corrected. "
        "Stop its worker and reset it (nvidia-smi --gpu-reset -i GPU-1), or resume the worker"
    )
    assert faults.look() == told
    driver.xid(card, 48)
    assert faults.look().startswith("Xid 48: memory error that could not be corrected (Xid errors so far: 2). ")


@pytest.mark.parametrize("number", [13, 31, 43, 45, 68, 109, 154])
def test_errors_of_a_program_are_none_of_the_gpu(driver: Driver, card: Card, faults: Faults, number: int):
    driver.xid(card, number)
    assert faults.look() == ""


def test_an_xid_without_a_name_is_told_by_its_number(driver: Driver, card: Card, faults: Faults):
    driver.xid(card, 143)
    assert faults.look().startswith("Xid 143: see the list of Xid errors")


def test_events_of_another_kind_are_let_pass(driver: Driver, card: Card, faults: Faults):
    driver.xid(card, 48, kind=0x10)
    assert faults.look() == ""


def test_a_gpu_that_fails_in_a_loop_does_not_keep_us(driver: Driver, card: Card, faults: Faults):
    for _ in range(3 * MOST_EVENTS):
        driver.xid(card, 74)
    assert faults.look().startswith("Xid 74")
    assert len(driver.sets[0].waiting) == 2 * MOST_EVENTS


def test_a_lost_gpu_is_told_by_what_is_raised(card: Card, faults: Faults):
    card.fault = GpuIsLost("GPU is lost")
    with pytest.raises(GpuIsLost):
        faults.look()


def test_events_that_cannot_be_had_any_more_are_done_without(driver: Driver, card: Card, faults: Faults):
    driver.wait_fault = Unknown("Unknown Error")
    assert faults.look() == ""
    assert driver.listeners == 0
    card.uncorrected = 1
    assert "memory errors" in faults.look()


def test_a_platform_without_events_is_looked_at_all_the_same(driver: Driver):
    card = Card(has_events=False)
    faults = Faults(driver, "GPU-1", card)
    assert driver.listeners == 0
    faults.look()
    card.uncorrected = 1
    assert "memory errors" in faults.look()


def test_memory_errors_count_from_when_they_were_first_looked_at(driver: Driver):
    card = Card(uncorrected=7)
    faults = Faults(driver, "GPU-1", card)
    assert faults.look() == ""
    card.uncorrected = 9
    assert faults.look().startswith("memory errors that were not corrected: 9 since the driver's start")


def test_counts_that_begin_anew_are_those_of_a_gpu_that_was_reset(driver: Driver, card: Card, faults: Faults):
    faults.look()
    card.uncorrected = 2
    driver.xid(card, 48)
    told = faults.look()
    assert "Xid 48" in told
    assert "memory errors" in told
    card.uncorrected = 0
    assert faults.look() == ""


def test_a_gpu_that_counts_nothing_has_no_memory_errors(driver: Driver):
    assert Faults(driver, "GPU-1", Card(uncorrected=None, action=None)).look() == ""


@pytest.mark.parametrize(
    ("action", "words"), [(1, "a reset"), (2, "a restart of the machine"), (9, "recovery action 9")]
)
def test_what_the_driver_wants_is_told_until_it_was_done(card: Card, faults: Faults, action: int, words: str):
    card.action = action
    assert faults.look().startswith(f"the driver wants {words}")
    card.action = 0
    assert faults.look() == ""


def test_what_the_driver_wanted_and_got_has_mended_the_xid_too(driver: Driver, card: Card, faults: Faults):
    driver.xid(card, 95)
    card.action = 1
    assert "Xid 95" in faults.look()
    card.action = 0
    assert faults.look() == ""


@pytest.mark.parametrize(
    ("where", "is_ours"),
    [((0xFFFFFFFF, 0xFFFFFFFF), True), ((1, 0), True), ((1, 0xFFFFFFFF), True), ((2, 0), False), ((1, 3), False)],
)
def test_an_instance_hears_of_its_own_errors_and_of_those_of_the_whole_gpu(where: tuple[int, int], is_ours: bool):
    instance = Card("MIG-a")
    board = Card("GPU-2", is_divided=1, instances=(instance,))
    driver = Driver(board)
    driver.nvmlInit()
    faults = Faults(driver, "MIG-a", board, instance.where)
    driver.xid(board, 94, where)
    assert (faults.look() != "") == is_ours


@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        (0x1, ""),
        (0x4, ""),  # at its power limit: that is how GPUs work
        (0x8, "slowed down by its hardware"),
        (0x20, "slowed down: it is too hot"),
        (0x48, "slowed down: it is too hot"),
        (0x88, "slowed down by the power supply"),
    ],
)
def test_why_clocks_are_held_down_is_a_note(
    driver: Driver, card: Card, faults: Faults, reasons: int, words: str, knows: bool
):
    driver.knows_clock_events = knows
    card.reasons = reasons
    assert faults.slowed() == words
    assert faults.look() == ""
