"""Weights: fetched, resumed, verified; from a hub and from an address."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from config.fetching import FetchFailed, Hub, Wanted, fetch, wanted_of
from config.recipe import Weights

BIG = bytes(range(256)) * 512
SMALL = b'{"a": 1}'
COMMIT = "c" * 40
TREE = [
    {"type": "directory", "path": "ckpts"},
    {"type": "file", "path": "ckpts/big.bin", "size": 130, "oid": "0" * 40,
     "lfs": {"oid": hashlib.sha256(BIG).hexdigest(), "size": len(BIG)}},
    {"type": "file", "path": "config.json", "size": len(SMALL),
     "oid": hashlib.sha1(b"blob %d\0" % len(SMALL) + SMALL).hexdigest()},
    {"type": "file", "path": "other.txt", "size": 3, "oid": "1" * 40},
]  # fmt: skip


class FakeHub(BaseHTTPRequestHandler):
    """A hub with one repository, `o/r`, and another that wants a token."""

    files: ClassVar = {"ckpts/big.bin": BIG, "config.json": SMALL}
    asked: ClassVar[list[tuple[str, str | None]]] = []
    cut_at: int | None = None

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range")))
        if self.path.startswith("/api/models/o/r/revision/main"):
            return self._send(json.dumps({"sha": COMMIT}).encode())
        if self.path.startswith(f"/api/models/o/r/tree/{COMMIT}?recursive=true"):
            return self._send(json.dumps(TREE).encode())
        if self.path.startswith("/gated/r") and self.headers.get("Authorization") != "Bearer good":
            return self.send_error(403)
        content = self.files.get(self.path.partition(f"/resolve/{COMMIT}/")[2])
        if content is None:
            return self.send_error(404)
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        return self._send(content[start:], 206 if start else 200, len(content) - start)

    def _send(self, content: bytes, status: int = 200, length: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content[: self.cut_at])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    FakeHub.asked, FakeHub.cut_at = [], None
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeHub) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield Hub(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def all_of(hub: Hub, weights: Weights, folder: Path) -> list[str]:
    commit = hub.commit(weights)
    kept = [fetch(one, folder, lambda _: None, hub.headers()) for one in wanted_of(weights, hub, commit)]
    for one in kept:
        content = (folder / one.path).read_bytes()
        assert (one.bytes, one.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    return [one.path for one in kept]


def test_files_of_a_hub_come_at_the_commit_that_its_revision_is_and_with_its_hashes(hub: Hub, tmp_path: Path) -> None:
    weights = Weights(hub="o/r", include=["ckpts/*", "*.json"])
    assert all_of(hub, weights, tmp_path) == ["o/r/ckpts/big.bin", "o/r/config.json"]
    assert (tmp_path / "o/r/ckpts/big.bin").read_bytes() == BIG
    before = len(FakeHub.asked)
    assert all_of(hub, Weights(hub="o/r", revision=COMMIT, include=["*.json"]), tmp_path) == ["o/r/config.json"]
    assert [path for path, _ in FakeHub.asked[before:] if "resolve" in path] == [], "what is here is not fetched again"


def test_a_download_that_broke_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    weights = Weights(hub="o/r", revision=COMMIT, include=["ckpts/*"])
    FakeHub.cut_at = 100_000
    with pytest.raises(FetchFailed, match=f"100000 of {len(BIG)} bytes; run the same command again"):
        all_of(hub, weights, tmp_path)
    assert not (tmp_path / "o/r/ckpts/big.bin").exists()
    FakeHub.cut_at = None
    all_of(hub, weights, tmp_path)
    assert FakeHub.asked[-1] == (f"/o/r/resolve/{COMMIT}/ckpts/big.bin", "bytes=100000-")
    assert (tmp_path / "o/r/ckpts/big.bin").read_bytes() == BIG


@pytest.mark.parametrize("path", ["ckpts/big.bin", "config.json"])
def test_a_file_with_another_content_than_the_hub_says_is_refused_and_removed(
    hub: Hub, tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = FakeHub.files[path]
    monkeypatch.setitem(FakeHub.files, path, content[:-1] + b"!")
    with pytest.raises(FetchFailed, match="is not the file that is wanted: its hash is"):
        all_of(hub, Weights(hub="o/r", include=[path]), tmp_path)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_file_that_somebody_put_there_is_verified_and_kept_and_a_wrong_one_is_not_touched(tmp_path: Path) -> None:
    wanted = Wanted("https://nowhere.invalid/f", "f", 3, hashlib.sha256(b"abc").hexdigest())
    (tmp_path / "f").write_bytes(b"abc")
    assert fetch(wanted, tmp_path, print).bytes == 3
    (tmp_path / "f").write_bytes(b"abd")
    with pytest.raises(FetchFailed, match=r"move .* away"):
        fetch(wanted, tmp_path, print)
    assert (tmp_path / "f").read_bytes() == b"abd"


def test_a_pattern_that_fits_nothing_is_said(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"o/r has no file like \*\.pth at"):
        all_of(hub, Weights(hub="o/r", include=["*.pth"]), tmp_path)


def test_a_licence_that_was_not_accepted_is_told_from_a_file_that_moved(hub: Hub, tmp_path: Path) -> None:
    gated = Wanted(f"{hub.endpoint}/gated/r/resolve/{COMMIT}/config.json", "x", None, None)
    with pytest.raises(FetchFailed, match="answered 403; its owner wants the licence to be accepted"):
        fetch(gated, tmp_path, print)
    assert fetch(gated, tmp_path, print, Hub(hub.endpoint, "good").headers()).bytes == len(SMALL)
    with pytest.raises(FetchFailed, match="answered 404; it has moved"):
        fetch(Wanted(f"{hub.endpoint}/o/r/resolve/{COMMIT}/gone", "y", None, None), tmp_path, print)


def test_a_machine_without_a_network_is_told_that_files_can_be_copied(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"cannot be reached .*copy the files under their names"):
        fetch(Wanted("http://127.0.0.1:1/f", "f", None, None), tmp_path, print)
