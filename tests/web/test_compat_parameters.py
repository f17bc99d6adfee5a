"""Bodies as the web client's panels make them: controls at the top, boxes inside, leftovers of the model before."""

from typing import Any

import pytest

from tests.web.house_kit import spec
from web.compat_parameters import meant

RETOPOLOGY = spec("mesh_retopology", "quadric")
TEXT, IMAGE = spec("text_to_textured_mesh", "shapes"), spec("image_to_textured_mesh", "inflate")


def boxes(model: Any) -> dict[str, Any]:
    """What the boxes of a model send while nobody has touched them."""
    fields = model.schema["properties"]
    return {name: field["default"] for name, field in fields.items() if field.get("default") is not None}


def test_a_panels_own_control_counts_beside_an_untouched_box() -> None:
    panel = {"output_format": "glb", "poly_type": "quad", "target_vertex_count": 900, "seed": None}
    found = meant(panel, boxes(RETOPOLOGY), RETOPOLOGY, ())
    assert found == boxes(RETOPOLOGY) | {"output_format": "glb", "poly_type": "quad", "target_vertex_count": 900}


def test_a_box_that_was_touched_counts_before_the_panels_control() -> None:
    panel = {"output_format": "obj", "target_vertex_count": 900}
    found = meant(panel, boxes(RETOPOLOGY) | {"target_vertex_count": 500, "output_format": "ply"}, RETOPOLOGY, ())
    assert (found["target_vertex_count"], found["output_format"]) == (500, "ply")


def test_null_says_nothing_and_no_model_knows_nothing_at_the_top() -> None:
    assert meant({"seed": 3}, {"seed": None}, RETOPOLOGY, ()) == {"seed": 3}
    assert meant({"seed": None}, {"seed": 4, "more": None}, RETOPOLOGY, ()) == {"seed": 4}
    assert meant({"seed": 3}, {"x": 1}, None, ()) == {"x": 1}


def field(**told: Any) -> Any:
    model = spec("text_to_raw_mesh", "other")
    return type(model)(
        **{name: getattr(model, name) for name in model.__struct_fields__} | {"schema": {"properties": told}}
    )


@pytest.mark.parametrize("where", ["top", "inside"])
def test_another_models_default_that_does_not_fit_is_left_over_and_any_other_value_is_judged(where: str) -> None:
    before, now = (
        field(size={"type": "number", "minimum": 0, "default": 0}),
        field(size={"type": "number", "minimum": 1}),
    )

    def found(value: Any) -> dict[str, Any]:
        sent = {"size": value}
        return meant(*((sent, {}) if where == "top" else ({}, sent)), now, (before, now))

    assert found(0) == found(0.0) == {}
    for value in (0.5, 3, False, "0", [0]):
        assert found(value) == {"size": value}
