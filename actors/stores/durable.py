"""The few steps by which a file or a name in a folder survives a power cut."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor, wait
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """The names in the folder are durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """The file's bytes are durable. Raises OSError where the path is a symbolic link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(paths: Sequence[Path], threads: Executor) -> None:
    """The bytes of all these files are durable; returns when no thread is at it any more, also where one raised.

    Side by side, as a journal commits at once what is synced at once.
    """
    others = [threads.submit(sync_file, path) for path in paths[1:]]
    try:
        for path in paths[:1]:
            sync_file(path)
    finally:
        wait(others)
    for other in others:
        other.result()


def make_folder(folder: Path) -> None:
    """The folder is there, durably, with all above it."""
    try:
        folder.mkdir()
    except FileExistsError:
        return
    except FileNotFoundError:
        make_folder(folder.parent)
        return make_folder(folder)
    sync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """A new file with that content; or, if that fails, no file. Neither its bytes nor its name are durable yet."""
    with path.open("xb") as file:
        try:
            file.write(content)
            file.flush()
        except BaseException:
            path.unlink()
            raise
