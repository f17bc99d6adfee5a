from pathlib import Path

import pytest

from tests.web.house_kit import House


async def test_every_route_has_one_handler_and_says_what_it_does(house: House) -> None:
    seen = set()
    for route in house.app.router.routes():
        resource = route.resource
        assert resource is not None
        key = (route.method, resource.canonical)
        assert key not in seen
        seen.add(key)
    assert ("POST", "/api/v1/jobs") in seen
    assert ("GET", "/api/v1/system/jobs/{id}") in seen
    assert ("POST", "/api/v1/file-upload/image") in seen


async def test_a_house_stops_and_starts_again_with_all_it_had(house: House) -> None:
    job = await house.submit()
    await house.restart_web()
    status, shown = await house.call("GET", f"/api/v1/jobs/{job}")
    assert (status, shown["status"]) == (200, "queued")


async def test_a_gateway_that_cannot_start_is_an_error_and_not_a_silent_server(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.store.open()
    await house.assets.open()

    async def broken(name: str) -> bytes | None:
        raise RuntimeError("no")

    house.store.recall = broken  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="no"):
        await house.start_web()
    await house.stop_web()
    await house.store.close()
    await house.assets.close()
    house.context.destroy(linger=0)
