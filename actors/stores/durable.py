"""The few steps by which a file or a name in a folder survives a power cut."""

import ctypes
import errno
import os
import time
from collections.abc import Sequence
from concurrent.futures import Executor, wait
from contextlib import suppress
from pathlib import Path

SYNCS = 16
"""So many of what is synced together are under way at once, where the disk is slow."""
WORTH_THREADS_S = 0.005
"""A wait that would be shorter in all is waited for in one thread, which costs less CPU."""

StrPath = str | os.PathLike[str]
"""Plain text where there is much to do: building and comparing `Path`s was two fifths of what a small result cost."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_ONLY_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_libc = ctypes.CDLL(None, use_errno=True)
_begin = getattr(_libc, "sync_file_range", None)  # Linux has it, and Python does not
_FROM, _WRITE = ctypes.c_int64(0), 2  # from the first byte to the last; begin, and do not wait


def sync(path: Path) -> None:
    """The bytes of the file, or the names in the folder, are durable. Raises OSError where it is a symbolic link."""
    descriptor = os.open(path, _ONLY_LOOK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Sequence[StrPath], threads: Executor) -> dict[StrPath, OSError]:
    """All these files and folders are durable, but for those that are returned, with the reason.

    Side by side: a journal commits at once what is synced at once, and a disk empties its cache once for all who ask.
    """
    faults: dict[StrPath, OSError] = {}
    opened: dict[StrPath, int] = {}
    try:
        for path in paths:
            try:
                opened[path] = os.open(path, _ONLY_LOOK)
            except OSError as error:
                faults[path] = error
        if len(opened) > 1 and _begin is not None:
            # Else each file's wait would allocate its blocks, and so make a commit of the journal of its own.
            for descriptor in opened.values():
                _begin(descriptor, _FROM, _FROM, _WRITE)
        items = tuple(opened.items())
        began = time.monotonic()
        _synced(items[:1], faults)
        # The first has had the journal commit what all have changed. Threads pay where each of the others waits long.
        is_slow = (time.monotonic() - began) * len(items) > WORTH_THREADS_S
        shares = max(1, min(SYNCS, len(items) - 1)) if is_slow else 1
        others = [threads.submit(_synced, items[first::shares], faults) for first in range(2, shares + 1)]
        _synced(items[1::shares], faults)
        wait(others)
    finally:
        for descriptor in opened.values():
            os.close(descriptor)
    return faults


def _synced(share: Sequence[tuple[StrPath, int]], faults: dict[StrPath, OSError]) -> None:
    for path, descriptor in share:
        try:
            os.fsync(descriptor)
        except OSError as error:
            faults[path] = error


def make_folder(folder: Path) -> None:
    """The folder is there, durably, with all above it."""
    try:
        folder.mkdir()
    except FileExistsError:
        return
    except FileNotFoundError:
        make_folder(folder.parent)
        return make_folder(folder)
    sync(folder.parent)


def write_file(path: StrPath, content: bytes) -> None:
    """A new file with that content; or, if that fails, no file. Neither its bytes nor its name are durable yet."""
    descriptor = os.open(path, _NEW, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def name_once(file: StrPath, name: StrPath) -> None:
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
        write_file(name, Path(file).read_bytes())
        sync(Path(name))
    with suppress(OSError):  # it lies in a folder that goes with its process
        os.unlink(file)
