from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from actors.stores.directory import DirectoryAssetStore
from aigc.core.errors import Conflict, NotFound
from aigc.core.ids import AssetKey, JobId, ModelId, OwnerId
from aigc.core.job import Input, Job, Output, Status
from aigc.core.model import ModelSpec
from aigc.core.ports import Asset
from tests.web.house_kit import spec
from web.inputs import InputFiles, input_kinds, required_inputs, shape_errors
from web.problem import FieldsInvalid
from web.submission import Reference

IMAGE = ("png", "jpg")
ADA = OwnerId("ada")


def job(status: Status = Status.COMPLETED, owner: OwnerId = ADA) -> Job:
    model = Output(
        name="mesh", role="model", asset=AssetKey("jobs/j1/1/mesh.glb"), format="glb", content_type="model/gltf-binary",
        bytes=9, sha256="",
    )  # fmt: skip
    return Job(
        id=JobId("j1"), feature="f", model=ModelId("m"), created_at=0.0, status=status, owner=owner, outputs=(model,)
    )


class Sources:
    """Where references lead: a real asset store, one job, one URL."""

    def __init__(self, folder: Path) -> None:
        self.assets = DirectoryAssetStore(folder)
        self.job = job()
        self.fetched: list[tuple[Any, ...]] = []
        self.files = InputFiles(self.assets, self.fetch, self.find)

    async def upload(self, key: str = "uploads/u1/image.png", owner: OwnerId = ADA) -> Asset:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"1234"

        return await self.assets.put(
            AssetKey(key), chunks(), content_type="image/png", limit=99, filename="Cat.PNG", owner=owner
        )

    async def fetch(self, url: str, *, kinds: Sequence[str], owner: OwnerId, where: str) -> Asset:
        self.fetched.append((url, kinds, owner, where))
        return await self.upload("uploads/u2/image.jpg")

    async def find(self, job: JobId, owner: OwnerId) -> Job:
        if job != self.job.id or owner != self.job.owner:
            raise NotFound(f"there is no job {job}")
        return self.job

    async def resolve(self, reference: Reference, kinds: tuple[str, ...] = IMAGE) -> Input:
        return await self.files.resolve("image", reference, kinds, ADA)


@pytest.fixture
async def sources(tmp_path: Path) -> AsyncIterator[Sources]:
    sources = Sources(tmp_path)
    await sources.assets.open()
    yield sources
    await sources.assets.close()


async def test_an_upload_is_found_by_its_id(sources: Sources) -> None:
    await sources.upload()
    assert await sources.resolve(Reference(upload="u1")) == Input(
        asset=AssetKey("uploads/u1/image.png"), filename="Cat.PNG", content_type="image/png", bytes=4
    )


@pytest.mark.parametrize("name", ["u9", "", "..", "../jobs", "u1/image.png", ".hidden", "a b", "x" * 300, "\0"])
async def test_an_id_that_leads_nowhere_is_not_found_whatever_it_looks_like(sources: Sources, name: str) -> None:
    await sources.upload()
    with pytest.raises(NotFound) as caught:
        await sources.resolve(Reference(upload=name))
    assert caught.value.where == "/inputs/image"


async def test_somebody_elses_upload_looks_like_none(sources: Sources) -> None:
    await sources.upload(owner=OwnerId("eve"))
    with pytest.raises(NotFound, match="there is no upload 'u1'"):
        await sources.resolve(Reference(upload="u1"))


async def test_a_url_is_fetched_for_its_owner_with_the_formats_that_fit(sources: Sources) -> None:
    found = await sources.resolve(Reference(url="https://example.org/cat"))
    assert found.asset == "uploads/u2/image.jpg"
    assert sources.fetched == [("https://example.org/cat", IMAGE, ADA, "/inputs/image")]


@pytest.mark.parametrize("output", ["model", "mesh"])
async def test_a_finished_jobs_output_is_an_input_by_role_or_name(sources: Sources, output: str) -> None:
    assert await sources.resolve(Reference(job="j1", output=output), ("glb",)) == Input(
        asset=AssetKey("jobs/j1/1/mesh.glb"),
        filename="mesh.glb",
        title="f",
        content_type="model/gltf-binary",
        bytes=9,
    )


async def test_a_job_that_is_not_completed_has_no_output_yet(sources: Sources) -> None:
    sources.job = job(Status.PROCESSING)
    with pytest.raises(Conflict, match="job j1 is processing") as caught:
        await sources.resolve(Reference(job="j1"))
    assert caught.value.code == "job_not_completed"


@pytest.mark.parametrize("reference", [Reference(job="j1", output="skeleton"), Reference(job="j2")])
async def test_what_a_job_does_not_have_is_not_found(sources: Sources, reference: Reference) -> None:
    with pytest.raises(NotFound) as caught:
        await sources.resolve(reference)
    assert caught.value.where == "/inputs/image"


async def test_a_file_of_another_format_is_refused_with_those_that_fit(sources: Sources) -> None:
    with pytest.raises(FieldsInvalid, match="the file is glb, and this input takes png, jpg"):
        await sources.resolve(Reference(job="j1"))


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        (Reference(), "needs exactly one of text, upload, url, job"),
        (Reference(text="x", upload="y"), "needs exactly one of text, upload, url, job"),
        (Reference(upload="y"), "is a text; give it as text"),
        (Reference(text=" \n"), "is empty"),
        (Reference(text="x" * 10_001), "has 10001 characters, 10000 are allowed"),
    ],
)
def test_a_text_input_is_one_text_of_bounded_length(reference: Reference, says: str) -> None:
    errors = shape_errors({"text": reference}, {"text": ("text",)}, frozenset({"text"}), "m")
    assert [(error.pointer, error.detail) for error in errors] == [("/inputs/text", says)]


def test_a_file_input_is_no_text() -> None:
    errors = shape_errors({"image": Reference(text="x")}, {"image": IMAGE}, frozenset(), "m")
    assert errors[0].detail == "is a file; give an upload, a url or a job"


def test_a_models_inputs_are_those_of_its_feature_the_optional_ones_included() -> None:
    inflate = spec("image_to_textured_mesh", "inflate")
    assert set(input_kinds(inflate)) == {"image", "texture_image"}
    assert required_inputs(inflate) == {"image"}


def test_a_third_partys_inputs_are_judged_by_their_names() -> None:
    stranger = ModelSpec(
        id=ModelId("x"), feature="collage", class_path="a:B", inputs=("front_image", "base_mesh", "caption")
    )
    kinds = input_kinds(stranger)
    assert ("png" in kinds["front_image"], "glb" in kinds["base_mesh"], kinds["caption"]) == (True, True, ("text",))
    assert required_inputs(stranger) == set(stranger.inputs)
