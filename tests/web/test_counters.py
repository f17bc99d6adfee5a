from tests.web.house_kit import House
from web.counters import Counters


def rows(counters: Counters) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and labels: a counter's value, of a histogram how many observations."""
    return {
        (row.name, row.labels): sum(row.values[:-1]) if len(row.values) > 1 else row.values[0]
        for row in counters.tally.rows()
    }


async def test_requests_are_counted_by_route_and_not_by_path(house: House) -> None:
    job = await house.submit()
    for path in (f"/api/v1/jobs/{job}", f"/api/v1/jobs/{job}?wait=0", "/api/v1/jobs/unknown", "/nowhere/at/all"):
        async with house.session.get(path):
            pass
    async with house.session.request("BREW", "/health"):
        pass
    counted = {labels: n for (name, labels), n in rows(house.gateway.counters).items() if "http" in name}
    assert counted["GET", "/api/v1/jobs/{id}", "200"] == counted["GET", "/api/v1/jobs/{id}", "404"] == 1.0
    assert counted["GET", "/api/v1/jobs/{id}?wait", "200"] == 1.0, "a wait says nothing about the server"
    assert not [labels for labels in counted if job in labels[1] or "nowhere" in labels[1] or labels[0] == "BREW"]


async def test_accepted_jobs_are_counted_once_each_and_replays_not_at_all(house: House) -> None:
    body = {"feature": "text_to_textured_mesh", "inputs": {"text": {"text": "a"}}}
    for _ in range(2):
        await house.call("POST", "/api/v1/jobs", json=body, headers={"Idempotency-Key": "one"})
    assert rows(house.gateway.counters)["aigc_jobs_submitted_total", ("text_to_textured_mesh", "shapes")] == 1.0


async def test_bytes_are_counted_as_they_come_and_go(house: House) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 10
    async with house.session.put("/api/v1/uploads?filename=a.png", data=png) as refused:
        assert refused.status >= 400
    assert not [name for name, _ in rows(house.gateway.counters) if "storage" in name], "what is refused is not stored"
    job = await house.submit()
    output = await house.result(job, "mesh.glb", b"12345")
    await house.broker.begin(job)
    await house.broker.complete(job, (output,))
    async with house.session.get(f"/api/v1/jobs/{job}/outputs/{output.name}", headers={"Range": "bytes=1-3"}) as got:
        assert len(await got.read()) == 3
    assert rows(house.gateway.counters)["aigc_storage_bytes_total", ("out", "directory")] == 3.0
