"""Who leaves."""

from hypothesis import given
from hypothesis import strategies as st

from aigc.core.scheduling.eviction import Candidate, victims


def candidate(name: str, size: int, reload_s: float = 10.0, use: float = 1.0, **fields: float) -> Candidate:
    return Candidate(name, size, reload_s, use, **fields)  # type: ignore[arg-type]


def names(found: tuple[Candidate, ...] | None) -> list[str] | None:
    return None if found is None else [one.residency for one in found]


def test_the_model_that_is_worth_least_per_byte_leaves() -> None:
    idle = [candidate("wanted", 10, use=5.0), candidate("forgotten", 10, use=0.1), candidate("quick", 10, reload_s=4)]

    assert names(victims(idle, 10)) == ["forgotten"]
    assert names(victims(idle, 15)) == ["forgotten", "quick"]


def test_of_equally_useless_models_the_one_that_rests_longest_leaves() -> None:
    idle = [candidate("late", 10, use=0, last_used=9.0), candidate("early", 10, use=0, last_used=3.0)]

    assert names(victims(idle, 1)) == ["early"]


def test_a_model_within_its_minimum_stay_leaves_only_if_the_others_do_not_suffice() -> None:
    idle = [candidate("fresh", 10, use=0.0, is_settled=False), candidate("old", 10, use=9.0)]

    assert names(victims(idle, 10)) == ["old"]
    assert names(victims(idle, 20)) == ["old", "fresh"]


def test_who_turned_out_not_to_be_needed_stays() -> None:
    idle = [candidate("crumb", 1, use=0.0), candidate("large", 30, use=1.0)]

    assert names(victims(idle, 30)) == ["large"]


def test_nobody_leaves_in_vain() -> None:
    assert victims([candidate("a", 10)], 11) is None
    assert victims([candidate("a", 10)], 0) == ()


@given(
    st.lists(st.tuples(st.integers(0, 20), st.floats(0, 60), st.floats(0, 9), st.booleans()), max_size=8),
    st.integers(0, 80),
)
def test_the_answer_suffices_and_no_smaller_part_of_it_does(
    sizes: list[tuple[int, float, float, bool]], needed: int
) -> None:
    idle = [Candidate(f"m{n}", *size[:3], is_settled=size[3]) for n, size in enumerate(sizes)]
    found = victims(idle, needed)

    if found is None:
        assert sum(one.bytes for one in idle) < needed
        return
    freed = sum(one.bytes for one in found)
    assert freed >= needed
    assert all(freed - one.bytes < needed for one in found if one.bytes or needed)
