"""The few steps by which a file or a name in a folder survives a power cut."""

import errno
import os
from pathlib import Path

StrPath = str | os.PathLike[str]
"""Plain text where there is much to do: building and comparing `Path`s was two fifths of what a small result cost."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
ONLY_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How a file or a folder is opened to be synced; what became a pipe is not waited for."""
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def sync(path: Path) -> None:
    """The bytes of the file, or the names in the folder, are durable. Raises OSError where it is a symbolic link."""
    descriptor = os.open(path, ONLY_LOOK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
    os.close(new_file(path, content))


def new_file(path: StrPath, content: bytes, *, dated: float | None = None) -> int:
    """The same, and its open descriptor.

    Args:
        dated: when it was last changed, as others shall see it (seconds since the epoch); None: now.
    """
    descriptor = os.open(path, _NEW, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if dated is not None:
            os.utime(descriptor, (dated, dated))
    except BaseException:
        os.close(descriptor)
        os.unlink(path)
        raise
    return descriptor


def name_once(file: StrPath, name: StrPath) -> None:
    """The file, whose bytes are durable, has that name too, if nobody was quicker; else it is as it was.

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
