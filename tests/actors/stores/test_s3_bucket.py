from collections.abc import Callable

import pytest

from actors.stores.s3_bucket import Bucket
from actors.stores.s3_settings import S3Settings
from aigc.core.errors import Unavailable
from tests.s3_kit import BUCKET, CREDENTIALS, S3Server, s3_server


@pytest.fixture
def server(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3_server(pytestconfig)


@pytest.fixture
def settings(server: S3Server) -> S3Settings:
    return server.settings()


@pytest.fixture
def bucket(settings: S3Settings) -> Bucket:
    return Bucket(settings)


def test_an_object_is_created_once(bucket: Bucket) -> None:
    assert bucket.create("a/x", b"one")
    assert not bucket.create("a/x", b"two")

    found = bucket.get("a/x")
    assert found is not None and found[0] == b"one"
    assert bucket.get("a/y") is None


def test_an_object_is_replaced_only_as_it_was_seen(bucket: Bucket) -> None:
    bucket.put("a/x", b"one")
    seen = bucket.get("a/x")
    assert seen is not None

    assert bucket.replace("a/x", b"two", seen[1])
    assert not bucket.replace("a/x", b"three", seen[1])
    assert not bucket.replace("a/none", b"three", seen[1])

    assert (bucket.get("a/x") or (b"", ""))[0] == b"two"
    assert bucket.get("a/none") is None


def test_parts_are_read_as_far_as_there_is_something(bucket: Bucket) -> None:
    bucket.put("a/x", b"0123456789")

    assert [bucket.get_part("a/x", start, 4) for start in (0, 8, 10, 20)] == [b"0123", b"89", None, None]
    assert bucket.get_part("a/none", 0, 4) is None


def test_objects_are_listed_below_whole_names_only(bucket: Bucket) -> None:
    for path in ("a/b/@x", "a/b/c/@y", "a/bc/@z"):
        bucket.put(path, b"x")

    assert sorted(one.path for one in bucket.below("a/b")) == ["a/b/@x", "a/b/c/@y"]
    assert bucket.names("a/b") == (["c"], ["@x"])
    assert bucket.names("none") == ([], [])
    assert bucket.below("none") == []


def test_what_was_deleted_is_gone_and_may_have_been_gone_before(bucket: Bucket) -> None:
    bucket.put("a/x", b"x")
    bucket.put("a/y", b"y")

    bucket.delete(["a/x", "a/none"])
    bucket.delete([])

    assert [one.path for one in bucket.below("a")] == ["a/y"]


def test_an_object_in_parts_is_there_when_its_writer_is_closed(
    bucket: Bucket, server: S3Server, settings: S3Settings
) -> None:
    writer = bucket.writer("a/large", "model/gltf-binary")
    for number in range(18):
        writer.write(bytes([number]) * (1 << 20))
        assert bucket.get_part("a/large", 0, 1) is None
    writer.close()

    assert bucket.get_part("a/large", 17 << 20, 2) == b"\x11\x11"
    assert server.unfinished(settings) == 0


@pytest.mark.parametrize("size", [10, 18 << 20])
def test_nothing_is_left_of_an_abandoned_writer(
    bucket: Bucket, server: S3Server, settings: S3Settings, size: int
) -> None:
    writer = bucket.writer("a/x", "x/y")
    writer.write(b"x" * size)
    writer.abandon()
    writer.abandon()

    assert bucket.below("a") == []
    assert server.unfinished(settings) == 0


REPLACE: Callable[[Bucket], object] = lambda bucket: bucket.replace("a/x", b"", '"1"')  # noqa: E731
CALLS: list[Callable[[Bucket], object]] = [
    lambda bucket: bucket.get("a/x"),
    lambda bucket: bucket.get_part("a/x", 0, 1),
    lambda bucket: bucket.create("a/x", b""),
    REPLACE,
    lambda bucket: bucket.put("a/x", b""),
    lambda bucket: bucket.delete(["a/x"]),
    lambda bucket: bucket.below("a"),
    lambda bucket: bucket.names("a"),
    lambda bucket: bucket.writer("a/x", "x/y").close(),
]


@pytest.mark.parametrize("fault", ["bucket", "port", "key"])
def test_whatever_keeps_us_from_the_bucket_is_unavailable_and_tells_no_address(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    settings = server.settings(port=1 if fault == "port" else None, retries=0)
    if fault == "key":
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    if fault == "bucket":
        settings = type(settings)(bucket="no-such-bucket", endpoint=settings.endpoint)
    bucket = Bucket(settings)

    # A condition on an object of a bucket that is not there: this server says that it is not met.
    for call in CALLS if fault != "bucket" else [call for call in CALLS if call is not REPLACE]:
        with pytest.raises(Unavailable) as refused:
            call(bucket)
        assert refused.value.code == "assets_unavailable"
        assert not any(word in str(refused.value) for word in ("127.0.0.1", BUCKET, "no-such-bucket", "a/x"))
        assert ("credentials" in str(refused.value)) == (fault == "key")
