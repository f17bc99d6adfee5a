import pytest

from transport import LinkSettings, Patience


def test_the_defaults_are_a_beat_a_second_suspect_after_three_lost_after_five() -> None:
    settings = LinkSettings()
    assert (settings.beat_s, settings.patience) == (1.0, Patience(suspect_s=3.0, lost_s=5.0))


def test_whoever_looks_for_a_router_looks_often_enough_to_find_it_within_moments() -> None:
    settings = LinkSettings()
    assert settings.backoff.delay_s(1_000, 0.0) <= 1.0
    assert settings.visit.delay_s(0, 0.0) <= 0.5
    assert settings.visit.delay_s(1_000, 0.0) <= settings.patience.suspect_s


@pytest.mark.parametrize("beat_s", [0.0, -1.0, 3.0, float("nan")])
def test_a_beat_that_leaves_a_living_peer_suspect_is_refused(beat_s: float) -> None:
    with pytest.raises(ValueError, match="beat_s"):
        LinkSettings(beat_s=beat_s)


@pytest.mark.parametrize(
    ("now", "left_s"),
    [(0.0, 1.0), (7.0, 1.0), (7.25, 0.75), (7.75, 0.25), (7.9, 1.1), (6.9996, 1.0004), (7.003, 0.997)],
)
def test_all_beat_together_and_none_twice_where_a_timer_was_early(now: float, left_s: float) -> None:
    assert LinkSettings(beat_s=1.0).until_beat_s(now) == pytest.approx(left_s)
