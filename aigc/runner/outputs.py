"""From what a model returned to files that are whole, durable and checked."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aigc.runner.failures import ResultInvalid
from aigc.runner.formats import check_file, content_type_of
from aigc.runner.model import ROLES
from aigc.runner.protocol import plain

FILES = 64
_CHUNK = 1 << 20
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.[A-Za-z0-9]{1,8}\Z")


def store(result: Any, scratch: Path, folder: str, *, limit: int = 0, fsync: bool = True) -> list[dict[str, Any]]:
    """Every output of `result` lies in `folder` under its own name, whole and durable.

    `folder` is a staging folder: nobody looks for results there before its owner was told that they are complete, so
    files need no temporary names. They are written first and synced together, which costs a fifth less on ext4: the
    first sync commits the names of all.

    Files are copied, never moved: what was checked and hashed is what is kept, even if somebody still writes to the
    original or it has a second name elsewhere.

    Args:
        scratch: the attempt's own folder; files come from there and nowhere else.
        limit: bytes of all files together; 0: no limit.
        fsync: False for tests and benchmarks, where a power cut does not matter.
    Returns: per file name, role, format, content_type, bytes, sha256, stats.
    Raises:
        ResultInvalid: what is wrong with which output; `folder` holds nothing of the result then.
        OSError: the disk is full, or the like.
    """
    outputs = _checked(result)
    stored: list[dict[str, Any]] = []
    written: list[int] = []
    try:
        for output in outputs:
            written.append(os.open(os.path.join(folder, output.name), _NEW_FILE, 0o640))
            left = limit - sum(each["bytes"] for each in stored) if limit else None
            stored.append(_copied(output, scratch, written[-1], left))
        if fsync:
            written.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for fd in written:
                os.fsync(fd)
    except BaseException:
        for output in outputs[: len(written)]:
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, output.name))
        raise
    finally:
        for fd in written:
            os.close(fd)
    return stored


def _checked(result: Any) -> list[Any]:
    """The outputs, of sound names and roles."""
    outputs = getattr(result, "outputs", None)
    if not isinstance(outputs, (list, tuple)):
        raise ResultInvalid(f"the model returned a {type(result).__name__}, not a Result with a list of outputs")
    if not 1 <= len(outputs) <= FILES:
        raise ResultInvalid(f"the result has {len(outputs)} outputs; 1 to {FILES} may be")
    names: set[str] = set()
    for output in outputs:
        name, role = getattr(output, "name", None), getattr(output, "role", None)
        if not isinstance(name, str) or not _NAME.match(name):
            raise ResultInvalid(f"output {name!r}: not a plain file name with a suffix, of letters, digits, . _ and -")
        if name.lower() in names:
            raise ResultInvalid(f"output {name}: two outputs have this name")
        if role not in ROLES:
            raise ResultInvalid(f"output {name}: its role is {role!r}; use one of {', '.join(ROLES)}")
        if (output.data is None) == (output.path is None):
            raise ResultInvalid(f"output {name}: set data or path, and not both")
        names.add(name.lower())
    mains = [output.name for output in outputs if output.role == "model"]
    if len(mains) != 1:
        raise ResultInvalid(f"{len(mains)} outputs have the role model; exactly one must")
    return list(outputs)


def _copied(output: Any, scratch: Path, fd: int, limit: int | None) -> dict[str, Any]:
    """What is known of the output once its content is in the file `fd`, and sound."""
    digest = hashlib.sha256()
    size = 0
    for chunk in _content(output, scratch):
        size += len(chunk)
        if limit is not None and size > limit:
            raise ResultInvalid(f"output {output.name}: the result is larger than may be; {limit} bytes were left")
        digest.update(chunk)
        _write(fd, chunk)
    if size == 0:
        raise ResultInvalid(f"output {output.name}: it is empty")
    suffix = output.name.rpartition(".")[2].lower()
    try:
        check_file(fd, size, suffix)
    except ResultInvalid as error:
        raise ResultInvalid(f"output {output.name}: {error}") from error
    return {
        "name": output.name,
        "role": output.role,
        "format": suffix,
        "content_type": content_type_of(suffix),
        "bytes": size,
        "sha256": digest.hexdigest(),
        "stats": plain(dict(output.stats or {})),
    }


def _content(output: Any, scratch: Path) -> Iterator[bytes | memoryview]:
    if output.data is not None:
        if not isinstance(output.data, (bytes, bytearray, memoryview)):
            raise ResultInvalid(f"output {output.name}: data is a {type(output.data).__name__}, not bytes")
        yield memoryview(output.data).cast("B")
        return
    source = _source(output, scratch)
    # A file that became a link since it was looked at is not followed, one that became a pipe does not block.
    fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ResultInvalid(f"output {output.name}: {output.path} is not a regular file")
        while chunk := os.read(fd, _CHUNK):
            yield chunk
    finally:
        os.close(fd)


def _source(output: Any, scratch: Path) -> Path:
    """Where the file lies, proved to be within `scratch`."""
    path = Path(output.path)
    if ".." in path.parts:
        raise ResultInvalid(f"output {output.name}: {path} has .. in it")
    path = scratch / path  # an absolute path stays as it is
    try:
        mode = os.lstat(path).st_mode
        parent = path.parent.resolve(strict=True)
    except (OSError, ValueError) as error:
        raise ResultInvalid(f"output {output.name}: {path} cannot be read: {error}") from error
    if stat.S_ISLNK(mode):
        raise ResultInvalid(f"output {output.name}: {path} is a link; write the file itself")
    if not stat.S_ISREG(mode):
        raise ResultInvalid(f"output {output.name}: {path} is not a regular file")
    home = scratch.resolve()
    if parent != home and home not in parent.parents:
        raise ResultInvalid(f"output {output.name}: {path} is not in progress.folder ({scratch})")
    return path


def _write(fd: int, chunk: bytes | memoryview) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(fd, left) :]
