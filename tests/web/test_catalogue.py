import asyncio
from pathlib import Path
from typing import Any

from actors.stores.sqlite import SqliteJobStore
from aigc.core.errors import Unavailable
from aigc.core.messages import CatalogueAnswer
from aigc.core.model import Catalogue
from tests.web.house_kit import CATALOGUE
from web.catalogue import KEY, KnownCatalogue


class Link:
    """Answers in turn; an answer that is None is silence."""

    def __init__(self, *answers: Catalogue | None) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, message: Any, kind: Any) -> CatalogueAnswer:
        self.asked += 1
        answer = self.answers.pop(0)
        await self.gate.wait()
        if answer is None:
            raise Unavailable("no broker answers")
        return CatalogueAnswer(answer)


OTHER = Catalogue(models=CATALOGUE.models[1:], digest="d2")


async def learned(catalogue: KnownCatalogue, link: Any) -> None:
    catalogue.learn(link)
    assert catalogue._task is not None
    await catalogue._task


async def test_what_a_broker_told_is_in_force_and_found_again_without_one(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    used: list[Catalogue] = []
    first = KnownCatalogue(store, used.append)
    await first.recall()
    assert first.value is None
    await learned(first, Link(CATALOGUE))
    assert first.value == CATALOGUE
    second = KnownCatalogue(store, used.append)
    await second.recall()
    assert second.value == CATALOGUE
    assert used == [CATALOGUE, CATALOGUE]
    await store.close()


async def test_the_same_catalogue_is_not_put_in_force_twice(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    used: list[Catalogue] = []
    catalogue = KnownCatalogue(store, used.append)
    await learned(catalogue, Link(CATALOGUE))
    await learned(catalogue, Link(CATALOGUE))
    await learned(catalogue, Link(None))
    await learned(catalogue, Link(OTHER))
    assert used == [CATALOGUE, OTHER]
    await store.close()


async def test_a_change_that_is_told_while_the_answer_is_under_way_is_asked_for_again(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    link: Any = Link(CATALOGUE, OTHER)
    link.gate.clear()
    catalogue = KnownCatalogue(store, lambda new: None)
    catalogue.learn(link)
    await asyncio.sleep(0)
    catalogue.learn(link)
    link.gate.set()
    assert catalogue._task is not None
    await catalogue._task
    assert (catalogue.value, link.asked) == (OTHER, 2)
    await store.close()


async def test_a_remembered_catalogue_that_cannot_be_read_is_as_if_there_were_none(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    await store.remember(KEY, b"\xc1 not msgpack")
    catalogue = KnownCatalogue(store, lambda new: None)
    await catalogue.recall()
    assert catalogue.value is None
    await store.close()
