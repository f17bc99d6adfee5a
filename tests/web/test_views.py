from datetime import datetime

import msgspec

from aigc.core.ids import AssetKey, JobId, WorkerId
from aigc.core.job import Failure, Input, Output, Progress, Status, Timings
from aigc.core.messages import Estimate
from tests.web.stream_kit import completed, fresh, started
from web.views import job_view, rfc3339


def test_times_are_told_with_their_zone() -> None:
    assert rfc3339(1_800_000_000.25) == "2027-01-15T08:00:00.250000Z"
    assert rfc3339(0) == "1970-01-01T00:00:00.000000Z"
    assert rfc3339(None) is None
    text = rfc3339(1_800_000_000.123456)
    assert text is not None
    assert datetime.fromisoformat(text).timestamp() == 1_800_000_000.123456


def test_a_completed_job_tells_its_files_with_their_addresses() -> None:
    mesh = Output(
        name="mesh.glb", role="model", asset=AssetKey("jobs/j/1/mesh.glb"), format="glb",
        content_type="model/gltf-binary", bytes=12, sha256="ab", stats={"triangles": 4},
    )  # fmt: skip
    picture = msgspec.structs.replace(mesh, name="thumb.png", role="thumbnail", format="png")
    job = msgspec.structs.replace(
        completed(fresh()), outputs=(mesh, picture), timings=Timings(queued_s=1, running_s=2),
        inputs={"image": Input(asset=AssetKey("uploads/u/image.png"), filename="cat.png", bytes=3)},
    )  # fmt: skip
    view = msgspec.json.decode(msgspec.json.encode(job_view(job)))
    assert (view["status"], view["stage"], view["progress"]["fraction"]) == ("completed", "", 1.0)
    assert view["outputs"][0] == {
        "name": "mesh.glb",
        "role": "model",
        "format": "glb",
        "content_type": "model/gltf-binary",
        "bytes": 12,
        "sha256": "ab",
        "stats": {"triangles": 4},
        "url": "/api/v1/jobs/j/outputs/mesh.glb",
    }
    assert view["urls"]["download"] == "/api/v1/jobs/j/outputs/mesh.glb"
    assert view["urls"]["thumbnail"] == "/api/v1/jobs/j/thumbnail"
    assert "retry" in view["urls"]
    assert "cancel" not in view["urls"]
    assert view["timings"] == {"queued_s": 1.0, "loading_s": 0.0, "running_s": 2.0}
    assert view["inputs"]["image"]["url"] == "/api/v1/jobs/j/inputs/image"
    assert "uploads/" not in str(view)


def test_a_failed_job_tells_why_and_every_attempts_story() -> None:
    first = Failure(code="runner_crashed", message="gone", retryable=True, attempt=1, at=1_800_000_000.0)
    last = Failure(code="out_of_memory", message="too large", suggestion="fewer faces", log_tail="CUDA", attempt=2)
    job = msgspec.structs.replace(
        started(fresh()), status=Status.FAILED, failure=last, failures=(first, last), worker=WorkerId("gpu-0")
    )
    view = job_view(job)
    assert view["error"]["code"] == "out_of_memory"
    assert (view["error"]["suggestion"], view["error"]["log_tail"]) == ("fewer faces", "CUDA")
    assert [failure["attempt"] for failure in view["failures"]] == [1, 2]
    assert [failure["at"] for failure in view["failures"]] == ["2027-01-15T08:00:00.000000Z", None]


def test_only_a_waiting_job_has_a_place_in_the_queue() -> None:
    place = Estimate(JobId("j"), 2, 5.0, None, "busy")
    assert job_view(fresh(), place)["queue"] == {
        "position": 2,
        "estimated_start_s": 5.0,
        "estimated_done_s": None,
        "reason": "busy",
    }
    assert job_view(started(fresh()), place)["queue"] is None
    assert job_view(fresh())["queue"] is None


def test_a_preview_is_told_as_an_address() -> None:
    job = msgspec.structs.replace(started(fresh()), progress=Progress(fraction=0.5, preview=AssetKey("jobs/j/1/p.png")))
    assert job_view(job)["progress"]["preview_url"] == "/api/v1/jobs/j/preview"


def test_the_object_has_one_key_named_status() -> None:
    failure = Failure(code="internal", message="x")
    job = msgspec.structs.replace(completed(fresh()), failure=failure, failures=(failure,))
    assert msgspec.json.encode(job_view(job)).count(b'"status"') == 1
