import msgspec

from aigc.core.ids import ModelId
from aigc.core.model import Absent, Catalogue, ModelSpec
from aigc.features import FEATURES
from tests.web.house_kit import CATALOGUE, House, eventually


async def test_every_feature_says_what_goes_in_what_comes_out_and_which_models_serve_it(house: House) -> None:
    _, found = await house.call("GET", "/api/v1/features")
    features = {feature["name"]: feature for feature in found["features"]}
    assert set(features) == set(FEATURES)
    painted = features["image_to_textured_mesh"]
    assert (list(painted["inputs"]), list(painted["optional_inputs"])) == (["image"], ["texture_image"])
    assert "png" in painted["inputs"]["image"]["formats"]
    assert (painted["models"], painted["default_model"]) == (["inflate"], "inflate")
    assert features["text_to_textured_mesh"]["models"] == ["shapes", "shapes-slow"]
    assert (features["uv_unwrapping"]["models"], features["uv_unwrapping"]["default_model"]) == ([], None)


async def test_a_model_is_told_with_its_schema_and_where_it_is_in_memory(house: House) -> None:
    status, model = await house.call("GET", "/api/v1/models/shapes")
    assert status == 200
    assert model["schema"]["properties"]["seed"]["default"] == 42
    assert model["residency"] == [
        {"worker": "gpu-0", "state": "running", "bytes": 3 << 30, "idle_s": 0.0, "pinned": True}
    ]
    assert model["digest"] == CATALOGUE.models[0].digest
    assert model["learned"] == {"run_s": 2.0}
    assert (model["licence"], model["is_default"], model["memory_bytes"]) == ("Apache-2.0", True, 1 << 30)


async def test_nothing_of_the_host_is_told_with_a_model(house: House) -> None:
    secret = ModelSpec(
        id=ModelId("x"), feature="collage", class_path="a:B", python="/opt/py", path=("/srv",), env={"TOKEN": "s3cret"},
        init={"weights": "/srv/w"}, writable=("/srv/cache",), inputs=("front_image",),
    )  # fmt: skip
    house.broker.use(Catalogue(models=(*CATALOGUE.models, secret), digest="d2"))
    await eventually(lambda: house.gateway.catalogue.digest == "d2")
    for path in ("/api/v1/models", "/api/v1/models/x", "/api/v1/features"):
        async with house.session.get(path) as response:
            text = await response.text()
        assert "collage" in text
        assert not [word for word in ("s3cret", "/opt/py", "/srv", "a:B") if word in text]


async def test_models_of_one_feature_are_told_its_default_first(house: House) -> None:
    _, found = await house.call("GET", "/api/v1/models?feature=text_to_textured_mesh")
    assert [model["id"] for model in found["models"]] == ["shapes", "shapes-slow"]
    assert found["digest"] == "d1"


async def test_an_unknown_model_is_not_found_with_the_one_that_was_meant(house: House) -> None:
    status, problem = await house.call("GET", "/api/v1/models/shapess")
    assert (status, problem["detail"]) == (404, "there is no model 'shapess'; did you mean shapes?")


async def test_models_are_told_while_no_broker_answers_but_not_where_they_are(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    _, model = await house.call("GET", "/api/v1/models/shapes")
    assert (model["residency"], model["learned"], model["feature"]) == (None, None, "text_to_textured_mesh")


async def test_what_is_known_and_not_served_is_told_with_the_reason(house: House) -> None:
    absent = Absent(
        id=ModelId("heavy"),
        feature="text_to_raw_mesh",
        reason="not_installed",
        detail="it is not installed",
        suggestion="aigc models install heavy",
        licence="MIT",
    )
    house.broker.use(Catalogue(models=CATALOGUE.models, digest="d2", absent=(absent,)))
    await eventually(lambda: house.gateway.catalogue.digest == "d2")
    _, listed = await house.call("GET", "/api/v1/models")
    assert listed["absent"] == [msgspec.to_builtins(absent)]
    assert "heavy" not in [model["id"] for model in listed["models"]]
    _, other = await house.call("GET", "/api/v1/models?feature=uv_unwrapping")
    assert other["absent"] == []
    status, problem = await house.call("GET", "/api/v1/models/heavy")
    assert (status, problem["detail"]) == (
        404,
        "heavy is not served here: it is not installed. aigc models install heavy",
    )
    assert problem["suggestion"] == "aigc models install heavy"
