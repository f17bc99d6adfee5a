import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.stores.s3_bucket import Bucket
from actors.stores.s3_files import S3Files, content_path
from actors.stores.s3_settings import S3Settings
from actors.stores.s3_upload import S3Upload, publish
from aigc.core.errors import Conflict, InputInvalid, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset
from tests.s3_kit import CREDENTIALS, S3Server, s3_server

KEY = AssetKey("uploads/a/mesh.glb")
ASSET = Asset(key=KEY, bytes=0, sha256="", content_type="model/gltf-binary", expires_at=5.0)
MIB = 1 << 20


@pytest.fixture
def server(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3_server(pytestconfig)


@pytest.fixture
def settings(server: S3Server) -> S3Settings:
    return server.settings()


@pytest.fixture
def files(settings: S3Settings) -> Iterator[S3Files]:
    files = S3Files(Bucket(settings))
    yield files
    files.close()


def contents(files: S3Files) -> list[str]:
    return [one.path for one in files.bucket.below("files")]


def test_a_finished_upload_stands_measured(files: S3Files) -> None:
    upload = S3Upload(files, ASSET)
    upload.write([b"one ", b"two "])
    asset = upload.finish([b"three"], ASSET)

    assert asset == replace(ASSET, bytes=13, sha256=hashlib.sha256(b"one two three").hexdigest())
    record = files.read(KEY)
    assert record is not None and record.asset == asset
    assert files.bucket.get_part(content_path(KEY, record.content), 0, 99) == b"one two three"


def test_its_reminder_is_there_before_any_of_its_content(files: S3Files) -> None:
    upload = S3Upload(files, ASSET)
    upload.write([b"x"])

    assert len(files.bucket.below("expiry")) == 1
    upload.abandon()


@pytest.mark.parametrize("size", [1, 18 * MIB])
def test_an_abandoned_upload_leaves_nothing_whenever_that_happens(
    files: S3Files, server: S3Server, settings: S3Settings, size: int
) -> None:
    fresh, begun, finished = (S3Upload(files, replace(ASSET, key=AssetKey(f"uploads/{n}/x"))) for n in range(3))
    begun.write([b"x" * size])
    finished.finish([b"x" * size], ASSET)

    for upload in (fresh, begun, finished):
        upload.abandon()
        upload.write([b"late"])
        upload.finish([b"late"], ASSET)
        upload.abandon()

    assert contents(files) == []
    assert server.unfinished(settings) == 0


def test_an_upload_that_may_not_stand_leaves_the_one_that_stands(files: S3Files) -> None:
    first, second = S3Upload(files, ASSET), S3Upload(files, ASSET)
    asset = first.finish([b"first"], ASSET)

    with pytest.raises(Conflict):
        second.finish([b"second"], ASSET)
    second.abandon()

    record = files.read(KEY)
    assert record is not None and record.asset == asset
    assert len(contents(files)) == 2


def said(folder: Path, name: str, data: bytes, **fields: object) -> tuple[Path, Asset]:
    path = folder / name
    path.write_bytes(data)
    known = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "content_type": "x/y"} | fields
    return path, Asset(key=AssetKey(f"jobs/j/1/{name}"), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "fault"), [({"sha256": "0" * 64}, "changed after"), ({"bytes": 3}, "4 bytes where 3")]
)
def test_a_file_that_is_not_what_was_said_keeps_the_whole_result_back(
    files: S3Files, tmp_path: Path, fields: dict[str, object], fault: str
) -> None:
    good, bad = said(tmp_path, "good.glb", b"good"), said(tmp_path, "bad.glb", b"mesh", **fields)

    with pytest.raises(InputInvalid, match=fault) as refused:
        publish(files, [good, bad], MIB)

    assert refused.value.code == "result_invalid"
    assert "bad.glb" in refused.value.message
    assert contents(files) == []


def test_no_record_is_made_before_all_content_has_arrived(
    files: S3Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    create = Bucket.create

    def told(bucket: Bucket, path: str, content: bytes) -> bool:
        paths = contents(files)
        seen.append((sum("@data-" in path for path in paths), sum("@record" in path for path in paths)))
        return create(bucket, path, content)

    monkeypatch.setattr(Bucket, "create", told)
    publish(files, [said(tmp_path, "a", b"a"), said(tmp_path, "b", b"b")], MIB)

    assert seen == [(2, 0), (2, 1)]


def test_a_server_that_goes_away_between_two_records_leaves_none_when_it_can_be_reached_again(
    files: S3Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Bucket.create

    def away_for_the_second(bucket: Bucket, path: str, content: bytes) -> bool:
        if path.endswith("b/@record"):
            raise Unavailable("gone", code="assets_unavailable")
        return create(bucket, path, content)

    monkeypatch.setattr(Bucket, "create", away_for_the_second)
    with pytest.raises(Unavailable):
        publish(files, [said(tmp_path, "a", b"a"), said(tmp_path, "b", b"b")], MIB)

    assert contents(files) == []
