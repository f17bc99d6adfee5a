"""Weights come to this disk: resumed where they stopped, verified before they get their name.

A file that is not whole has the suffix `.part`. A file that somebody else has put there is verified and kept, so a
machine without a network is served by copying.
"""

import fnmatch
import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from config.installed import KeptFile
from config.recipe import Weights

HUB = "https://huggingface.co"
"""Where weights of a `hub` come from, unless HF_ENDPOINT names another."""
CHUNK = 1 << 20
TIMEOUT_S = 60
_COMMIT = 40
"""Hexadecimal digits of a commit's name."""

Say = Callable[[str], None]


class FetchFailed(Exception):
    """Weights could not be had, or are not what they should be; the text says what to do."""


class Wanted(NamedTuple):
    """One file: where it comes from, where it goes, and what is known of its content."""

    url: str
    path: str
    bytes: int | None
    sha256: str | None
    git_blob: str | None = None
    """Git's own name of its content, where a hub gives no sha256: small files that are not in its large storage."""


class Hub:
    """A model hub, as far as pinned downloads need it.

    Args:
        endpoint: its address.
        token: for repositories that want a licence to be accepted first.
    """

    def __init__(self, endpoint: str, token: str = "") -> None:
        self.endpoint = endpoint.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    @classmethod
    def of_environment(cls) -> "Hub":
        """The hub that HF_ENDPOINT and HF_TOKEN name."""
        return cls(os.environ.get("HF_ENDPOINT") or HUB, os.environ.get("HF_TOKEN", ""))

    def commit(self, weights: Weights) -> str:
        """The commit that the revision stands for now."""
        if len(weights.revision) == _COMMIT:
            return weights.revision
        found = self._ask(f"/api/models/{weights.hub}/revision/{urllib.parse.quote(weights.revision, safe='')}")
        return str(found["sha"])

    def wanted(self, weights: Weights, commit: str) -> list[Wanted]:
        """The files to fetch, at that commit.

        Raises:
            FetchFailed: the hub does not answer, or a pattern or a name fits nothing there.
        """
        if weights.files:
            return [self._wanted(weights, commit, file.path, file.bytes, file.sha256) for file in weights.files]
        listed = [entry for entry in self._listed(weights, commit) if entry.get("type") == "file"]
        found = []
        for pattern in weights.include:
            fitting = [entry for entry in listed if fnmatch.fnmatchcase(entry["path"], pattern)]
            if not fitting:
                raise FetchFailed(
                    f"{weights.hub} has no file like {pattern} at {commit}; its recipe needs another look"
                )
            for entry in fitting:
                large = entry.get("lfs") or {}
                found.append(
                    self._wanted(
                        weights,
                        commit,
                        entry["path"],
                        large.get("size", entry["size"]),
                        large.get("oid"),
                        None if large else entry["oid"],
                    )
                )
        return list(dict.fromkeys(found))

    def headers(self) -> dict[str, str]:
        """What each request carries."""
        return dict(self._headers)

    def _wanted(
        self, weights: Weights, commit: str, path: str, size: int | None, digest: str | None, blob: str | None = None
    ) -> Wanted:
        url = f"{self.endpoint}/{weights.hub}/resolve/{commit}/{urllib.parse.quote(path)}"
        return Wanted(url, f"{weights.folder}/{path}", size, digest, blob)

    def _listed(self, weights: Weights, commit: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask(f"/api/models/{weights.hub}/tree/{commit}?recursive=true&limit=1000")
        return found

    def _ask(self, path: str) -> Any:
        with _opened(self.endpoint + path, self._headers) as answer:
            return json.load(answer)


def wanted_of(weights: Weights, hub: Hub, commit: str = "") -> list[Wanted]:
    """The files of one entry of a recipe, from wherever it says."""
    if weights.url:
        file = weights.files[0]
        return [Wanted(weights.url, f"{weights.folder}/{file.path}".lstrip("/"), file.bytes, file.sha256)]
    return hub.wanted(weights, commit)


def copied(weights: Weights, folder: Path) -> list[Wanted]:
    """Files that somebody put there for want of a network, as a hub would list them, but without a hash to compare.

    Empty if a pattern or a name of the recipe has none.
    """
    home = folder / weights.folder
    here = [str(file.relative_to(home)) for file in sorted(home.rglob("*")) if file.is_file()]
    fitting = [
        [name for name in here if fnmatch.fnmatchcase(name, pattern) and not name.endswith(".part")]
        for pattern in weights.include
    ]
    if not weights.include or not all(fitting):
        return []
    names = dict.fromkeys(name for some in fitting for name in some)
    return [Wanted("", f"{weights.folder}/{name}", None, None) for name in names]


def fetch(wanted: Wanted, folder: Path, say: Say, headers: dict[str, str] | None = None) -> KeptFile:
    """The file lies in `folder` under its path, whole and verified; what it is.

    Raises:
        FetchFailed: no network, a refusal, or a content that is not the wanted one.
        OSError: the disk is full, or the like.
    """
    target = folder / wanted.path
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        _download(wanted, part, say, headers or {})
        kept = _verified(wanted, part)
        os.replace(part, target)
        return kept
    return _verified(wanted, target)


def _download(wanted: Wanted, part: Path, say: Say, headers: dict[str, str]) -> None:
    have = part.stat().st_size if part.is_file() else 0
    if wanted.bytes is not None and have == wanted.bytes:
        return
    if wanted.bytes is not None and have > wanted.bytes:
        part.unlink()
        have = 0
    resumed = {"Range": f"bytes={have}-"} if have and not wanted.url.startswith("file:") else {}
    with _opened(wanted.url, {**headers, **resumed}) as answer:
        is_rest = bool(resumed) and getattr(answer, "status", None) == 206
        size = wanted.bytes or (have if is_rest else 0) + int(answer.headers.get("Content-Length") or 0)
        say(f"{wanted.path}: {size / 2**20:.1f} MiB" + (f", {have / 2**20:.1f} of it here already" if is_rest else ""))
        with part.open("ab" if is_rest else "wb") as out:
            _copy(answer, out, have if is_rest else 0, size, say)


def _copy(answer: Any, out: Any, have: int, size: int, say: Say) -> None:
    """The rest of the answer is in `out`; every tenth of it is told."""
    told = have * 10 // size if size else 0
    try:
        while chunk := answer.read(CHUNK):
            out.write(chunk)
            have += len(chunk)
            if size > 64 * CHUNK and have * 10 // size > told:
                told = have * 10 // size
                say(f"  {told * 10} %")
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FetchFailed(f"the download broke ({error}); run the same command again, and it goes on there") from None


def _verified(wanted: Wanted, file: Path) -> KeptFile:
    """What the file is; a download that is not what was wanted is removed."""
    size = file.stat().st_size
    if wanted.bytes is not None and size < wanted.bytes and file.name.endswith(".part"):
        what = f"{wanted.path} ended after {size} of {wanted.bytes} bytes"
        raise FetchFailed(f"{what}; run the same command again, and it goes on there")
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            sha256.update(chunk)
            if wanted.git_blob:
                blob.update(chunk)
    found, expected = sha256.hexdigest(), wanted.sha256
    if wanted.sha256 is None and wanted.git_blob:
        found, expected = blob.hexdigest(), wanted.git_blob
    if expected is not None and found != expected:
        what = f"{wanted.path} is not the file that is wanted: its hash is {found}, not {expected}"
        if file.name.endswith(".part"):
            file.unlink()
            raise FetchFailed(f"{what}; it was removed. If it comes again, what {wanted.url} serves has changed")
        raise FetchFailed(f"{what}; move {file} away, and run the same command again")
    return KeptFile(path=wanted.path, bytes=size, sha256=sha256.hexdigest())


def _opened(url: str, headers: dict[str, str]) -> Any:
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - a recipe's schemes are checked
        return urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        do = "try again later"
        if error.code in (401, 403):
            do = "its owner wants the licence to be accepted on its page; then set HF_TOKEN to a token that can read it"
        elif error.code == 404:
            do = "it has moved; its recipe needs another look"
        raise FetchFailed(f"{url} answered {error.code}; {do}") from None
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", error)
        what = f"{url} cannot be reached ({reason})"
        do = "connect this machine, or copy the files under their names into the folder, where they are verified"
        raise FetchFailed(f"{what}; {do}") from None
