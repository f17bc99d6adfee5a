"""FastMesh: each of the two ids has its own checkpoint, and the mesh comes back where it was."""

from pathlib import Path

from tests.adapters.kit import CUBE, runs, touched

FILES = tuple(f"{hub}/config.json" for hub in ("WopperSet/FastMesh-V1K", "WopperSet/FastMesh-V4K", "facebook/opt-350m"))


def test_each_variant_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    inputs = {"mesh": tmp_path / "cube.obj"}
    small, large = runs(
        "aigc.adapters.fastmesh:FastMesh",
        touched(tmp_path / "weights", *FILES),
        tmp_path,
        ("fastmesh_v1k_retopology", inputs, {"seed": 5, "poly_type": "tri", "output_format": "obj"}),
        ("fastmesh_v4k_retopology", inputs, {"seed": 5, "poly_type": "quad"}),
    )
    assert small.info == {"seed": 5, "variant": "v1k"} and large.info["variant"] == "v4k"
    assert small.main["stats"]["bounds"] == "2 x 4 x 2", "in the size of what came in"
    assert small.steps("sampling") == list(range(50))
    assert (small.main["name"], large.main["name"]) == ("fastmesh.obj", "fastmesh.glb")
    assert large.warnings == ["FastMesh makes triangles; choose another model for quads"]
