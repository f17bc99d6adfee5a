"""What the page decides without a browser: asked of its modules by Node.js."""

import json
import subprocess
from typing import Any

import pytest

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


def test_a_running_job_tells_what_is_left_only_while_somebody_knows() -> None:
    def running(left_s: float | None, stage: str = "sampling") -> dict[str, Any]:
        progress = {"fraction": 0.4, "estimated_left_s": left_s}
        return job(status="processing", stage=stage, progress=progress)

    given = [running(95.2), running(None), running(0.1), running(12, "loading_model"), running(None, "waiting")]
    told = ask("job", "given.map(stateOf)", given=given)
    expected = ["shaping 40 %, about 2 min left", "shaping 40 %", "shaping 40 %", "loading the model, about 12 s left"]
    assert told == [*expected, "next in line"]
    assert ask("job", "given.map(brief)", given=given) == ["40 %, about 2 min left", *expected[1:], "next in line"]
    assert ask("job", "stateOf({...given, heardAt: performance.now() - 60_000})", given=running(70.0)) == (
        "shaping 40 %, about 10 s left"
    )


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


def test_files_go_where_they_fit_and_several_of_a_kind_are_several_jobs() -> None:
    each = "cases.map(([name, formats, taken]) => placed(features.find((one) => one.name === name), formats, taken))"
    cases = [
        ("image_to_textured_mesh", ["png", "jpg"], []),
        ("image_mesh_editing", ["png", "glb", "png", "png"], []),
        ("image_mesh_editing", ["png"], ["source_image"]),
        ("auto_rig", ["glb", "png"], []),
    ]
    several, edit, second, rig = ask("offers", each, features=offered(), cases=cases)
    assert several == {"at": {"image": [0, 1]}, "left": []}, "the optional picture is not given by a guess"
    assert edit == {"at": {"source_image": [0], "mesh": [1], "target_image": [2]}, "left": [3]}
    assert second["at"] == {"target_image": [0]}
    assert rig == {"at": {"mesh": [0]}, "left": [1]}
    assert ask("offers", "combinations([[1, 2], ['a'], [3, 4]]).length") == 4


def test_a_slider_reaches_both_ends_and_goes_through_wide_ranges_by_factors() -> None:
    fields = [
        {"type": "integer", "minimum": 200, "maximum": 200_000},
        {"type": "integer", "minimum": 0, "maximum": 32},
        {"type": "number", "minimum": 0.1, "maximum": 2.0},
        {"type": "number", "minimum": -0.11, "maximum": 0.11},
    ]
    each = "fields.map((field) => [0, .5, 1].map((share) => fromSlider(Math.round(share * steps(field)), field)))"
    wide, few, plain, around = ask("scale", each, fields=fields)
    assert wide == [200, 6300, 200_000]
    assert few == [0, 16, 32]
    assert plain == [0.1, 1.05, 2]
    assert around == [-0.11, 0, 0.11]
    there_and_back = "[0, 7, steps(field)].every((at) => Math.abs(toSlider(fromSlider(at, field), field) - at) < 9)"
    assert ask("scale", f"fields.every((field) => {there_and_back})", fields=fields) is True
    assert ask("scale", "steps({type: 'number', minimum: 0})") is None


def test_a_side_of_a_region_follows_the_pointer_alone_and_the_middle_takes_all_along() -> None:
    # Looking along -z, 100 pixels a metre: x to the right, y up.
    matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    region = {"center": [0, 0, 0], "half": [0.2, 0.3, 0.4]}
    size = {"width": 200, "height": 200}
    each = """[
        pulled(region, {axis: 0, sign: 1}, [10, 0], matrix, size),
        pulled(region, {axis: 1, sign: -1}, [0, 20], matrix, size),
        pulled(region, {axis: null}, [10, -20], matrix, size),
        faces(region).filter(({corners}) => isFront(corners.map((one) => project(matrix, one, size))))
          .map(({axis, sign}) => [axis, sign]),
        rings(region).every((ring, axis) => ring.every((point) => point[axis] === 0
          && Math.abs(point.reduce((sum, value, at) => sum + (value / region.half[at]) ** 2, 0) - 1) < 1e-9)),
    ]"""
    right, bottom, middle, front, is_on_surface = ask("region_geometry", each, region=region, matrix=matrix, size=size)
    assert right == {"center": pytest.approx([0.05, 0, 0]), "half": pytest.approx([0.25, 0.3, 0.4])}
    assert bottom == {"center": pytest.approx([0, -0.1, 0]), "half": pytest.approx([0.2, 0.4, 0.4])}
    assert middle == {"center": pytest.approx([0.1, 0.2, 0]), "half": region["half"]}
    assert front == [[2, 1]]
    assert is_on_surface is True


def test_a_stream_that_comes_back_says_until_when_it_has_heard() -> None:
    said = ask(
        "stream",
        """(() => {
          const said = [], later = [], sockets = [];
          globalThis.location = { protocol: "http:", host: "here" };
          globalThis.document = { dispatchEvent: () => {}, addEventListener: () => {} };
          globalThis.setTimeout = (what) => later.push(what);
          globalThis.WebSocket = class {
            constructor() { sockets.push(this); }
            send(text) { said.push(JSON.parse(text)); }
          };
          connect({ onEvent: () => {}, onState: () => {} });
          sockets[0].onopen();
          for (const events of frames) sockets[0].onmessage({ data: JSON.stringify(events) });
          sockets[0].onclose();
          later.pop()();
          sockets[1].onopen();
          const snapshot = [{ type: "job.snapshot", at: "2026-01-01T00:00:09.000000Z" }];
          sockets[1].onmessage({ data: JSON.stringify(snapshot) });
          sockets[1].onclose();
          later.pop()();
          sockets[2].onopen();
          sockets[2].onmessage({ data: JSON.stringify([...snapshot, { type: "subscribed" }]) });
          sockets[2].onclose();
          later.pop()();
          sockets[3].onopen();
          return said;
        })()""",
        frames=[
            [{"type": "subscribed", "at": "2026-01-01T00:00:01.000000Z"}],
            [{"type": "job.done", "at": "2026-01-01T00:00:03.000000Z"}, {"type": "job.progress"}],
            [{"type": "job.snapshot", "at": "2026-01-01T00:00:02.000000Z"}],
        ],
    )
    seconds = [command.get("after", "")[17:19] for command in said]
    assert seconds == ["", "03", "03", "09"], "what was missed was not all told the first time"


@pytest.mark.parametrize(
    ("metadata", "inputs", "name"),
    [
        ({}, {"text": {"text": "a chair " * 40}}, "a chair " * 40),
        ({}, {"mesh": {"filename": "mesh.glb", "title": "a chair"}}, "what the server says"),
        ({"name": "a throne"}, {"mesh": {"filename": "mesh.glb"}}, "a throne"),
        ({}, {}, "the thing"),
    ],
)
def test_a_job_is_called_by_what_its_owner_knows_it_by(
    metadata: dict[str, str], inputs: dict[str, Any], name: str
) -> None:
    job = {"feature": "the_thing", "name": "what the server says", "metadata": metadata, "inputs": inputs}
    assert ask("job", "nameOf(job)", job=job).lower() == name
