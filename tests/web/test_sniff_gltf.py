import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.errors import InputInvalid
from tests.web.files_kit import glb, gltf
from web.sniff_gltf import BLANKS_MAX, GltfScan
from web.sniff_gltf import glb as glb_walk
from web.sniff_pictures import Walker


def scan(data: bytes, step: int = 1 << 16) -> None:
    found = GltfScan()
    for start in range(0, len(data), step):
        found.feed(data[start : start + step])
    found.finish()


def walk(data: bytes) -> None:
    walker = Walker(glb_walk(), "GLB")
    walker.feed(data)
    walker.finish()


def with_uri(uri: str) -> bytes:
    return gltf(buffers=[{"byteLength": 3, "uri": uri}], images=[{"uri": "data:image/png;base64,AAAA"}])


@pytest.mark.parametrize("step", [1, 2, 3, 5, 1 << 16])
def test_data_that_the_file_holds_itself_is_welcome(step: int) -> None:
    scan(with_uri("data:application/octet-stream;base64," + "QUJD" * 1000), step)
    scan(with_uri("data:application/gltf-buffer;base64,QUJD").replace(b"/", b"\\/"), step)


@pytest.mark.parametrize(
    "uri",
    [
        "scene.bin",
        "../../etc/passwd",
        "file:///etc/passwd",
        "http://10.0.0.1/x",
        "//host/share",
        "C:\\x.bin",
        "",
        "%64ata:x",
        "blob:x",
    ],
)
@pytest.mark.parametrize("step", [1, 4, 1 << 16])
def test_a_reference_to_anything_else_is_refused(uri: str, step: int) -> None:
    with pytest.raises(InputInvalid, match="refers to another file") as caught:
        scan(with_uri(uri), step)
    assert caught.value.code == "external_reference"


@pytest.mark.parametrize("key", ["\\u0075ri", "u\\u0072i", "\\u0075\\u0072\\u0069", "ur\\u0069"])
def test_a_reference_cannot_hide_behind_escapes(key: str) -> None:
    text = gltf(images=[{"uri": "evil.png"}]).decode().replace('"uri"', f'"{key}"')
    assert json.loads(text)["images"][0]["uri"] == "evil.png"
    with pytest.raises(InputInvalid, match="refers to another file"):
        scan(text.encode())


def test_a_reference_cannot_hide_behind_blanks_or_escaped_quotes() -> None:
    for text in (
        b'{"asset":{"version":"2.0"},"images":[{"uri" \n\t : \r\n "x.png"}]}',
        b'{"asset":{"version":"2.0"},"a":"\\"","images":[{"uri":"x.png"}]}',
        b'{"asset":{"version":"2.0"},"a":"\\\\","images":[{"uri":"x.png"}]}',
        b'{"asset":{"version":"2.0"},"a":"\\\\\\"","images":[{"name":"b\\\\","uri":"x.png"}]}',
    ):
        json.loads(text)
        for step in (1, 2, 1 << 16):
            with pytest.raises(InputInvalid, match="refers to another file"):
                scan(text, step)


def test_the_word_uri_as_a_value_or_in_an_extra_is_no_reference() -> None:
    scan(gltf(nodes=[{"name": "uri"}, {"name": "data"}], extras=["uri", "x.png"]))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"asset": {}},
        {"asset": {"version": "1.0"}},
        {"asset": {"generator": "version"}},
        {"version": "2.0"},
        {"asset": "version", "version": "2.0"},
        {"asset": ["version", "2.0"]},
    ],
)
@pytest.mark.parametrize("step", [3, 1000])
def test_other_json_is_no_gltf(document: dict[str, object], step: int) -> None:
    with pytest.raises(InputInvalid, match=r"asset\.version"):
        scan(json.dumps(document).encode(), step)


def test_the_version_may_come_last() -> None:
    scan(
        b'{"nodes":[{"name":"x"}],"accessors":[{"max":[1,2,3]}],"asset":{"generator":"g","extras":{},"version":"2.0"}}',
        2,
    )


def test_a_document_that_was_cut_off_is_refused() -> None:
    whole = gltf(nodes=[{"name": "x"}])
    for end in range(len(whole)):
        if not whole[:end].endswith(b"}"):  # brackets are not counted: the reader in the runner sees the rest
            with pytest.raises(InputInvalid):
                scan(whole[:end])


def test_a_reference_cannot_hide_behind_a_run_of_blanks() -> None:
    blanks = b" " * (BLANKS_MAX // 2 - 100)
    text = b'{"asset":{"version":"2.0"},"images":[{"uri"%b:%b"x.png"}]}'
    for step in (100, 1024, 1 << 16):
        with pytest.raises(InputInvalid, match="refers to another file"):
            scan(text % (blanks, blanks), step)
        with pytest.raises(InputInvalid, match=r"blanks in a row|refers to another file"):
            scan(text % (blanks * 5, b"\n"), step)


def test_memory_stays_flat_whatever_the_length_of_a_string_or_of_numbers() -> None:
    found = GltfScan()
    found.feed(b'{"asset":{"version":"2.0"},"buffers":[{"uri":"data:x,')
    for piece in (b"A" * 65536, b'"}],"extras":[1', b",1" * 32768, b'"",' * 20_000):
        for _ in range(20):
            found.feed(piece)
            assert len(found._carry) <= BLANKS_MAX


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.just("uri"), inner, max_size=4)
    ),
    max_leaves=12,
)


def _references(value: object) -> bool:
    if isinstance(value, dict):
        return any(
            (name == "uri" and isinstance(one, str) and not one.lower().startswith("data:")) or _references(one)
            for name, one in value.items()
        )
    return isinstance(value, list) and any(map(_references, value))


@given(JSON, st.integers(1, 40), st.booleans())
def test_the_scan_finds_what_a_real_parser_finds(extras: object, step: int, ascii_only: bool) -> None:
    document = {"asset": {"version": "2.0"}, "extras": extras}
    data = json.dumps(document, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    try:
        scan(data, step)
        refused = False
    except InputInvalid as error:
        assert error.code == "external_reference"
        refused = True
    assert refused == _references(document)


def test_a_glb_is_as_long_as_it_says() -> None:
    good = glb(binary=b"12345678")
    walk(good)
    for length in (0, 12, len(good) - 4, len(good) + 4, 2**32 - 1):
        with pytest.raises(InputInvalid):
            walk(glb(binary=b"12345678", length=length))


def test_a_glb_may_not_refer_to_other_files_either() -> None:
    walk(glb(gltf(buffers=[{"byteLength": 4}])))
    with pytest.raises(InputInvalid, match="refers to another file"):
        walk(glb(with_uri("file:///etc/shadow")))


@pytest.mark.parametrize(
    "data",
    [
        glb()[:4] + b"\x01\0\0\0" + glb()[8:],
        glb()[:16] + b"BIN\0" + glb()[20:],
        glb(b"not json at all.."),
        glb(b""),
    ],
)
def test_a_glb_without_a_sound_document_is_refused(data: bytes) -> None:
    with pytest.raises(InputInvalid):
        walk(data)
