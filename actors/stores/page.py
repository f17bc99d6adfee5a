"""What is known of stored files, on pages: a page is the sidecar of each file that is on it, under another name.

To make a file costs ext4 ten times as much as to give one a second name, so those that are stored at once share a page.
What is known of a deleted file goes with the last name of its page.
"""

import os
from contextlib import suppress

import msgspec
from msgspec import Struct

from actors.stores.durable import new_file
from aigc.core.errors import Conflict
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset


class Entry(Struct, frozen=True):
    """What is known of one file."""

    place: str
    """How the name of the file begins."""
    asset: Asset


class Page:
    """One that is written once, when all have added what they know.

    Args:
        path: there is nothing yet, and nothing when it is closed.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._entries: dict[AssetKey, Entry] = {}
        self._descriptor: int | None = None

    def add(self, entry: Entry) -> None:
        """This will be on it. Raises Conflict if something under that key is."""
        if entry.asset.key in self._entries:
            raise taken(entry.asset.key)
        self._entries[entry.asset.key] = entry

    def written(self) -> int:
        """Its open descriptor, to be synced; what is added from now on is not on it. Raises OSError."""
        if self._descriptor is None:
            entries = list(self._entries.values())
            content = msgspec.json.encode(entries if len(entries) > 1 else entries[0])
            self._descriptor = new_file(self.path, content, dated=entries[0].asset.created_at)
        return self._descriptor

    def close(self) -> None:
        """It has no other names than those that it was given."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            with suppress(OSError):  # it lies in a folder that goes with its process
                os.unlink(self.path)


def entry_on(content: bytes, key: str) -> Entry | None:
    """What the page says of that key. Raises MsgspecError if it is none."""
    page = msgspec.json.decode(content, type=Entry | list[Entry])
    entries = page if isinstance(page, list) else [page]
    return next((entry for entry in entries if entry.asset.key == key), None)


def taken(key: AssetKey) -> Conflict:
    """The error for a key that is in use."""
    return Conflict(f"there is a file under {key} already", suggestion="store under a new key")
