"""A stream of bytes from outside becomes a stored file of a known kind, or nothing at all."""

import asyncio
import time
import unicodedata
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing

from msgspec import Struct

from aigc.core.errors import InputInvalid
from aigc.core.ids import AssetKey, OwnerId
from aigc.core.ports import Asset, AssetStore
from web.sniff import BY_SUFFIX, FORMATS, HEAD_BYTES, Format, Inspection, sniff, stranger, titles

CHUNK_BYTES = 1 << 18
NAME_CHARACTERS = 120


class IntakeLimits(Struct, frozen=True, kw_only=True):
    """How much may come in, and how long it stays."""

    image_bytes: int = 50 << 20
    mesh_bytes: int = 200 << 20
    max_edge: int = 4096
    """Pixels along each side of a picture."""
    keep_s: float = 24 * 3600.0
    """Uploads that no job uses expire after this time."""
    idle_s: float = 60.0
    """A sender that sends nothing for so long is given up."""

    def bytes_of(self, kind: str) -> int:
        """The most that a file of this kind (`image`, `mesh`) may have."""
        return self.image_bytes if kind == "image" else self.mesh_bytes


def display_name(name: str) -> str:
    """A file name that is safe to show and to send in a header: the last part of any path, without control and
    direction characters, at most NAME_CHARACTERS long with its suffix kept. It is never used as a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(" " if unicodedata.category(char) in ("Zl", "Zp", "Zs") else char for char in last)
    shown = "".join(char for char in shown if unicodedata.category(char)[0] != "C").strip(" .")
    if len(shown) > NAME_CHARACTERS:
        stem, dot, suffix = shown.rpartition(".")
        shown = f"{stem[: NAME_CHARACTERS - 1 - len(suffix)]}.{suffix}" if dot and len(suffix) < 12 else shown
    return shown[:NAME_CHARACTERS]


def suffix_of(name: str) -> str:
    """The suffix of a file name in lower case without its dot; empty if it has none."""
    stem, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot and stem else ""


def too_large(kind: str, limit: int, where: str = "") -> InputInvalid:
    """The error that says how large a file may be."""
    what = "a picture" if kind == "image" else "a mesh"
    return InputInvalid(
        f"{what} may have at most {limit >> 20} MB",
        suggestion="make it smaller" if kind == "image" else "reduce its triangles or textures",
        where=where,
        code="too_large",
    )


class Intake:
    """Stores what comes in under `uploads/<id>/<kind>.<format>`.

    Args:
        assets: where to.
        limits: how much.
        on_stored: told of so many bytes more in the store.
    """

    def __init__(
        self, assets: AssetStore, limits: IntakeLimits, on_stored: Callable[[int], None] = lambda size: None
    ) -> None:
        self.assets = assets
        self.limits = limits
        self._on_stored = on_stored

    async def take(
        self,
        pieces: AsyncIterator[bytes],
        *,
        filename: str,
        wanted: Collection[str],
        owner: OwnerId,
        size: int | None = None,
        where: str = "",
    ) -> Asset:
        """The whole stream is stored, typed by its content and checked; or nothing is left of it.

        Args:
            pieces: the bytes, in pieces of any size.
            filename: as the sender calls it; shown, and its suffix decides between formats without a signature.
            wanted: names of the formats that are welcome (`png`, `glb`).
            size: its length, where the sender said it.
            where: JSON pointer of the field, for errors.

        Raises:
            InputInvalid: of another kind (`unsupported_content`), too large (`too_large`), too many pixels
                (`picture_too_large`), damaged, disguised, or referring to other files.
            Unavailable: the store cannot take it.
        """
        try:
            taken = await self._take(pieces, display_name(filename), wanted, owner, size)
            self._on_stored(taken.bytes)
            return taken
        except InputInvalid as error:
            error.where = error.where or where
            raise

    async def _take(
        self, pieces: AsyncIterator[bytes], name: str, wanted: Collection[str], owner: OwnerId, size: int | None
    ) -> Asset:
        head = await _head(pieces)
        form = sniff(head[:HEAD_BYTES], suffix_of(name), len(head) if len(head) < HEAD_BYTES else size)
        if form is None or form.name not in wanted:
            raise _unwelcome(head, name, form, wanted)
        limit = self.limits.bytes_of(form.kind)
        if (size or 0) > limit:
            raise too_large(form.kind, limit)
        key = AssetKey(f"uploads/{uuid.uuid4()}/{form.kind}.{form.name}")
        async with aclosing(self._inspected(head, pieces, form, limit)) as chunks:
            return await self.assets.put(
                key,
                chunks,
                content_type=form.content_type,
                limit=limit,
                filename=name or f"{form.kind}.{form.name}",
                owner=owner,
                expires_at=time.time() + self.limits.keep_s,
            )

    async def _inspected(
        self, head: bytes, pieces: AsyncIterator[bytes], form: Format, limit: int
    ) -> AsyncGenerator[bytes, None]:
        """The same bytes in chunks of CHUNK_BYTES or more; raises before the end if they are not what they seem."""
        inspection = Inspection(form, max_edge=self.limits.max_edge)
        held = [head]
        length = len(head)
        async for piece in pieces:
            held.append(piece)
            length += len(piece)
            if length >= CHUNK_BYTES:
                chunk = b"".join(held)
                held, length = [], 0
                if inspection.bytes + len(chunk) > limit:
                    raise too_large(form.kind, limit)
                # In a thread: a chunk of JSON full of small strings takes tens of milliseconds.
                await asyncio.to_thread(inspection.feed, chunk)
                yield chunk
        chunk = b"".join(held)
        if inspection.bytes + len(chunk) > limit:
            raise too_large(form.kind, limit)
        await asyncio.to_thread(inspection.feed, chunk)
        inspection.finish()
        if chunk:
            yield chunk


async def _head(pieces: AsyncIterator[bytes]) -> bytes:
    """Enough of a stream to tell what it is; all of it if it is short."""
    head = bytearray()
    while len(head) < HEAD_BYTES:
        piece = await anext(pieces, None)
        if piece is None:
            break
        head += piece
    return bytes(head)


def _unwelcome(head: bytes, name: str, form: Format | None, wanted: Collection[str]) -> InputInvalid:
    said = BY_SUFFIX.get(suffix_of(name))
    if not head:
        what = "the file is empty"
    elif form is not None:
        what = f"the file is {'a picture' if form.kind == 'image' else 'a mesh'} ({form.title})"
    elif found := stranger(head):
        what = f"the file is {found}"
    elif said is not None:
        what = f"the name ends in .{suffix_of(name)}, but the content is not {said.title}"
    else:
        what = "the content is of no known format"
    return InputInvalid(f"{what}; {titles(wanted)} is wanted", suggestion="convert it", code="unsupported_content")


def accepted_suffix(name: str, wanted: Collection[str]) -> None:
    """Raises InputInvalid for a name whose suffix is not one of the wanted formats; no suffix is no fault."""
    suffix = suffix_of(display_name(name))
    if suffix and (suffix not in BY_SUFFIX or BY_SUFFIX[suffix].name not in wanted):
        raise InputInvalid(
            f"a file that ends in .{suffix[:12]} is not accepted; {titles(wanted)} is wanted",
            suggestion="convert it",
            code="unsupported_content",
        )


IMAGES = tuple(form.name for form in FORMATS.values() if form.kind == "image")
MESHES = tuple(form.name for form in FORMATS.values() if form.kind == "mesh")
