"""TRELLIS.2: one family that generates and paints."""

from pathlib import Path

from tests.adapters.kit import CUBE, PICTURE, runs, touched

WEIGHTS = ("microsoft/TRELLIS.2-4B/pipeline.json", "microsoft/TRELLIS.2-4B/texturing_pipeline.json")
PARAMS = {
    "decimation_target": 1_000_000, "texture_size": 4096, "remesh": True, "remesh_band": 1, "remesh_project": 0,
    "seed": None,
}  # fmt: skip


def test_one_family_generates_and_paints_and_counts_a_cascade_as_one(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    made, painted = runs(
        "aigc.adapters.trellis2:Trellis2",
        touched(tmp_path / "weights", *WEIGHTS),
        tmp_path,
        ("trellis2_image_to_textured_mesh", {"image": PICTURE}, PARAMS),
        (
            "trellis2_image_mesh_painting",
            {"image": PICTURE, "mesh": tmp_path / "cube.obj"},
            {"extension_webp": True},
        ),
    )
    assert made.main["stats"]["triangles"] == 12
    assert made.info["seed"] >= 0, "a seed that nobody chose is told"
    assert made.steps("sampling", "sampling the structure") == [0, 1, 2, 3]
    assert made.steps("sampling", "sampling the shape") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert made.steps("sampling", "sampling the materials") == [0, 1, 2, 3]
    assert painted.main["stats"]["bounds"] == "2 x 4 x 2"
    assert painted.steps("sampling", "sampling the materials") == [0, 1, 2, 3]
