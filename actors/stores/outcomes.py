"""What became of the calls of a group, as each of those who wait hears of its own."""

import asyncio
from collections.abc import Iterable
from typing import Any


def settle(futures: Iterable["asyncio.Future[Any]"], outcomes: Iterable[object]) -> None:
    """Each future has its outcome, an exception where its call failed; one whose waiter has gone is passed over."""
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
