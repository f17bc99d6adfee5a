import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.stores.asset_key import KEY_MAX, segments
from aigc.core.errors import InputInvalid


@pytest.mark.parametrize("key", ["uploads/3f/cat.png", "a/b", "-/_", "a/b..c", "a/" + "x" * (KEY_MAX - 2)])
def test_a_key_falls_into_its_segments(key: str) -> None:
    assert segments(key) == tuple(key.split("/"))


def test_a_prefix_may_be_one_segment_where_that_is_said() -> None:
    assert segments("uploads", at_least=1) == ("uploads",)
    with pytest.raises(InputInvalid) as refused:
        segments("uploads")
    assert refused.value.code == "bad_key"


@given(st.text())
def test_what_is_taken_can_mean_nothing_else_to_a_file_system(text: str) -> None:
    try:
        parts = segments(text, at_least=1)
    except InputInvalid:
        return
    assert text.isascii()
    assert len(text) <= KEY_MAX
    assert not any(part in ("", ".", "..") or part.startswith(".") for part in parts)
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")
