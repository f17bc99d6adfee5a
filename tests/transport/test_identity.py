import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.identity import checked_boot, identity, name_of


def test_every_incarnation_of_every_life_has_its_own_identity() -> None:
    made = {identity(name, boot, n) for name in ("w", "w-1") for boot in ("a", "b") for n in range(1, 5)}
    assert len(made) == 16


def test_a_name_can_be_read_back_from_an_identity() -> None:
    assert name_of(identity("worker@gpu-0", "b41c", 7)) == "worker@gpu-0"


@given(st.binary())
def test_any_bytes_have_a_name_that_can_be_logged(peer: bytes) -> None:
    assert name_of(peer).isascii()


@pytest.mark.parametrize("name", ["", ".", "a.b", "a b", "ä", "-a", "x" * 65, "a\n"])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        identity(name, "boot", 1)


@pytest.mark.parametrize("boot", ["", "a.b", "ä", "x" * 65])
def test_a_boot_id_that_could_be_mistaken_is_refused(boot: str) -> None:
    with pytest.raises(ValueError, match="boot id"):
        checked_boot(boot)


def test_the_longest_identity_is_one_that_zeromq_takes() -> None:
    assert len(identity("x" * 64, "y" * 64, 10**9)) <= 255
