"""The file with everything that is known of a job."""

from aigc.core.job import Failure, Status
from tests.web.house_kit import House


async def test_the_evidence_is_a_file_with_every_attempt_where_it_ran_and_what_was_printed(house: House) -> None:
    body = {"model": "shapes", "inputs": {"text": {"text": "a chair"}}}
    job = (await house.call("POST", "/api/v1/jobs", json=body))[1]["id"]
    await house.broker.until(lambda: job in house.broker.jobs)
    failure = Failure(code="runner_crashed", message="SIGSEGV", log_tail="last words", attempt=1, worker="gpu-0")  # type: ignore[arg-type]
    await house.broker.begin(job)
    await house.broker.change(job, "failed", status=Status.FAILED, failure=failure, failures=(failure,))

    async with house.session.get(f"/api/v1/jobs/{job}/evidence") as response:
        assert response.headers["Content-Disposition"] == f'attachment; filename="evidence-{job}.json"'
        found = await response.json()
    (told,) = found["job"]["failures"]
    assert (told["worker"], told["log_tail"]) == ("gpu-0", "last words")
    assert [line["kind"] for line in found["job"]["history"]] == ["queued", "started", "failed"]
    assert (found["learned"], found["catalogue"]) == ({"run_s": 2.0}, "d1")


async def test_there_is_no_evidence_of_a_job_that_there_is_not(house: House) -> None:
    assert (await house.call("GET", "/api/v1/jobs/nope/evidence"))[0] == 404
