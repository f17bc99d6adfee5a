import asyncio
import threading

import pytest

from web import passwords
from web.passwords import Passwords

QUICK = 4


async def test_the_password_matches_and_no_other_and_no_two_hashes_are_alike() -> None:
    keeper = Passwords(QUICK)
    kept = await keeper.hashed("grüner Drache")
    assert await keeper.matches("grüner Drache", kept)
    for wrong in ("gruener Drache", "", "grüner Drache ", "\ud800"):
        assert not await keeper.matches(wrong, kept)
    assert kept != await keeper.hashed("grüner Drache")
    assert "Drache" not in kept


async def test_a_hash_is_checked_with_the_cost_that_stands_in_it() -> None:
    kept = await Passwords(QUICK).hashed("x")
    assert kept.startswith("scrypt$4$8$3$")
    assert await Passwords(QUICK + 1).matches("x", kept)


@pytest.mark.parametrize("kept", ["", "plain", "md5$4$8$3$AA==$AA==", "scrypt$x$8$3$AA==$AA==", "scrypt$4$8$3$AA=="])
async def test_what_is_no_hash_of_ours_matches_nothing(kept: str) -> None:
    assert not await Passwords(QUICK).matches("plain", kept)


async def test_hashing_is_done_away_from_the_loop_and_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, under_way, most = set(), 0, 0
    lock, real = threading.Lock(), passwords._hash

    def watched(*arguments: object) -> str:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            seen.add(threading.current_thread())
        try:
            return real(*arguments)  # type: ignore[arg-type]
        finally:
            with lock:
                under_way -= 1

    monkeypatch.setattr(passwords, "_hash", watched)
    keeper = Passwords(QUICK)
    assert not any(await asyncio.gather(*(keeper.matches("x", None) for _ in range(12))))
    assert threading.main_thread() not in seen and seen
    assert most <= passwords.AT_ONCE
