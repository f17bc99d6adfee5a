import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aigc.core.errors import InputInvalid, Unavailable
from aigc.core.ids import BootId, JobId
from aigc.core.messages import AskEstimates, AskStatus, CatalogueAnswer, Estimate, GatewayHello, Submit, SystemStatus
from tests.web.house_kit import BRISK, CATALOGUE, Broker, House, eventually
from tests.web.stream_kit import fresh
from transport import LinkSettings, OutboxLimits
from web.broker import BrokerLink


class Ends:
    """A link and the broker at its other end, without a web side."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.alive = 0
        self.links: list[BrokerLink] = []

    def link(self, settings: LinkSettings = BRISK) -> BrokerLink:
        link = BrokerLink(
            self.house.context, self.house.broker_address, name="web-0", boot=BootId(f"w{len(self.links)}"),
            ask_timeout_s=1.5, on_alive=self.heard, settings=settings,
        )  # fmt: skip
        self.links.append(link)
        return link

    def heard(self) -> None:
        self.alive += 1

    async def broker(self) -> Broker:
        return await self.house.start_broker()

    async def close(self) -> None:
        for link in self.links:
            link.close()
        if hasattr(self.house, "broker"):
            self.house.broker.close()
        await self.house.store.close()
        self.house.context.destroy(linger=0)


@pytest.fixture
async def ends(tmp_path: Path) -> AsyncIterator[Ends]:
    ends = Ends(tmp_path)
    await ends.house.store.open()
    yield ends
    await ends.close()


def asked(broker: Broker, kind: type) -> list[Any]:
    return [message for message in broker.heard if isinstance(message, kind)]


async def linked(ends: Ends) -> tuple[BrokerLink, Broker]:
    broker = await ends.broker()
    link = ends.link()
    await eventually(lambda: link.is_alive)
    return link, broker


async def test_a_broker_is_greeted_at_first_and_after_each_return(ends: Ends) -> None:
    _, broker = await linked(ends)
    await broker.until(lambda: asked(broker, GatewayHello))
    broker.close()
    broker = await ends.broker()
    await broker.until(lambda: asked(broker, GatewayHello))
    await eventually(lambda: ends.alive == 2)


async def test_a_job_that_was_handed_over_while_nobody_listened_arrives_when_somebody_does(ends: Ends) -> None:
    link = ends.link()
    link.submit(fresh("early"))
    broker = await ends.broker()
    await broker.until(lambda: "early" in broker.jobs)


async def test_a_full_outbox_is_no_error_and_ends_in_another_greeting(ends: Ends) -> None:
    link = ends.link(replace(BRISK, outbox=OutboxLimits(messages=2)))
    for number in range(10):
        link.submit(fresh(f"j{number}"))
    broker = await ends.broker()
    await broker.until(lambda: len(asked(broker, GatewayHello)) == 2)
    assert len(asked(broker, Submit)) == 2


@pytest.mark.parametrize(
    ("params", "says"), [({"a": "x" * (1 << 20)}, "a job may take"), ({"a": 1 << 70}, "beyond 64 bits")]
)
async def test_a_job_that_no_message_can_hold_is_the_clients_fault(ends: Ends, params: Any, says: str) -> None:
    link = ends.link()
    with pytest.raises(InputInvalid, match=says):
        link.check(msgspec.structs.replace(fresh(), params=params))


async def test_silence_is_an_error_that_says_so(ends: Ends) -> None:
    link = ends.link()
    with pytest.raises(Unavailable) as caught:
        await link.ask(AskStatus(), SystemStatus)
    assert (caught.value.code, caught.value.message) == ("broker_unavailable", "no broker answers")
    link.close()
    with pytest.raises(Unavailable):
        await link.ask(AskStatus(), SystemStatus)


async def test_a_question_that_went_down_with_a_broker_is_put_to_the_next(ends: Ends) -> None:
    link, broker = await linked(ends)
    broker.deaf.add(AskStatus)
    asking = asyncio.create_task(link.ask(AskStatus(), SystemStatus, timeout_s=20.0))
    await broker.until(lambda: asked(broker, AskStatus))
    broker.close()
    await ends.broker()
    assert (await asking).catalogue_digest == CATALOGUE.digest


async def test_an_answer_to_another_question_is_a_defect(ends: Ends) -> None:
    link, _ = await linked(ends)
    with pytest.raises(TypeError, match="SystemStatus is no answer to AskStatus"):
        await link.ask(AskStatus(), CatalogueAnswer)


async def test_questions_about_the_system_within_a_second_are_one(ends: Ends) -> None:
    link, broker = await linked(ends)
    found = await asyncio.gather(*(link.status() for _ in range(20)))
    assert len(asked(broker, AskStatus)) == 1
    found.append(await link.status())
    assert {status.catalogue_digest for status in found} == {CATALOGUE.digest}
    assert len(asked(broker, AskStatus)) in (1, 2)  # a second may have passed


async def test_a_question_that_failed_is_asked_again_at_once(ends: Ends) -> None:
    link, broker = await linked(ends)
    broker.deaf.add(AskStatus)
    with pytest.raises(Unavailable):
        await link.status()
    broker.deaf.clear()
    assert (await link.status()).queue_bound == 1000


async def test_questions_about_places_of_one_moment_travel_as_one(ends: Ends) -> None:
    link, broker = await linked(ends)
    jobs = [JobId(f"j{number}") for number in range(30)]
    broker.estimates = {job: Estimate(job, number, 1.0, 2.0, "") for number, job in enumerate(jobs[:20])}
    found = await asyncio.gather(*(link.estimates([job]) for job in jobs))
    assert [place[job].position for job, place in zip(jobs, found, strict=True) if place] == list(range(20))
    assert [len(question.jobs) for question in asked(broker, AskEstimates)] == [30]


async def test_a_place_is_asked_for_again_once_the_queue_moved(ends: Ends) -> None:
    link, broker = await linked(ends)
    job = JobId("j")
    broker.estimates = {job: Estimate(job, 5, 1.0, 2.0, "")}
    assert (await link.estimates([job]))[job].position == 5
    broker.estimates = {job: Estimate(job, 4, 1.0, 2.0, "")}
    assert (await link.estimates([job]))[job].position == 5
    link.forget_estimates()
    assert (await link.estimates([job]))[job].position == 4


async def test_without_a_broker_places_are_not_known_and_nobody_waits_for_them(ends: Ends) -> None:
    link = ends.link()
    assert await link.estimates([JobId("j")]) == {}
    broker = await ends.broker()
    await eventually(lambda: link.is_alive)
    broker.deaf.add(AskEstimates)
    assert await link.estimates([JobId("j")]) == {}
