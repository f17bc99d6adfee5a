import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from actors.stores.asset_files import AssetFiles
from actors.stores.upload import Upload
from aigc.core.errors import Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset

KEY = AssetKey("uploads/a/mesh.glb")
ASSET = Asset(key=KEY, bytes=0, sha256="", content_type="x/y")


@pytest.fixture
def files(tmp_path: Path) -> Iterator[AssetFiles]:
    files = AssetFiles(tmp_path / "assets")
    yield files
    files.close()


def left(files: AssetFiles) -> list[Path]:
    return list(files.workspace.folder.iterdir())


def test_a_finished_upload_stands_and_leaves_no_temporary_file(files: AssetFiles) -> None:
    upload = Upload(files, 0)
    upload.write([b"one ", b"two "])

    asset = upload.finish([b"three"], ASSET)

    assert asset.bytes == 13
    assert files.read(KEY) == asset
    assert files.path(KEY).read_bytes() == b"one two three"
    assert left(files) == []


def test_an_abandoned_upload_leaves_nothing_whenever_that_happens(files: AssetFiles) -> None:
    fresh, begun, finished = Upload(files, 0), Upload(files, 0), Upload(files, 0)
    begun.write([b"x"])
    finished.finish([b"x"], ASSET)

    for upload in (fresh, begun, finished):
        upload.abandon()
        upload.write([b"late"])
        upload.finish([b"late"], ASSET)
        upload.abandon()

    assert files.read(KEY) is None
    assert left(files) == []


def test_an_upload_that_may_not_stand_leaves_the_one_that_stands(files: AssetFiles) -> None:
    first, second = Upload(files, 0), Upload(files, 0)
    first.finish([b"first"], ASSET)
    with pytest.raises(Exception, match="already"):
        second.finish([b"second"], ASSET)
    second.abandon()

    assert files.path(KEY).read_bytes() == b"first"


def test_writing_finishing_and_abandoning_at_once_leave_nothing(files: AssetFiles) -> None:
    for _ in range(50):
        upload = Upload(files, 0)
        steps = (partial(upload.write, [b"x" * 1000]), partial(upload.finish, [b"y"], ASSET), upload.abandon)
        threads = [threading.Thread(target=step) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert files.read(KEY) is None
        assert left(files) == []


def test_a_nearly_full_disk_takes_no_more_uploads(files: AssetFiles) -> None:
    with pytest.raises(Unavailable, match="MiB free") as refused:
        Upload(files, 1 << 60).write([b"x"])

    assert (refused.value.code, refused.value.retry_after_s) == ("disk_full", 30)
    assert left(files) == []
