"""One number for how large a job is."""

import pytest

from aigc.core.work_size import LARGEST, TEXT_BYTES, WorkSize

SCHEMA = {
    "properties": {
        "resolution": {"type": "integer", "default": 512, "work_power": 2},
        "steps": {"type": "integer", "default": 50},
        "views": {"type": "integer", "default": 4, "work_power": 1},
    }
}


def test_without_a_parameter_that_counts_it_is_the_bytes_of_the_files() -> None:
    size = WorkSize({"properties": {"steps": {"default": 50}}})
    assert [size.of(1234, {"steps": 100}), size.of(0, {})] == [1234, 0]


def test_parameters_count_by_their_powers() -> None:
    size = WorkSize(SCHEMA)
    assert size.of(1000, {"resolution": 512, "steps": 50, "views": 4}) == 1000
    assert size.of(1000, {"resolution": 1024, "steps": 999, "views": 2}) == 2000
    assert size.of(1000, {}) == 1000


def test_a_text_has_a_size_if_a_parameter_can_change_it() -> None:
    assert WorkSize(SCHEMA).of(0, {"resolution": 256}) == TEXT_BYTES // 4


@pytest.mark.parametrize("value", [0, -5, None, True, "large", [512]])
def test_a_value_that_is_no_size_changes_nothing(value: object) -> None:
    assert WorkSize(SCHEMA).of(1000, {"resolution": value}) == 1000


@pytest.mark.parametrize(
    "field", [{"work_power": 2}, {"default": 0, "work_power": 2}, {"default": 3, "work_power": "two"}, {"default": "x"}]
)
def test_a_schema_that_says_it_wrongly_is_as_one_that_does_not(field: dict[str, object]) -> None:
    assert WorkSize({"properties": {"odd": field}}).of(1000, {"odd": 9}) == 1000


def test_it_stays_within_bounds() -> None:
    size = WorkSize({"properties": {"n": {"default": 1, "work_power": 8}}})
    assert [size.of(1, {"n": 10**9}), size.of(1, {"n": 1e-9})] == [LARGEST, 1]
