"""What the page decides without a browser: asked of its modules by Node.js."""

import json
import subprocess
from typing import Any

from aigc.features import FEATURES
from tests.page.test_access import STATIC

MESHES, PICTURES = ["glb", "fbx", "obj"], ["png", "jpg"]


def ask(module: str, expression: str, **given: Any) -> Any:
    """What an expression says that knows all that the module exports, and what was given."""
    code = f"""
      import * as all from {json.dumps(str(STATIC / "js" / f"{module}.js"))};
      const values = {{...all, ...{json.dumps(given)}}};
      const ask = new Function(...Object.keys(values), {json.dumps(f"return ({expression})")});
      console.log(JSON.stringify(ask(...Object.values(values)) ?? null));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def offered() -> list[dict[str, Any]]:
    """Every feature as the API tells it."""

    def told(inputs: Any) -> dict[str, Any]:
        return {name: {"formats": kinds} for name, kinds in (inputs or {}).items()}

    return [
        {"name": one.name, "inputs": told(one.inputs), "optional_inputs": told(one.optional_inputs)}
        for one in FEATURES.values()
    ]


DROPPED = [
    (["png"], {"image_to_raw_mesh", "image_to_textured_mesh"}, set()),
    (["glb"], {"mesh_segmentation", "auto_rig", "text_mesh_editing", "text_mesh_painting"}, {"image_to_raw_mesh"}),
    (["glb", "png"], {"image_mesh_painting"}, {"auto_rig", "image_to_raw_mesh"}),
    (["glb", "png", "png"], {"image_mesh_editing", "image_mesh_painting"}, {"auto_rig"}),
    (["txt"], set(), {"text_to_raw_mesh"}),
]


def test_what_was_dropped_decides_what_is_offered() -> None:
    cases = [formats for formats, _, _ in DROPPED]
    each = "cases.map((formats) => offers(features, formats).map(({name}) => name))"
    answers = ask("offers", each, features=offered(), cases=cases)
    for names, (formats, best, others) in zip(answers, DROPPED, strict=True):
        assert best <= set(names), formats
        assert not others & set(names), formats
    assert answers[2][0] == "image_mesh_painting", "it lacks nothing, an edit by pictures lacks one"


def test_only_features_that_take_a_result_are_offered_for_it() -> None:
    after = "['fbx', 'usdz', 'png'].map((format) => followUps(features, format).map(({name}) => name))"
    meshes = {name for name, feature in FEATURES.items() if "mesh" in feature.inputs}
    fbx, usdz, png = ask("offers", after, features=offered())
    assert set(fbx) == meshes
    assert (usdz, png) == ([], [])


def job(**more: Any) -> dict[str, Any]:
    return {
        "id": "7fe31b00-1", "feature": "text_to_raw_mesh", "model": "shape-grammar", "status": "completed",
        "tags": ["Props"], "metadata": {}, "inputs": {"text": {"text": "A red Chair"}}, "outputs": [], **more,
    }  # fmt: skip


def test_a_job_is_found_by_all_of_its_words() -> None:
    found = [
        {}, {"text": "chair  RED"}, {"text": "raw mesh"}, {"text": "props grammar"}, {"text": "7fe31b"},
        {"status": "completed", "feature": "text_to_raw_mesh", "text": "cha"},
    ]  # fmt: skip
    not_found = [{"text": "red table"}, {"text": "e31b"}, {"status": "failed"}, {"feature": "auto_rig"}]
    answers = ask("search", "wanted.map((one) => matches(job, one))", job=job(), wanted=found + not_found)
    assert answers == [True] * len(found) + [False] * len(not_found)


def test_a_snippet_tells_what_differs_and_asks_for_a_token_where_jobs_have_owners() -> None:
    schema = {"properties": {"seed": {"default": 42}, "size": {"default": 1.0}, "back": {"default": "auto"}}}
    ours = job(params={"seed": 42, "size": 1, "back": "soft"})
    every = """[
        requestOf(job, schema).params, curl(requestOf(job), "https://h"), curl(requestOf({...job, owner: "ada"}), "https://h")
    ]"""
    params, free, owned = ask("snippets", every, job=ours, schema=schema)
    assert params == {"seed": 42, "back": "soft"}
    assert owned.count("Authorization: Bearer $AIGC_TOKEN") == 3
    assert "Authorization" not in free
