import pytest

from aigc.mesh.obj_read import read_obj
from aigc.runner.model import InputInvalid
from tests.mesh.kit import cube


def test_an_obj_is_parted_by_its_materials() -> None:
    corners = b"".join(b"v %g %g %g\n" % tuple(p) for p in cube().positions.tolist())
    obj = b"mtllib some colours.mtl\n" + corners + b"usemtl a\nf 1 2 3\nusemtl b c\nf 2 3 4\nf 3 4 5\n"
    mtl = b"newmtl a\r\nKd 1 0 0\r\nd 0.5\r\n\r\nnewmtl b c\r\nKd 0 0.25 nan\r\nPm 1\r\n"
    meshes = {mesh.material.name: mesh for mesh in read_obj(obj, {"some colours.mtl": mtl}.get)}
    assert {name: len(mesh.faces) for name, mesh in meshes.items()} == {"a": 1, "b c": 2}
    assert meshes["a"].material.base_color == (1.0, 0.0, 0.0, 0.5)
    assert (meshes["b c"].material.base_color, meshes["b c"].material.metallic) == ((0.0, 0.25, 1.0, 1.0), 1.0)


def test_a_library_that_is_not_there_is_missed() -> None:
    with pytest.raises(InputInvalid, match=r"'a\.mtl'"):
        read_obj(b"mtllib a.mtl\nv 0 0 0\n", {}.get)
