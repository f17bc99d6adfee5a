import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.stores.directory import DirectoryAssetStore
from aigc.core.errors import Conflict, NotFound, Unavailable
from aigc.core.ids import AssetKey, JobId, ModelId
from aigc.core.job import Change, Input, Job, Status
from aigc.core.model import Absent, Catalogue
from aigc.core.work_size import TEXT_BYTES
from tests.web.house_kit import CATALOGUE
from web.admission import Admission, Ids, digest
from web.problem import FieldsInvalid
from web.submission import Reference, Submission

NOW = 1_800_000_000.0
TEXT = {"text": Reference(text="a chair")}


async def nothing(*args: Any, **more: Any) -> Any:
    raise AssertionError("nothing is looked up here")


@pytest.fixture
def admission(tmp_path: Path) -> Admission:
    admission = Admission(DirectoryAssetStore(tmp_path), nothing, nothing)
    admission.use(CATALOGUE)
    return admission


def asking(**more: Any) -> Submission:
    return Submission(**{"feature": "text_to_textured_mesh", "inputs": TEXT, **more})


async def refusal(admission: Admission, submission: Submission) -> dict[str, str]:
    with pytest.raises(FieldsInvalid) as caught:
        await admission.admit(submission, NOW)
    return {error.pointer: error.detail for error in caught.value.errors}


async def test_a_parameter_that_makes_work_makes_the_job_larger(admission: Admission) -> None:
    job = await admission.admit(asking(params={"texture_resolution": 2048}), NOW)
    assert job.input_size == 4 * TEXT_BYTES


async def test_a_sound_request_becomes_a_complete_record(admission: Admission) -> None:
    job = await admission.admit(
        asking(params={"seed": 7}, priority=8, tags=("a",), metadata={"k": "v"}, deadline_s=60.0), NOW
    )
    assert msgspec.structs.replace(job, id=JobId("")) == Job(
        id=JobId(""),
        feature="text_to_textured_mesh",
        model=ModelId("shapes"),
        created_at=NOW,
        inputs={"text": Input(text="a chair")},
        params={
            "seed": 7,
            "target_face_count": 16000,
            "output_format": "glb",
            "texture_resolution": 1024,
            "texture_prompt": "",
        },
        priority=8,
        input_size=TEXT_BYTES,
        tags=("a",),
        metadata={"k": "v"},
        deadline_at=NOW + 60,
        status=Status.QUEUED,
        history=(Change(1, NOW, "queued"),),
    )


async def test_the_named_model_is_taken_and_brings_its_feature(admission: Admission) -> None:
    job = await admission.admit(asking(feature="", model="shapes-slow"), NOW)
    assert (job.model, job.feature) == ("shapes-slow", "text_to_textured_mesh")


async def test_an_unknown_model_is_refused_with_those_that_are_valid(admission: Admission) -> None:
    with pytest.raises(FieldsInvalid) as caught:
        await admission.admit(asking(model="shapez"), NOW)
    assert caught.value.errors[0].detail == "shapez is not a known model; did you mean shapes?"
    assert (caught.value.suggestion, caught.value.code) == ("valid are: shapes, shapes-slow", "unknown_model")


async def test_a_model_of_another_feature_is_refused(admission: Admission) -> None:
    assert await refusal(admission, asking(model="quadric")) == {
        "/model": "quadric is another feature's model; known are shapes, shapes-slow"
    }


async def test_an_unknown_feature_is_refused_with_the_one_that_was_meant(admission: Admission) -> None:
    told = await refusal(admission, asking(feature="text_to_textured_mash"))
    assert told == {"/feature": "'text_to_textured_mash' is not a feature; did you mean text_to_textured_mesh?"}


async def test_a_feature_without_a_model_is_for_later(admission: Admission) -> None:
    with pytest.raises(Unavailable) as caught:
        await admission.admit(asking(feature="uv_unwrapping"), NOW)
    assert caught.value.code == "no_model_for_feature"


async def test_errors_of_every_part_are_told_together(admission: Admission) -> None:
    told = await refusal(
        admission,
        asking(inputs={"txt": Reference(text="x")}, params={"sede": 1, "seed": -1}, output_format="fbx"),
    )
    assert told == {
        "/params/sede": "sede is not known here; did you mean seed?",
        "/params/seed": "-1 is less than the minimum of 0",
        "/output_format": "shapes writes glb, obj, usdz, not fbx",
        "/inputs/text": "shapes needs this input",
        "/inputs/txt": "shapes takes no such input; did you mean text?",
    }


async def test_the_output_format_may_stand_in_either_place_but_not_in_two_ways(admission: Admission) -> None:
    mesh = {"mesh": Reference(text="x")}
    told = await refusal(
        admission,
        asking(feature="mesh_retopology", inputs=mesh, output_format="glb", params={"output_format": "obj"}),
    )
    assert told["/output_format"] == "says glb, but /params/output_format says obj"
    job = await admission.admit(asking(params={"output_format": "glb"}), NOW)
    assert (job.output_format, job.params["output_format"]) == ("glb", "glb")


async def test_a_model_that_is_not_installed_is_refused_as_unavailable_with_what_serves_meanwhile(
    admission: Admission,
) -> None:
    absent = Absent(
        id=ModelId("heavy"),
        feature="text_to_textured_mesh",
        reason="not_installed",
        detail="it is not installed",
        suggestion="aigc models install heavy",
    )
    admission.use(msgspec.structs.replace(CATALOGUE, absent=(absent,)))
    with pytest.raises(Unavailable) as refused:
        await admission.admit(asking(model="heavy"), NOW)
    assert refused.value.code == "model_unavailable"
    assert refused.value.message == "heavy is not available on this server: it is not installed"
    assert "aigc models install heavy" in refused.value.suggestion and "shapes-slow" in refused.value.suggestion


async def test_another_catalogue_is_in_force_at_once(admission: Admission) -> None:
    admission.use(Catalogue(models=tuple(spec for spec in CATALOGUE.models if spec.id != "shapes"), digest="d2"))
    assert (await admission.admit(asking(), NOW)).model == "shapes-slow"


async def test_a_key_brings_a_digest_that_tells_requests_apart(admission: Admission) -> None:
    plain = await admission.admit(asking(), NOW)
    first = await admission.admit(asking(idempotency_key="k"), NOW)
    again = await admission.admit(asking(idempotency_key="k"), NOW + 9)
    other = await admission.admit(asking(idempotency_key="k", priority=6), NOW)
    assert plain.request_digest == ""
    assert first.request_digest == again.request_digest != other.request_digest
    assert first.id != again.id


def test_the_order_of_keys_does_not_matter_to_a_digest() -> None:
    assert digest(asking(params={"a": 1, "b": 2})) == digest(asking(params={"b": 2, "a": 1}))


def test_ids_are_random_uuids_of_version_4_and_never_repeat() -> None:
    ids = Ids()
    made = [ids.next() for _ in range(1000)]
    assert len(set(made)) == 1000
    shape = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(shape.fullmatch(one) for one in made)


async def finished(admission: Admission, **more: Any) -> Job:
    job = await admission.admit(asking(params={"seed": 7}), NOW)
    return msgspec.structs.replace(job, status=Status.COMPLETED, **more)


async def test_a_job_tried_again_differs_in_its_seed_alone(admission: Admission) -> None:
    old = await finished(admission, attempt=2, seq=9)
    again = await admission.again(old, 8, NOW + 5)
    assert again.id != old.id
    assert again.params == {**old.params, "seed": 8}
    assert (again.inputs, again.status, again.attempt, again.seq) == (old.inputs, Status.QUEUED, 0, 1)
    assert (await admission.again(old, None, NOW)).params["seed"] != 7


async def test_only_a_finished_job_whose_model_is_there_is_tried_again(admission: Admission) -> None:
    open_job = await admission.admit(asking(), NOW)
    with pytest.raises(Conflict, match="only a finished job"):
        await admission.again(open_job, None, NOW)
    with pytest.raises(Conflict, match="has left the catalogue"):
        await admission.again(await finished(admission, model=ModelId("gone")), None, NOW)


async def test_a_seed_that_the_model_does_not_take_is_refused(admission: Admission) -> None:
    with pytest.raises(FieldsInvalid, match="/params/seed"):
        await admission.again(await finished(admission), 2**40, NOW)


async def test_a_job_whose_input_has_expired_is_not_tried_again(admission: Admission, tmp_path: Path) -> None:
    await admission._assets.open()
    gone = Input(asset=AssetKey("uploads/u1/image.png"))
    with pytest.raises(NotFound, match="the input image has expired"):
        await admission.again(await finished(admission, inputs={"image": gone}), None, NOW)
    await admission._assets.close()
