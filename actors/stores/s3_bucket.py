"""One bucket: obstore's synchronous calls, in our words. Every call blocks: for threads only.

Never obstore's asynchronous calls: a process that awaited one may abort when it ends (pyo3-async-runtimes, issue 40).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

import obstore
import structlog
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from actors.stores.s3_settings import S3Settings
from aigc.core.errors import Unavailable

log = structlog.get_logger()

REASON_CHARS = 600
"""Of what the server answered, for the log."""


class Listed(NamedTuple):
    """One object of a listing."""

    path: str
    e_tag: str
    """Another one for each content that the object ever had."""
    modified: float
    """Seconds since the epoch; some servers tell whole seconds only."""


class Bucket:
    """Objects by their paths below the prefix. What is read is what was last written.

    Raises, in any method: `Unavailable`, code `assets_unavailable`.
    """

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        with self._reached():
            self._store = S3Store(settings.bucket, **settings.arguments())

    def get(self, path: str) -> tuple[bytes, str] | None:
        """Content and e_tag of a small object; None if there is none."""
        with self._reached():
            try:
                found = obstore.get(self._store, path)
                return bytes(found.bytes()), found.meta["e_tag"] or ""
            except FileNotFoundError as error:
                _check_bucket(error)
        return None

    def get_part(self, path: str, start: int, length: int) -> bytes | None:
        """So many bytes from there on, fewer at the end; None if there is no such object, or nothing so far on."""
        with self._reached():
            try:
                return bytes(obstore.get_range(self._store, path, start=start, length=length))
            except FileNotFoundError as error:
                _check_bucket(error)
            except BaseError as error:
                if "status code: 416" not in str(error):
                    raise
        return None

    def create(self, path: str, content: bytes) -> bool:
        """The object is there; False if one was there before, which is untouched."""
        with self._reached():
            try:
                obstore.put(self._store, path, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def replace(self, path: str, content: bytes, e_tag: str) -> bool:
        """The object has that content; False if it is not the one of that e_tag any more, and then it is untouched."""
        with self._reached():
            try:
                obstore.put(self._store, path, content, mode={"e_tag": e_tag}, use_multipart=False)
            except (PreconditionError, FileNotFoundError) as error:
                _check_bucket(error)
                return False
        return True

    def put(self, path: str, content: bytes) -> None:
        """The object has that content, whatever it had before."""
        with self._reached():
            obstore.put(self._store, path, content, use_multipart=False)

    def delete(self, paths: Sequence[str]) -> None:
        """None of these objects is there."""
        if paths:
            with self._reached():
                obstore.delete(self._store, list(paths))

    def below(self, folder: str) -> list[Listed]:
        """All objects whose paths begin with `folder/`."""
        with self._reached():
            found = obstore.list(self._store, prefix=folder, chunk_size=1000)
            return [
                Listed(one["path"], one["e_tag"] or "", one["last_modified"].timestamp())
                for chunk in found
                for one in chunk
            ]

    def names(self, folder: str) -> tuple[list[str], list[str]]:
        """Folders and objects right in the folder, by their own names."""
        with self._reached():
            found = obstore.list_with_delimiter(self._store, prefix=folder)
        folders = [path.rpartition("/")[2] for path in found["common_prefixes"]]
        return folders, [one["path"].rpartition("/")[2] for one in found["objects"]]

    def writer(self, path: str, content_type: str) -> "Writer":
        """For an object of any size, which is there when the writer is closed."""
        with self._reached():
            return Writer(self, path, content_type)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            # Addresses and names of objects are not for clients, and clients read what is raised.
            reason = " ".join(str(error).partition("Debug source")[0].split())
            log.warning("assets.unavailable", store=str(self._settings), reason=reason[:REASON_CHARS])
            if isinstance(error, PermissionDeniedError | UnauthenticatedError) or "status code: 403" in reason:
                what, advice = "refuses our credentials", "give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that may"
            else:
                what, advice = "does not answer as it should", "see that it runs, has the bucket, and can be reached"
            raise Unavailable(
                f"the file storage {what}", retry_after_s=5, suggestion=advice, code="assets_unavailable"
            ) from error


class Writer:
    """An object on its way: sent in parts if it is large. Not there before `close`, and never there half."""

    def __init__(self, bucket: Bucket, path: str, content_type: str) -> None:
        settings = bucket._settings
        self._reached = bucket._reached
        self._file = obstore.open_writer(
            bucket._store,
            path,
            attributes={"Content-Type": content_type},
            buffer_size=settings.part_bytes,
            max_concurrency=2,
        )

    def write(self, chunk: bytes) -> None:
        """The bytes come next."""
        with self._reached():
            self._file.write(chunk)

    def close(self) -> None:
        """The object is there, durably."""
        with self._reached():
            self._file.close()

    def abandon(self) -> None:
        """It will not be there, and the parts that were sent are gone if the server can be reached."""
        with suppress(BaseError, OSError):
            self._file.__exit__(InterruptedError, InterruptedError(), None)


def _check_bucket(error: Exception) -> None:
    """A missing bucket is not the same as a missing object."""
    if "NoSuchBucket" in str(error):
        raise error
