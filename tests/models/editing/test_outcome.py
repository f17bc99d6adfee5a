import numpy as np

from aigc.mesh.types import Material
from aigc.models.editing.outcome import finished
from tests.mesh.kit import cube


def test_meshes_of_one_material_become_one_and_empty_ones_go():
    stone = Material("stone")
    one, two = cube().with_(material=stone), cube().with_(material=stone, positions=cube().positions + 3)
    other, empty = cube().with_(name="other"), cube().with_(faces=np.zeros((0, 3), np.int32))

    result = finished([one, other, two, empty])

    assert [len(mesh.faces) for mesh in result] == [24, 12]
    assert result[1] is other
    assert result[0].bounds.tolist() == [[0, 0, 0], [4, 4, 4]]
    assert result[0].faces[12:].min() == 8
