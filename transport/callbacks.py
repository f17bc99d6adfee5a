"""An owner's callback that raises does not end the link's own work."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")


def run(loop: asyncio.AbstractEventLoop, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """`callback` ran; if it raised, the loop's exception handler was told, as for any callback of the loop."""
    try:
        callback(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - handed on, not swallowed
        loop.call_exception_handler(
            {"message": f"transport callback {callback!r} raised", "exception": error, "args": args}
        )
