"""What may be given as an input, and how it is told to the server."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aigc.client.errors import BadInput
from aigc.client.records import Job, Output, Upload

PIECE = 1 << 18

MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"glTF", "glb"), (b"ply\n", "ply"), (b"ply\r", "ply"),
    (b"Kaydara FBX Binary", "fbx"), (b"BM", "bmp"), (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"OFF", "off"),
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A file to be sent: its name, its size in bytes, and its content as often as it is asked for."""

    name: str
    size: int
    open: Callable[[], contextlib.AbstractContextManager[IO[bytes]]]

    def pieces(self) -> Iterator[bytes]:
        """The content. Raises BadInput where it has changed its size since."""
        sent = 0
        with self.open() as file:
            while piece := file.read(PIECE):
                sent += len(piece)
                if sent > self.size:
                    break
                yield piece
        if sent != self.size:
            raise BadInput(f"{self.name} changed while it was sent; send it again when it is whole")


def source_of(value: Any, name: str = "") -> Source:
    """The file that a path, bytes, `(name, bytes)`, an open file or a PIL image stands for.

    Args:
        value: as above; bytes and images without a name get one by what they are.
        name: what to call it; default: its own name.

    Raises:
        BadInput: it is nothing of these, or not there.
    """
    if isinstance(value, tuple) and len(value) == 2:
        return source_of(value[1], name or str(value[0]))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(value), name)
    if isinstance(value, (str, os.PathLike)):
        return _of_path(Path(value), name)
    if hasattr(value, "save") and hasattr(value, "getbbox"):
        drawn = io.BytesIO()
        value.save(drawn, format="PNG")
        return _of_bytes(drawn.getvalue(), name or "image.png")
    if hasattr(value, "read"):
        return _of_file(value, name)
    raise BadInput(f"{value!r:.80} is no file; give a path, bytes, (name, bytes), an open file or a PIL image")


def reference_of(value: Any, *, is_text: bool) -> dict[str, Any] | Source:
    """An input as the server wants it, or a file that has to be uploaded first.

    Args:
        value: a text, a URL, a file as in `source_of`, an upload, a job or one of its outputs; a dictionary is taken
            as it is.
        is_text: the input is a text, not a file.

    Raises:
        BadInput: it is nothing of these.
    """
    if isinstance(value, Upload):
        return {"upload": value.id}
    if isinstance(value, Output):
        return {"job": value.url.rpartition("/outputs/")[0].rpartition("/")[2], "output": value.name}
    job = getattr(value, "job", value)
    if isinstance(job, Job):
        return {"job": job.id, "output": "model"}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        if is_text:
            return {"text": value}
        if value.startswith(("http://", "https://", "data:")):
            return {"url": value}
    return source_of(value)


def _of_bytes(data: bytes, name: str) -> Source:
    return Source(name or f"data.{_suffix(data)}", len(data), lambda: io.BytesIO(data))


def _of_path(path: Path, name: str) -> Source:
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give a file")
    return Source(name or path.name, size, lambda: path.open("rb"))


def _of_file(file: IO[bytes], name: str) -> Source:
    """It stays the caller's: it is read from where it stands, and not closed."""
    name = name or os.path.basename(str(getattr(file, "name", "")))
    if not (hasattr(file, "seekable") and file.seekable()):
        return _of_bytes(_all_of(file), name)
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)

    @contextlib.contextmanager
    def lent() -> Iterator[IO[bytes]]:
        file.seek(start)
        yield file

    if not name:
        name = f"data.{_suffix(_all_of(file))}"
        file.seek(start)
    return Source(name, size, lent)


def _all_of(file: IO[bytes]) -> bytes:
    data = file.read()
    if not isinstance(data, bytes):
        raise BadInput("the file is open as text; open it with 'rb'")
    return data


def _suffix(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    found = next((suffix for magic, suffix in MAGIC if data.startswith(magic)), "")
    if not found:
        raise BadInput("bytes need a name by which their kind is known; give ('mesh.obj', data)")
    return found
