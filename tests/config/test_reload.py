"""Files read again: whole in force, or refused whole."""

import asyncio
import threading
from pathlib import Path

import pytest
import yaml

from aigc.core.model import Catalogue
from config import settings
from config.catalogue import load_for
from config.reload import Reload

ENTRY = {"class": "aigc.runner.noop:Noop", "parameters": {"properties": {}}, "memory_gb": 0.1}


class Files:
    """A system.yaml with a catalogue beside it, and what was brought into force from them."""

    def __init__(self, folder: Path) -> None:
        self.system, self.models = folder / "system.yaml", folder / "models.yaml"
        self.used: list[Catalogue] = []
        self.write("one")
        self.noted: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.reload = Reload(self.read(), self.read, self.used.append, self.note)

    async def note(self, action: str, subject: str) -> None:
        self.noted.put_nowait((action, subject))

    def write(self, *names: str, **more: dict[str, object]) -> None:
        self.models.write_text(yaml.safe_dump({"models": {"text_to_raw_mesh": dict.fromkeys(names, ENTRY)}}))
        self.system.write_text(yaml.safe_dump({"models": {"catalogue": "models.yaml"}, **more}))

    def read(self) -> settings.Settings:
        return settings.load(self.system, environment={}).settings


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


async def test_what_the_files_say_is_in_force(files: Files) -> None:
    files.write("one", "two")
    reading = await files.reload()
    assert (reading.complaints, reading.notes) == ((), ())
    assert [[spec.id for spec in catalogue.models] for catalogue in files.used] == [["one", "two"]]
    assert files.used[0].digest == load_for(files.read()).digest


async def test_every_complaint_is_told_with_its_place_and_nothing_is_in_force(files: Files) -> None:
    files.models.write_text("models:\n  text_to_meesh: {}\n  text_to_raw_mesh:\n    x: {class: a:B, memory_gb: -1}\n")
    reading = await files.reload()
    assert len(reading.complaints) == 1 and "models.yaml:4:" in reading.complaints[0]
    files.models.write_text("models:\n  text_to_meesh: {}\n  text_to_row_mesh: {}\n")
    reading = await files.reload()
    assert [complaint.partition(" ")[0].rpartition("/")[2] for complaint in reading.complaints] == [
        "models.yaml:2:3:",
        "models.yaml:3:3:",
    ]
    files.system.write_text("server: {prot: 1}\n")
    assert "server.prot" in (await files.reload()).complaints[0]
    assert files.used == []


async def test_settings_that_were_changed_are_told_by_name_and_without_their_values(files: Files) -> None:
    files.write("one", limits={"queue": 7}, redis={"url": "redis://me:secret@cache:6379"})
    reading = await files.reload()
    assert reading.notes == (
        "limits.queue was changed; that takes effect at the next start",
        "redis.url was changed; that takes effect at the next start",
    )
    assert len(files.used) == 1


async def test_of_two_at_once_the_second_reads_when_the_first_is_in_force(files: Files) -> None:
    began, goes_on = threading.Event(), threading.Event()
    in_force: list[int] = []

    def read() -> settings.Settings:
        in_force.append(len(files.used))
        began.set()
        assert goes_on.wait(30)
        return files.read()

    reload = Reload(files.read(), read, files.used.append, files.note)
    both = asyncio.gather(reload(), reload())
    assert await asyncio.to_thread(began.wait, 30)
    goes_on.set()
    await both
    assert in_force == [0, 1]


async def test_a_signal_begins_it_waits_for_nothing_and_is_written_down(files: Files) -> None:
    files.reload.begin()
    assert files.used == []
    noted = await asyncio.wait_for(files.noted.get(), 60)
    assert noted == ("configuration.reloaded", files.used[0].digest)


async def test_what_a_signal_could_not_bring_into_force_is_not_written_down_as_done(files: Files) -> None:
    files.models.write_text("models: 1\n")
    files.reload.begin()
    (task,) = files.reload._begun
    await task
    assert files.noted.empty() and files.used == []
