from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.stores.sqlite import SqliteJobStore
from aigc.core.errors import Conflict, QueueFull, StoreBroken, Unavailable
from tests.actors.stores.store_kit import job
from web import creation
from web.counters import Counters
from web.creation import Creation, outward


async def test_a_record_is_created_once_or_refused_in_a_clients_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def again(default: float) -> float:
        return default + 7.0

    store, counters = SqliteJobStore(tmp_path / "jobs.db"), Counters()
    await store.open()
    made = Creation(store, counters, bound=1, owner_bound=0, retry_after_s=again)
    first = job(idempotency_key="k", request_digest="one")
    assert not (await made.create(first)).replayed
    assert (await made.create(job(idempotency_key="k", request_digest="one"))).job == first
    with pytest.raises(Conflict) as used:
        await made.create(job(idempotency_key="k", request_digest="two"))
    assert (used.value.code, used.value.where) == ("idempotency_mismatch", "Idempotency-Key")
    with pytest.raises(QueueFull, match="1 jobs may wait") as full:
        await made.create(job())
    assert full.value.retry_after_s and full.value.retry_after_s > 7.0
    assert [row.values for row in counters.tally.rows()] == [(1.0,)], "the replay counts for nothing"

    async def away(job: Any, **bounds: int) -> Any:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(store, "create", away)
    with pytest.raises(Unavailable):
        await made.create(msgspec.structs.replace(first, idempotency_key=""))
    assert made.fault == "the disk is full"
    monkeypatch.setattr(creation, "FAULT_S", 0.0)
    assert made.fault == "", "that was long ago"
    await store.close()


def test_where_a_broken_store_is_stands_in_the_log_alone() -> None:
    assert "/srv" not in outward(StoreBroken("/srv/jobs.db is damaged"))
    assert outward(Unavailable("the disk is full")) == "the disk is full"
