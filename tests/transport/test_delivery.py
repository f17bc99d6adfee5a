import asyncio
from typing import Any

from transport.delivery import Delivery


async def test_what_was_gathered_comes_in_one_call_before_the_news() -> None:
    told: list[Any] = []
    delivery: Delivery[int] = Delivery(told.append)
    delivery.flush()
    delivery.add(1)
    delivery.add(2)
    delivery.tell(told.append, "news")
    delivery.add(3)
    delivery.tell(None)
    delivery.add(4)
    delivery.flush()
    delivery.flush()
    assert told == [[1, 2], "news", [3, 4]]


async def test_what_a_callback_raises_goes_to_the_handler_of_the_loop() -> None:
    raised: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    done: list[Any] = []

    def owner(what: Any) -> None:
        done.append(what)
        raise LookupError("of the owner")

    delivery: Delivery[int] = Delivery(owner)
    delivery.add(1)
    delivery.tell(owner, "news")
    assert done == [[1], "news"]
    assert [str(context["exception"]) for context in raised] == ["of the owner"] * 2
    assert "owner" in raised[0]["message"]


async def test_after_closing_nothing_is_told() -> None:
    told: list[Any] = []
    delivery: Delivery[int] = Delivery(told.append)
    delivery.add(1)
    delivery.close()
    delivery.tell(told.append, "news")
    assert told == []
