import pytest

from web.sinks import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 100_000])
def test_a_frame_says_its_length_in_the_shortest_form(size: int) -> None:
    frame = text_frame(b"x" * size)
    head = 2 if size < 126 else 4 if size < 65536 else 10
    assert (frame[0], len(frame), frame[head:]) == (0x81, head + size, b"x" * size)
