import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from actors.stores.expiry_index import LATE_S
from actors.stores.s3_bucket import Bucket
from actors.stores.s3_files import Record, S3Files, content_path, record_path
from aigc.core.errors import Conflict, InputInvalid, NotFound, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset
from tests.s3_kit import CREDENTIALS, s3_server

KEY = AssetKey("uploads/a/mesh.glb")


@pytest.fixture
def files(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Files]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    files = S3Files(Bucket(s3_server(pytestconfig).settings()))
    yield files
    files.close()


def record(key: str = KEY, content: str = "01", **fields: object) -> Record:
    known = {"bytes": 1, "sha256": "", "content_type": "x/y", "created_at": 1.0} | fields
    return Record(content, Asset(key=AssetKey(key), **known))  # type: ignore[arg-type]


def store(files: S3Files, one: Record) -> None:
    files.remind(one.asset)
    files.bucket.put(content_path(one.asset.key, one.content), b"x")
    files.install([one])


def everything(files: S3Files) -> list[str]:
    return sorted(one.path for folder in ("files", "expiry") for one in files.bucket.below(folder))


def test_objects_lie_where_the_layout_says(files: S3Files) -> None:
    store(files, record(expires_at=7200.5))

    assert everything(files) == [
        "expiry/000000002/000000007200500+uploads+a+mesh.glb",
        "files/uploads/a/mesh.glb/@data-01",
        "files/uploads/a/mesh.glb/@record",
    ]
    with pytest.raises(InputInvalid, match="key"):
        record_path(AssetKey("a/../b"))


def test_a_record_that_stands_already_is_a_conflict_unless_it_is_ours(files: S3Files) -> None:
    ours, others = record(content="01"), record(content="02")
    store(files, ours)

    files.install([ours])  # as if the answer to the first request had been lost
    with pytest.raises(Conflict, match="already"):
        files.install([record("uploads/b/x"), others])
    files.withdraw(others)

    assert files.read(KEY) == ours
    files.withdraw(ours)
    assert files.read(KEY) is None


def test_a_content_whose_writer_died_before_the_record_goes_when_its_reminder_is_old(files: S3Files) -> None:
    now = time.time()
    for key, expires_at in (("uploads/old/x", now - LATE_S - 60), ("uploads/new/x", now - 60)):
        files.remind(record(key, expires_at=expires_at).asset)
        files.bucket.put(content_path(AssetKey(key), "01"), b"x")

    assert files.expired(now, 9) == []

    assert [path for path in everything(files) if path.startswith("files")] == ["files/uploads/new/x/@data-01"]
    files.install([record("uploads/new/x", expires_at=now - 60)])  # it was on its way
    assert [asset.key for asset in files.expired(now, 9)] == ["uploads/new/x"]


def test_of_a_deleted_file_nothing_is_left(files: S3Files) -> None:
    store(files, record(expires_at=5.0))
    store(files, record("uploads/b/x", expires_at=6.0))
    files.touch(KEY, 7.0)

    assert [one.asset.key for one in files.remove("uploads/a")] == [KEY]

    assert len(everything(files)) == 3
    assert files.remove("uploads/a") == []
    with pytest.raises(NotFound):
        files.touch(KEY, 1.0)


def test_touching_moves_the_reminder_and_is_not_lost_among_others(
    files: S3Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(files, record(expires_at=5.0))
    write = Bucket.replace

    def others_first(bucket: Bucket, path: str, content: bytes, e_tag: str) -> bool:
        monkeypatch.undo()
        files.touch(KEY, 6.0)
        return write(bucket, path, content, e_tag)

    monkeypatch.setattr(Bucket, "replace", others_first)
    files.touch(KEY, 7.0)

    assert [asset.expires_at for asset in files.expired(9.0, 9)] == [7.0]
    assert len(everything(files)) == 3
    monkeypatch.setattr(Bucket, "replace", lambda *_: False)
    with pytest.raises(Unavailable, match="all the time"):
        files.touch(KEY, 8.0)


def test_what_is_listed_is_read_once_and_again_when_it_changed(files: S3Files, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        store(files, record(f"uploads/{number}/x", created_at=float(number)))
    read: list[str] = []
    get = Bucket.get

    def counted(bucket: Bucket, path: str) -> tuple[bytes, str] | None:
        read.append(path)
        return get(bucket, path)

    monkeypatch.setattr(Bucket, "get", counted)
    assert [asset.created_at for asset in files.newest("uploads", 9)] == [4.0, 3.0, 2.0, 1.0, 0.0]
    assert [asset.created_at for asset in files.newest("uploads", 2)] == [4.0, 3.0]
    assert len(read) == 5
    files.touch(AssetKey("uploads/3/x"), 9.0)
    read.clear()

    assert [asset.expires_at for asset in files.newest("uploads", 9)] == [None, 9.0, None, None, None]
    assert read == ["files/uploads/3/x/@record"]


def test_what_is_no_record_and_no_reminder_is_passed_over(files: S3Files) -> None:
    store(files, record(expires_at=5.0))
    files.bucket.put("files/uploads/b/x/@record", b'{"content": 5')
    for path in ("expiry/000000000/notes", "expiry/trash/x", "expiry/000000000/000000000000005+single", "expiry/x"):
        files.bucket.put(path, b"")

    assert [asset.key for asset in files.newest("uploads", 9)] == [KEY]
    assert files.read(AssetKey("uploads/b/x")) is None
    assert [asset.key for asset in files.expired(9.0, 9)] == [KEY]


def test_an_old_reminder_of_a_time_that_is_not_the_files_goes(files: S3Files) -> None:
    one = record(expires_at=time.time() + 60)
    store(files, one)
    files.remind(replace(one.asset, expires_at=5.0))

    assert files.expired(9.0, 9) == []
    assert len(everything(files)) == 3
