"""The few steps by which a file or a name in a folder survives a power cut."""

import errno
import os
from collections.abc import Sequence
from concurrent.futures import Executor, wait
from contextlib import suppress
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


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


def name_once(file: Path, name: Path) -> None:
    """The file, whose bytes are durable, has that name and no other one, if nobody was quicker; else it is as it was.

    Where the file system knows no hard links, what has the name may be seen while it is still being written.

    Raises:
        FileExistsError: there is another file of that name.
    """
    try:
        os.link(file, name)
    except FileExistsError:
        if not os.path.samefile(file, name):  # as it is when a file server's answer was lost and it was asked again
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        write_file(name, file.read_bytes())
        sync_file(name)
    with suppress(OSError):  # it lies in a folder that goes with its process
        file.unlink()
