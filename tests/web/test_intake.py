import asyncio
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.stores.directory import DirectoryAssetStore
from aigc.core.errors import InputInvalid
from aigc.core.ids import OwnerId
from aigc.core.ports import Asset
from tests.web.files_kit import GOOD, SVG, files_below, glb, gltf, jpeg, png, stl
from web.intake import IMAGES, MESHES, NAME_CHARACTERS, Intake, IntakeLimits, accepted_suffix, display_name, suffix_of

ALL = IMAGES + MESHES


@pytest.fixture
async def assets(tmp_path: Path) -> AsyncIterator[DirectoryAssetStore]:
    store = DirectoryAssetStore(tmp_path)
    await store.open()
    yield store
    await store.close()


async def in_pieces(data: bytes, step: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), step):
        yield data[start : start + step]


async def take(assets: DirectoryAssetStore, data: bytes, name: str, limits: IntakeLimits | None = None) -> Asset:
    intake = Intake(assets, limits or IntakeLimits())
    return await intake.take(in_pieces(data), filename=name, wanted=ALL, owner=OwnerId("ann"), where="/file")


async def test_a_file_is_stored_under_its_own_id_as_what_it_is(assets: DirectoryAssetStore) -> None:
    stored = await take(assets, png(), "../../holiday.JPG")
    prefix, identity, name = stored.key.split("/")
    assert (prefix, len(identity), name) == ("uploads", 36, "image.png")
    assert (stored.content_type, stored.filename, stored.owner) == ("image/png", "holiday.JPG", "ann")
    assert (await assets.local(stored.key)).read_bytes() == png()
    assert stored.expires_at == pytest.approx(stored.created_at + 86400, abs=60)


@pytest.mark.parametrize("name", GOOD)
async def test_every_kind_of_file_is_stored_byte_for_byte(assets: DirectoryAssetStore, name: str) -> None:
    stored = await take(assets, GOOD[name], name)
    assert (await assets.local(stored.key)).read_bytes() == GOOD[name]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.png", "the file is empty"),
        (SVG, "a.png", "the file is HTML, SVG"),
        (b"hello", "a.png", "the name ends in .png, but the content is not PNG"),
        (b"hello", "a", "of no known format"),
        (png(5000, 10), "a.png", "5000 x 10 pixels"),
        (png() + b"PK", "a.png", "appended"),
        (glb() + b"x" * 1_000_000, "a.glb", "appended"),
        (glb(binary=b"1234" * 100_000)[:-1], "a.glb", "cut off"),
        (stl(20_000)[:-50], "a.stl", "bytes long"),
        (gltf(images=[{"uri": "/etc/passwd"}]), "a.gltf", "refers to another file"),
        (jpeg(after=b"<script>"), "a.jpg", "hides a script"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    assets: DirectoryAssetStore, data: bytes, name: str, words: str
) -> None:
    with pytest.raises(InputInvalid, match=words) as caught:
        await take(assets, data, name)
    assert caught.value.where == "/file"
    assert files_below(assets.folder) == []


async def test_a_picture_where_a_mesh_is_wanted_is_refused_by_what_it_is(assets: DirectoryAssetStore) -> None:
    intake = Intake(assets, IntakeLimits())
    with pytest.raises(InputInvalid, match=r"the file is a picture \(PNG\); GLB or OBJ is wanted") as caught:
        await intake.take(in_pieces(png()), filename="a.glb", wanted=("glb", "obj"), owner=OwnerId(""))
    assert caught.value.code == "unsupported_content"


@pytest.mark.parametrize("size", [None, 2_000_000])
async def test_a_file_that_is_too_large_is_refused_before_it_is_read_to_its_end(
    assets: DirectoryAssetStore, size: int | None
) -> None:
    limits = IntakeLimits(image_bytes=1 << 20)
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        data = png(filler=2_000_000)
        for start in range(0, len(data), 10_000):
            sent += 10_000
            yield data[start : start + 10_000]

    with pytest.raises(InputInvalid, match="at most 1 MB") as caught:
        await Intake(assets, limits).take(pieces(), filename="a.png", wanted=ALL, owner=OwnerId(""), size=size)
    assert caught.value.code == "too_large"
    assert sent <= (1 << 20) + (1 << 18) if size is None else sent <= 1 << 17
    assert files_below(assets.folder) == []


async def test_a_file_exactly_at_the_limit_is_taken(assets: DirectoryAssetStore) -> None:
    data = png(filler=300_000)
    stored = await take(assets, data, "a.png", IntakeLimits(image_bytes=len(data)))
    assert stored.bytes == len(data)
    with pytest.raises(InputInvalid, match="at most"):
        await take(assets, data, "a.png", IntakeLimits(image_bytes=len(data) - 1))


async def test_a_pixel_bomb_is_refused_before_its_body_arrives(assets: DirectoryAssetStore) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        data = png(60_000, 60_000, filler=5_000_000)
        for start in range(0, len(data), 50_000):
            sent += 50_000
            yield data[start : start + 50_000]

    with pytest.raises(InputInvalid, match="60000 x 60000"):
        await Intake(assets, IntakeLimits()).take(pieces(), filename="a.png", wanted=ALL, owner=OwnerId(""))
    assert sent <= 400_000


async def test_a_sender_that_leaves_leaves_nothing_behind(assets: DirectoryAssetStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield png(filler=3_000_000)[:2_000_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await Intake(assets, IntakeLimits()).take(broken(), filename="a.png", wanted=ALL, owner=OwnerId(""))
    assert files_below(assets.folder) == []


async def test_a_taking_that_is_cancelled_leaves_nothing_behind(assets: DirectoryAssetStore) -> None:
    waiting = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield png(filler=3_000_000)[:2_000_000]
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(
        Intake(assets, IntakeLimits()).take(slow(), filename="a.png", wanted=ALL, owner=OwnerId(""))
    )
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files_below(assets.folder) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("\\\\host\\share\\cat.png", "cat.png"),
        ("/abs/cat.png", "cat.png"),
        ("cat\x00.png", "cat.png"),
        ('a"b\r\nSet-Cookie: x.png', 'a"bSet-Cookie: x.png'),
        ("gpj.\u202etac.png", "gpj.tac.png"),
        ("..", ""),
        (".", ""),
        ("", ""),
        ("  .png  ", "png"),
        ("\ud800cat.png", "cat.png"),
        ("a\u2028b.png", "a b.png"),
        ("猫の写真.png", "猫の写真.png"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("x" * 300, "x" * 120),
    ],
)
def test_a_name_is_made_safe_to_show(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(st.text())
def test_no_name_keeps_a_path_a_control_character_or_too_much(name: str) -> None:
    shown = display_name(name)
    assert len(shown) <= NAME_CHARACTERS
    assert "/" not in shown and "\\" not in shown and shown not in (".", "..")
    assert not any(unicodedata.category(char)[0] == "C" for char in shown)
    shown.encode()


def test_the_suffix_is_what_follows_the_last_dot() -> None:
    assert [suffix_of(name) for name in ("a.tar.GZ", "a", ".png", "a.", "a.b.PNG")] == ["gz", "", "", "", "png"]


@pytest.mark.parametrize("name", ["a.exe", "a.svg", "a.png.html", "a.glb", "a.zip"])
def test_a_suffix_that_is_not_wanted_is_refused(name: str) -> None:
    with pytest.raises(InputInvalid, match="is not accepted; PNG, JPEG, WebP, BMP, TIFF or TGA is wanted"):
        accepted_suffix(name, IMAGES)


@pytest.mark.parametrize("name", ["a.png", "a.JPEG", "blob", "", "photo.tif"])
def test_a_wanted_suffix_or_none_is_no_fault(name: str) -> None:
    accepted_suffix(name, IMAGES)
