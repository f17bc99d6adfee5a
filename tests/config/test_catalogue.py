"""`models.yaml` to the catalogue."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from aigc.core.ids import ModelId
from aigc.core.model import Absent, Catalogue
from aigc.features import FEATURES
from config import recipe
from config.catalogue import Entry, describe, load, needing
from config.installed import Place, Record
from config.marks import ConfigInvalid
from config.settings import Models, Settings
from tests.config.recipe_kit import tiny

EXAMPLE = Path(__file__).parents[2] / "config" / "model_template" / "models.yaml"


def nobody(_: Entry) -> dict[str, object]:
    raise AssertionError("nobody should be asked")


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "models.yaml"
    file.write_text(text)
    return file


def complaints(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as refused:
        load(written(tmp_path, text), describe=nobody)
    return [str(complaint).replace(str(tmp_path), "") for complaint in refused.value.complaints]


WITHOUT_CHANCE = ("uv_unwrapping", "mesh_segmentation", "part_completion")


def test_the_bundled_catalogue_has_a_default_for_every_feature() -> None:
    catalogue = load(None, describe=nobody)
    for feature in FEATURES:
        serving = catalogue.serving(feature)
        assert serving, feature
        assert [spec.is_default for spec in serving] == [True] + [False] * (len(serving) - 1)
    for spec in catalogue.models:
        assert spec.licence, spec.id
        assert "seed" in spec.schema["properties"] or spec.feature in WITHOUT_CHANCE, spec.id


def test_the_bundled_models_take_what_their_features_say_may_be_given_too() -> None:
    catalogue = load(None, describe=nobody)
    for name, feature in FEATURES.items():
        default = catalogue.serving(name)[0]
        assert set(default.inputs) == {*feature.inputs, *(feature.optional_inputs or {})}, name


def test_an_example_outside_the_package_is_described_by_its_own_process() -> None:
    catalogue = load(None, [EXAMPLE], describe=describe)
    spec = catalogue.get("spiral-staircase")
    assert spec is not None
    assert spec.schema["properties"]["radius"]["maximum"] == 5.0
    assert not spec.is_default


def test_the_digest_tells_two_catalogues_apart_and_knows_the_same_one_again(tmp_path: Path) -> None:
    text = "models: {image_to_raw_mesh: {a: {class: 'm:A', memory_gb: %s, parameters: {}}}}"
    one = load(written(tmp_path, text % 1), describe=nobody)
    other = load(written(tmp_path, text % 2), describe=nobody)
    again = load(written(tmp_path, text % 1), describe=nobody)
    assert one.digest == again.digest != other.digest


def test_a_model_has_the_same_digest_after_its_way_through_a_message(tmp_path: Path) -> None:
    text = "models:\n  uv_unwrapping:\n    mine: {class: a:B, parameters: {}, memory_gb: 1, load_s: 7}\n"
    for catalogue in (load(None, describe=nobody), load(written(tmp_path, text), describe=nobody)):
        arrived = msgspec.msgpack.decode(msgspec.msgpack.encode(catalogue), type=Catalogue)
        assert [spec.digest for spec in arrived.models] == [spec.digest for spec in catalogue.models]
        assert arrived == catalogue


def test_every_error_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    told = complaints(
        tmp_path,
        "models:\n"
        "  image_to_raw_mesh:\n"
        "    a: {class: no colon, memory_gb: 12GB}\n"
        "    b: {clas: 'm:B', memory_gb: 1}\n",
    )
    assert [line.split(": ")[0] for line in told] == [
        "/models.yaml:3:16",
        "/models.yaml:3:37",
        "/models.yaml:4:5",
        "/models.yaml:4:15",
    ]


def test_what_only_the_server_can_know_is_told_too(tmp_path: Path) -> None:
    told = complaints(
        tmp_path,
        "models:\n"
        "  image_to_raw_mehs:\n"
        "    a: {class: 'm:A', memory_gb: 1, parameters: {}}\n"
        "  image_to_raw_mesh:\n"
        "    b: {class: 'm:B', memory_gb: 1, parameters: 'aigc.features.image_to_mesh:Nothing'}\n"
        "    c: {class: 'm:C', memory_gb: 1, parameters: {properties: {x: {type: nonsense}}}}\n"
        "    d: {class: 'm:D', memory_gb: 1, parameters: {}, outputs: [docx]}\n"
        "    e: {class: 'm:E', memory_gb: 1, parameters: {}, path: [nowhere]}\n",
    )
    assert told[0].startswith("/models.yaml:2:3: image_to_raw_mehs is not a feature: did you mean image_to_raw_mesh?")
    assert "/models.yaml:5:49: module 'aigc.features.image_to_mesh' has no attribute 'Nothing'" in told[1]
    assert told[2].startswith("/models.yaml:6:37: is not a JSON Schema")
    assert told[3].startswith("/models.yaml:7:53: image_to_raw_mesh cannot give docx: use glb")
    assert told[4] == "/models.yaml:8:53: /nowhere is not a folder: correct the path"


def test_an_id_in_two_files_is_refused(tmp_path: Path) -> None:
    text = "models: {image_to_raw_mesh: {a: {class: 'm:A', memory_gb: 1, parameters: {}}}}"
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text(text)
    second.write_text(text)
    with pytest.raises(ConfigInvalid, match="a is in the catalogue already"):
        load(first, [second], describe=nobody)


def test_models_whose_licence_forbids_commerce_can_be_hidden(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "models: {image_to_raw_mesh: {a: {class: 'm:A', memory_gb: 1, parameters: {}, commercial_use: false},"
        " b: {class: 'm:B', memory_gb: 1, parameters: {}}}}",
    )
    catalogue = load(file, commercial_only=True, describe=nobody)
    assert [(spec.id, spec.is_default) for spec in catalogue.models] == [("b", True)]


def test_a_model_that_cannot_be_imported_is_told_with_its_error(tmp_path: Path) -> None:
    file = written(tmp_path, "models: {image_to_raw_mesh: {a: {class: 'no_such_package:A', memory_gb: 1}}}")
    with pytest.raises(ConfigInvalid, match="No module named 'no_such_package'"):
        load(file, describe=describe)


HEAVY = (
    "models: {text_to_raw_mesh: {"
    "heavy: {class: 'model:Tiny', recipe: made/tiny.yaml, memory_gb: 1, parameters: {}, init: {more: 1}},"
    "light: {class: 'm:L', memory_gb: 1, parameters: {}}}}"
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A recipe file in a folder of its own."""
    (tmp_path / "made").mkdir()
    return tiny(tmp_path / "made")


def put(made: Path, environments: Path) -> Place:
    """What the recipe names is there, as far as can be seen without running it."""
    named = recipe.load(str(made))
    place = Place(environments / "tiny")
    place.python.parent.mkdir(parents=True)
    place.python.touch()
    (place.folder / "sources" / "tiny").mkdir(parents=True)
    place.record.write_text(Record(recipe="tiny", digest=named.digest).model_dump_json())
    return place


def test_a_model_whose_recipe_is_not_installed_is_known_and_not_served(tmp_path: Path, made: Path) -> None:
    catalogue = load(written(tmp_path, HEAVY), environments=tmp_path / "e", describe=nobody)
    assert [(spec.id, spec.is_default) for spec in catalogue.models] == [("light", True)]
    assert catalogue.missing("heavy") == Absent(
        id=ModelId("heavy"),
        feature="text_to_raw_mesh",
        reason="not_installed",
        detail="it is not installed",
        suggestion=f"aigc models install {made}",
        licence="MIT",
        commercial_use=True,
    )
    assert catalogue.missing("light") is catalogue.missing("unheard") is None


def test_a_model_whose_recipe_is_installed_is_served_from_there(tmp_path: Path, made: Path) -> None:
    before = load(written(tmp_path, HEAVY), environments=tmp_path / "e", describe=nobody)
    place = put(made, tmp_path / "e")
    catalogue = load(written(tmp_path, HEAVY), environments=tmp_path / "e", describe=nobody)
    spec = catalogue.get("heavy")
    assert spec is not None and catalogue.absent == ()
    assert (spec.python, spec.path) == (str(place.python), (str(place.folder / "sources" / "tiny"),))
    assert spec.init == {"weights": str(place.weights), "more": 1}
    assert spec.env == {"TINY": f"{place.folder}/x"}
    assert spec.licence == "MIT"
    assert catalogue.digest != before.digest


def test_a_preferred_model_serves_its_feature_once_it_is_there(tmp_path: Path, made: Path) -> None:
    light = "first: {class: 'm:F', memory_gb: 1, parameters: {}}"
    file = written(tmp_path, HEAVY.replace("{heavy:", f"{{{light}, heavy:"))
    names: dict[str, Any] = {"environments": tmp_path / "e", "prefer": ["heavy"], "describe": nobody}
    assert load(file, **names).serving("text_to_raw_mesh")[0].id == "first"
    put(made, tmp_path / "e")
    assert load(file, **names).serving("text_to_raw_mesh")[0].id == "heavy"


def test_a_recipe_that_forbids_commerce_hides_its_models_installed_or_not(tmp_path: Path, made: Path) -> None:
    made.write_text(made.read_text().replace("commercial_use: true", "commercial_use: false"))
    for _ in range(2):
        catalogue = load(written(tmp_path, HEAVY), environments=tmp_path / "e", commercial_only=True, describe=nobody)
        assert [spec.id for spec in catalogue.models] == ["light"]
        hidden = catalogue.missing("heavy")
        assert hidden is not None
        assert (hidden.reason, hidden.commercial_use) == ("licence", False)
        assert hidden.detail == "its licence (MIT) forbids commercial use, and models.commercial_only is set"
        if not (tmp_path / "e").exists():
            put(made, tmp_path / "e")


def test_a_recipe_that_is_not_there_or_not_sound_is_told_with_both_places(tmp_path: Path, made: Path) -> None:
    made.write_text("title: x\n")
    text = (
        "models:\n"
        "  text_to_raw_mesh:\n"
        "    a: {class: 'm:A', memory_gb: 1, recipe: made/tiny.yaml}\n"
        "    b: {class: 'm:B', memory_gb: 1, recipe: trelis}\n"
    )
    told = complaints(tmp_path, text)
    assert told[0].startswith("/models.yaml:3:45: /made/tiny.yaml:1:1: homepage is missing")
    assert any(line.startswith("/models.yaml:4:45: trelis: is no recipe: one of ") for line in told)


def test_every_bundled_heavy_model_can_be_asked_for_once_its_recipe_is_installed(tmp_path: Path) -> None:
    needed = needing(Settings())
    assert load(None, environments=tmp_path, describe=nobody).absent
    for name in set(needed.values()):
        named = recipe.load(name)
        place = Place(tmp_path / name)
        place.python.parent.mkdir(parents=True)
        place.python.touch()
        for source in named.recipe.sources:
            (place.folder / source.into).mkdir(parents=True, exist_ok=True)
        place.record.write_text(Record(recipe=name, digest=named.digest).model_dump_json())
    catalogue = load(None, environments=tmp_path, describe=nobody)
    assert catalogue.absent == ()
    families: dict[str, set[str]] = {}
    for spec in catalogue.models:
        if spec.id in needed:
            assert not spec.is_default, "an operator says so with models.prefer"
            families.setdefault(spec.family or spec.id, set()).add(needed[spec.id] + spec.class_path + str(spec.init))
    assert all(len(alike) == 1 for alike in families.values()), "one family is one class in one environment"
    assert set(families) == set(needed.values())


def test_what_needs_a_recipe_is_told_of_every_file(tmp_path: Path, made: Path) -> None:
    named = needing(Settings(models=Models(catalogue=written(tmp_path, HEAVY))))
    assert named == {"heavy": str(made)}
