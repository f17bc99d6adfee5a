"""Counting members before one of them."""

import random

from hypothesis import given
from hypothesis import strategies as st

from aigc.core.scheduling.ranks import BLOCK, Ranks


@given(st.lists(st.booleans(), max_size=200), st.integers(0, 1000))
def test_before_counts_the_members_with_smaller_numbers(stays: list[bool], seed: int) -> None:
    ranks = Ranks()
    numbers = [ranks.add() for _ in stays]
    leavers = [number for number, stay in zip(numbers, stays, strict=True) if not stay]
    random.Random(seed).shuffle(leavers)
    for number in leavers:
        ranks.discard(number)
    present = [number for number, stay in zip(numbers, stays, strict=True) if stay]

    assert [ranks.before(number) for number in present] == list(range(len(present)))


def test_blocks_that_are_empty_at_the_front_are_forgotten() -> None:
    ranks = Ranks()
    numbers = [ranks.add() for _ in range(3 * BLOCK)]
    for number in numbers[: 2 * BLOCK]:
        ranks.discard(number)

    assert ranks.before(numbers[2 * BLOCK]) == 0
    assert ranks.before(numbers[-1]) == BLOCK - 1
    assert len(ranks._present) == BLOCK


def test_a_member_that_comes_back_has_its_old_place() -> None:
    ranks = Ranks()
    first, second, third = (ranks.add() for _ in range(3))
    ranks.discard(second)
    assert ranks.before(third) == 1

    assert ranks.add(second) == second
    assert ranks.before(third) == 2
    assert ranks.before(first) == 0


def test_a_member_whose_block_was_forgotten_is_before_everybody() -> None:
    ranks = Ranks()
    numbers = [ranks.add() for _ in range(2 * BLOCK)]
    for number in numbers[:BLOCK]:
        ranks.discard(number)

    assert ranks.add(numbers[0]) == numbers[0]
    assert ranks.before(numbers[0]) == 0
    ranks.discard(numbers[0])
    assert ranks.before(numbers[-1]) == BLOCK - 1


def test_to_leave_twice_changes_nothing() -> None:
    ranks = Ranks()
    first, second = ranks.add(), ranks.add()
    ranks.discard(first)
    ranks.discard(first)

    assert ranks.before(second) == 0
