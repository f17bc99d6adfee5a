import asyncio
from typing import Any

from transport import callbacks


async def test_what_a_callback_raises_goes_to_the_handler_of_the_loop() -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    done: list[int] = []

    def owner(number: int) -> None:
        done.append(number)
        if number == 1:
            raise LookupError("of the owner")

    for number in range(3):
        callbacks.run(loop, owner, number)
    assert done == [0, 1, 2]
    assert [str(context["exception"]) for context in told] == ["of the owner"]
    assert "owner" in told[0]["message"]
