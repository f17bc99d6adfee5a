import re

import pytest

from actors.random_hex import BYTES, RandomHex


def test_digits_are_given_out_once_whatever_is_left_of_those_fetched() -> None:
    random = RandomHex()
    ids = [random.take(count) for _ in range(BYTES) for count in (16, 32, 10)]
    assert len({*ids}) == len(ids)
    assert all(re.fullmatch("[0-9a-f]+", one) for one in ids)
    assert [len(one) for one in ids[:3]] == [16, 32, 10]


def test_they_come_from_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.urandom", lambda count: b"\xab" * count)
    assert RandomHex().take(4) == "abab"
