"""What a link hands to its owner: batches and news, in the order in which they came."""

import asyncio
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Delivery(Generic[T]):
    """Calls the owner's callbacks. One that raises does not end the link's own work: the loop's exception handler is
    told, as for any callback of the loop. After `close` none is called any more."""

    def __init__(self, on_batch: Callable[[list[T]], None]) -> None:
        self._on_batch = on_batch
        self._loop = asyncio.get_running_loop()
        self._batch: list[T] = []
        self._closed = False

    def add(self, item: T) -> None:
        """`item` goes with the batch that is being gathered."""
        self._batch.append(item)

    def flush(self) -> None:
        """What was gathered has been handed over, in one call; none if there is nothing."""
        if self._batch:
            batch, self._batch = self._batch, []
            self._call(self._on_batch, batch)

    def tell(self, callback: Callable[P, object] | None, *args: P.args, **kwargs: P.kwargs) -> None:
        """The news has been told by `callback`, if there is one, after what was gathered before it."""
        if callback is not None:
            self.flush()
            self._call(callback, *args, **kwargs)

    def close(self) -> None:
        """The owner wants to hear nothing more."""
        self._closed = True

    def _call(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        if self._closed:
            return
        try:
            callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - handed on, not swallowed
            message = f"transport callback {callback!r} raised"
            self._loop.call_exception_handler({"message": message, "exception": error})
