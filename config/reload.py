"""The configuration's files read again while the server runs: the catalogue in force whole, or refused whole."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel

from aigc.core.model import Catalogue
from config.marks import ConfigInvalid
from config.settings import Settings

if TYPE_CHECKING:
    from actors.inquiries import Reading

log = structlog.get_logger()


class Reload:
    """The one way by which another catalogue comes into force, whoever asks: a signal or an operator.

    Args:
        settings: those in force.
        again: reads the settings anew; raises ConfigInvalid.
        use: brings a catalogue into force.
        note: writes down what a signal has brought about, an action and its subject.
    """

    def __init__(
        self,
        settings: Settings,
        again: Callable[[], Settings],
        use: Callable[[Catalogue], None],
        note: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._note = note
        self._settings, self._again, self._use = settings, again, use
        self._one_at_a_time = asyncio.Lock()
        self._begun: set[asyncio.Task[None]] = set()

    async def __call__(self) -> "Reading":
        """What the files say is in force; or every complaint about them, and then what was in force still is."""
        from actors.inquiries import Reading  # here: only a broker reads, and only a broker has it loaded

        async with self._one_at_a_time:
            try:
                # In a thread: interpreters of third parties are asked to describe their models.
                settings, catalogue = await asyncio.to_thread(self._read)
            except ConfigInvalid as error:
                complaints = tuple(str(complaint) for complaint in error.complaints)
                log.error("config.refused", complaints=complaints)
                return Reading(complaints)
            self._use(catalogue)
            notes = tuple(_unchanged(self._settings, settings))
            log.info("config.reloaded", models=len(catalogue.models), digest=catalogue.digest, notes=notes)
            return Reading(notes=notes, digest=catalogue.digest)

    def begin(self) -> None:
        """The same for a signal, which waits for nothing: the log says how it went."""
        task = asyncio.get_running_loop().create_task(self._by_signal(), name="reload")
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _by_signal(self) -> None:
        reading = await self()
        if not reading.complaints:
            await self._note("configuration.reloaded", reading.digest)

    def _read(self) -> tuple[Settings, Catalogue]:
        from config.catalogue import load_for  # here: only one of several processes ever reads it

        settings = self._again()
        return settings, load_for(settings)


def _unchanged(before: Settings, after: Settings) -> Iterator[str]:
    """What the files say otherwise now and is not in force, in words."""
    old, new = dict(_values(before)), dict(_values(after))
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name) and not name.startswith("models."):
            # Without its values: whoever may ask for a reload need not learn a password.
            yield f"{name} was changed; that takes effect at the next start"


def _values(part: BaseModel, above: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from _values(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
