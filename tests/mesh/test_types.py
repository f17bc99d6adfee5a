from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube


def test_a_changed_mesh_leaves_the_old_one_as_it_was():
    mesh = cube()

    renamed = mesh.with_(name="other")

    assert (mesh.name, renamed.name) == ("mesh", "other")
    assert renamed.faces is mesh.faces


def test_bounds_and_corners_are_those_of_the_positions():
    assert cube().bounds.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert (cube().corners == CUBE_CORNERS[CUBE_FACES]).all()
