from tests.web.house_kit import GIB, House, eventually


async def test_every_worker_is_listed_with_its_device_and_what_it_does(house: House) -> None:
    status, found = await house.call("GET", "/api/v1/workers")
    assert (status, found["generation"]) == (200, 1)
    (worker,) = found["workers"]
    assert (worker["id"], worker["boot"], worker["liveness"], worker["draining"]) == ("gpu-0", "w1", "alive", False)
    assert (worker["device"]["temperature_c"], worker["device"]["free"]) == (60.0, 12 * GIB)
    assert [(one["residency"], one["pid"], one["jobs"]) for one in worker["residents"]] == [("shapes", 42, ["j-9"])]


async def test_one_worker_is_shown_by_its_name(house: House) -> None:
    _, listed = await house.call("GET", "/api/v1/workers")
    assert await house.call("GET", "/api/v1/workers/gpu-0") == (200, listed["workers"][0])


async def test_an_unknown_worker_is_not_found_with_the_one_that_was_meant(house: House) -> None:
    status, problem = await house.call("GET", "/api/v1/workers/gpu-1")
    assert (status, problem["detail"]) == (404, "there is no worker 'gpu-1'; did you mean gpu-0?")


async def test_without_a_broker_nobody_knows_the_workers(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    house.gateway._link._status_at -= 10
    status, problem = await house.call("GET", "/api/v1/workers")
    assert (status, problem["code"]) == (503, "broker_unavailable")
