import re

from structlog.testing import capture_logs

from tests.web.house_kit import House

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
BODY = {"feature": "text_to_textured_mesh", "inputs": {"text": {"text": "a"}}}


async def test_a_job_is_a_part_of_the_clients_trace(house: House) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Request-ID": "mine-7"}
    _, job = await house.call("POST", "/api/v1/jobs", json=BODY, headers=headers)
    assert (job["trace_id"], job["request_id"]) == (TRACE, "mine-7")
    await house.broker.until(lambda: job["id"] in house.broker.jobs)
    record = house.broker.jobs[job["id"]]
    assert re.fullmatch(rf"00-{TRACE}-(?!{SPAN})[0-9a-f]{{16}}-01", record.origin.trace), "in a span of its own"


async def test_without_one_a_trace_begins_with_each_request(house: House) -> None:
    found = [(await house.call("POST", "/api/v1/jobs", json=BODY))[1] for _ in range(2)]
    traces, requests = {job["trace_id"] for job in found}, {job["request_id"] for job in found}
    assert len(traces) == len(requests) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", trace) for trace in traces)


async def test_a_mad_request_id_is_not_repeated(house: House) -> None:
    for mad in ('a"b', "a" * 65, "ä", "a b"):
        async with house.session.get("/nowhere", headers={"X-Request-ID": mad}) as response:
            problem = await response.json(content_type=None)
        assert problem["request_id"] == response.headers["X-Request-Id"] != mad


async def test_acceptance_is_a_line_with_all_ids(house: House) -> None:
    with capture_logs() as lines:
        _, job = await house.call("POST", "/api/v1/jobs", json=BODY, headers={"X-Request-ID": "mine-8"})
    (line,) = [line for line in lines if line["event"] == "job.accepted"]
    assert (line["job"], line["request"], line["trace_id"]) == (job["id"], "mine-8", job["trace_id"])
