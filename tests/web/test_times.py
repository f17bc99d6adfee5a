import pytest

from aigc.core.errors import InputInvalid
from web.times import instant


def test_a_time_without_a_zone_is_utc_and_an_unencoded_plus_is_understood() -> None:
    for text in (
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00Z",
        "2026-01-31T14:00:00 02:00",
        "2026-01-31T14:00:00+02:00",
    ):
        assert instant(text, "since") == 1_769_860_800.0, text
    assert instant("2026-01-31", "since") == 1_769_860_800.0 - 12 * 3600


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "x" * 999])
def test_what_is_no_time_is_told_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(InputInvalid, match="is no date"):
        instant(text, "since")
