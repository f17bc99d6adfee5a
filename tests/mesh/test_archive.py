import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from aigc.mesh import archive
from aigc.mesh.archive import Archive
from aigc.mesh.export import mesh_outputs
from aigc.mesh.gltf import write_glb
from aigc.mesh.read import read_mesh
from aigc.mesh.types import Material, Mesh
from aigc.runner.model import InputInvalid
from tests.mesh.kit import cube

RED = np.full((4, 4, 3), (200, 30, 20), np.uint8)


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def read(folder: Path, files: dict[str, bytes]) -> list[Mesh]:
    path = folder / "upload.bin"
    path.write_bytes(packed(files))
    return read_mesh(path)


def painted() -> Mesh:
    mesh = cube()
    uv = np.linspace(0, 1, 2 * len(mesh.positions), dtype=np.float32).reshape(-1, 2)
    return mesh.with_(uv=uv, material=Material(name="rust", base_color_texture=RED, roughness=0.3))


def parted_gltf(picture: str = "textures/skin.png") -> dict[str, bytes]:
    """A glTF as model sites hand it out: the document, its numbers and its textures apart."""
    data = write_glb(painted())
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size])
    chunk = data[20 + size + 8 :]
    view = document["bufferViews"][document["images"][0].pop("bufferView")]
    start = view.get("byteOffset", 0)
    document["images"][0] = {"uri": picture.replace(" ", "%20")}
    document["buffers"][0]["uri"] = "scene.bin"
    return {
        "model/scene.gltf": json.dumps(document).encode(),
        "model/scene.bin": chunk,
        f"model/{picture}": chunk[start : start + view["byteLength"]],
        "license.txt": b"CC0",
        "__MACOSX/model/._scene.gltf": b"\0",
    }


@pytest.mark.parametrize("picture", ["textures/skin.png", "my skin.png"])
def test_a_gltf_with_its_files_beside_it_is_read_with_its_picture(tmp_path: Path, picture: str) -> None:
    [mesh] = read(tmp_path, parted_gltf(picture))
    assert len(mesh.faces) == 12
    assert mesh.material.base_color_texture is not None
    assert (mesh.material.base_color_texture == RED).all()


def test_an_obj_of_ours_comes_back_with_its_material(tmp_path: Path) -> None:
    files = {output.name: output.data for output in mesh_outputs(painted(), "obj")}
    [mesh] = read(tmp_path, files)  # type: ignore[arg-type]
    assert len(mesh.faces) == 12
    assert mesh.material.name == "rust"
    assert mesh.material.roughness == pytest.approx(0.3)
    assert (mesh.material.base_color_texture == RED).all()
    assert mesh.uv is not None


def test_the_format_that_says_most_is_taken_and_what_lies_deeper_is_not(tmp_path: Path) -> None:
    assert Archive(packed({"a.stl": b"", "b.obj": b"", "deep/c.obj": b"", "readme.md": b""})).mesh() == "b.obj"


def test_a_path_of_the_exporters_own_disk_is_looked_for_by_its_last_part() -> None:
    found = Archive(packed({"m/a.obj": b"", "m/Textures/Wood.PNG": b"wood", "m/up.bin": b"up"}))
    assert found.beside("m/a.obj", "C:\\Users\\ada\\wood.png") == b"wood"
    assert found.beside("m/a.obj", "./Textures/../up.bin") == b"up"
    assert found.beside("m/a.obj", "none.png") is None
    assert found.beside("m/a.obj", "") is None


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.txt": b"hello"}, "holds no mesh"),
        ({"a.obj": b"", "b.obj": b""}, "several meshes"),
        ({"a.zip": packed({"b.obj": b""})}, "holds no mesh"),
        ({"a.obj": packed({"b.obj": b""})}, "archive in an archive"),
        ({"a.obj": b"mtllib b.mtl\nv 0 0 0\n"}, "'b.mtl', which is not in the archive"),
        ({"a.obj": b"mtllib b.mtl\nv 0 0 0\n", "b.mtl": b"newmtl q\nmap_Kd -s 2 2 1 c d.png\n"}, "'c d.png'"),
        ({"a.obj": b"mtllib b.mtl\nv 0 0 0\n", "b.mtl": b"newmtl q\nmap_Kd c\n", "c": b"no"}, "cannot be decoded"),
        ({"a.gltf": b'{"buffers": [{"uri": "/etc/passwd", "byteLength": 9}], "asset": {"version": "2.0"}}'}, "."),
    ],
)
def test_what_is_no_usable_archive_is_refused_in_words(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    with pytest.raises(InputInvalid, match=words):
        read(tmp_path, files)


def test_nothing_outside_the_archive_is_ever_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"x" * 100)
    for uri in (str(secret), f"file://{secret}", "../secret.bin"):
        files = parted_gltf()
        files["model/scene.gltf"] = files["model/scene.gltf"].replace(b'"scene.bin"', json.dumps(uri).encode())
        with pytest.raises(InputInvalid, match="which is not with it"):
            read(tmp_path, files)


def test_a_bomb_is_stopped_whatever_its_list_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    data = packed({"a.obj": b"v 0 0 0\n" * 1000})
    with pytest.raises(InputInvalid, match="holds more than"):
        Archive(data).read("a.obj")
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    with pytest.raises(InputInvalid, match="3 files"):
        Archive(packed({name: b"" for name in "abc"}))


def test_what_is_damaged_or_locked_is_refused_in_words() -> None:
    whole = packed({"a.obj": b"v 0 0 0\n" * 100}, zipfile.ZIP_STORED)
    with pytest.raises(InputInvalid, match="damaged"):
        Archive(whole[:60])
    with pytest.raises(InputInvalid, match="cannot be unpacked"):
        Archive(whole.replace(b"v 0 0 0\n", b"v 1 0 0\n")).read("a.obj")
    locked = bytearray(whole)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + place] |= 1
    with pytest.raises(InputInvalid, match="encrypted"):
        Archive(bytes(locked)).read("a.obj")
