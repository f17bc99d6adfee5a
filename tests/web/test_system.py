import re

import psutil

from aigc import __version__
from aigc.core.errors import Unavailable
from aigc.core.messages import AskStatus
from tests.web.house_kit import House, eventually


async def test_health_is_as_existing_clients_read_it(house: House) -> None:
    status, found = await house.call("GET", "/health")
    assert (status, found["status"], found["version"], found["release"]) == (200, "healthy", "1.0.0", __version__)
    assert isinstance(found["timestamp"], float)


async def test_health_does_not_lie_when_the_broker_is_away(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    async with house.session.get("/health") as response:
        found = await response.json(content_type=None)
    assert (response.status, found["status"], response.headers["Retry-After"]) == (503, 503, "1")
    (fault,) = found["faults"].values()
    assert re.fullmatch(
        r"no broker answers \(b\d+x1 led as generation 1, heard \d+ s ago\); accepted jobs wait for one", fault
    )


async def test_health_says_which_store_is_away(house: House) -> None:
    async def away(name: str) -> bytes:
        raise Unavailable("the store is away")

    house.store.recall = away  # type: ignore[method-assign]
    async with house.session.get("/health") as response:
        found = await response.json(content_type=None)
    assert (response.status, found["faults"]) == (503, {"store": "the store is away"})


async def test_the_status_has_true_values_in_the_shapes_of_existing_clients(house: House) -> None:
    job = await house.submit()
    await house.broker.until(lambda: job in house.broker.jobs)
    _, found = await house.call("GET", "/api/v1/system/status")
    assert found["queue"] == {
        "pending_jobs": 1,
        "processing_jobs": 0,
        "completed_jobs": 0,
        "failed_jobs": 0,
        "cancelled_jobs": 0,
    }
    assert found["models"] == {"loaded": 1, "available": 4, "total_vram_used": 3072.0}
    assert found["system"]["memory"]["total"] == psutil.virtual_memory().total
    assert set(found["system"]) == {"cpu_usage", "memory", "disk"}
    assert found["gpu"] == [
        {
            "id": 0,
            "name": "Test GPU",
            "memory_total": 16384.0,
            "memory_used": 4096.0,
            "memory_free": 12288.0,
            "memory_utilization": 0.25,
            "gpu_utilization": 0.5,
            "temperature": 60.0,
            "allocated_vram_tracked": 3072.0,
            "available_vram_tracked": 12288.0,
        }
    ]
    assert (found["broker"]["answers"], found["workers"][0]["id"]) == (True, "gpu-0")


async def test_the_status_says_who_leads_what_runs_what_waits_and_why(house: House) -> None:
    job = await house.submit()
    await house.broker.until(lambda: job in house.broker.jobs)
    _, found = await house.call("GET", "/api/v1/system/status")
    assert found["brokers"] == [
        {"owner": house.broker.boot, "leads": True, "generation": 1, "seen_s": 0.5},
        {"owner": "another", "leads": False, "generation": None, "seen_s": 1.0},
    ]
    waiting = found["waiting"]
    assert (waiting["by_feature"], waiting["by_owner"]) == ({"text_to_textured_mesh": 1}, {"": 1})
    assert waiting["by_priority"] == {"5": 1}
    assert waiting["reasons"] == [{"reason": "waits for its turn", "jobs": 1, "models": ["shapes"]}]
    assert [(one["id"], one["worker"], one["running_s"]) for one in waiting["running"]] == [("j-9", "gpu-0", 10.0)]
    assert (found["store"], found["broker"]["agreed"]) == ({"fault": ""}, {"limits.queue": "1000"})
    _, scheduler = await house.call("GET", "/api/v1/system/scheduler-status")
    assert (scheduler["brokers"], scheduler["waiting"]) == (found["brokers"], waiting)


async def test_the_status_says_which_processes_have_other_settings_and_how(house: House) -> None:
    house.broker.worker_agreed = {"storage.data_dir": "sha256:1"}
    _, found = await house.call("GET", "/api/v1/system/status")
    assert found["differing"] == [
        {
            "id": "g1",
            "process": "gateway 7 on here",
            "differences": ["limits.queue is 500 here and 1000 at the broker"],
        },
        {"id": "gpu-0", "process": "worker gpu-0 on ", "differences": ["storage.data_dir is set here only"]},
        {
            "id": "another",
            "process": "broker another",
            "differences": ["limits.queue is 400 here and 1000 at the broker"],
        },
    ]


async def test_who_led_last_is_known_while_no_broker_answers(house: House) -> None:
    boot = house.broker.boot
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    _, found = await house.call("GET", "/api/v1/system/status")
    assert [(one["owner"], one["leads"]) for one in found["brokers"]] == [(boot, True)]
    assert (found["broker"], found["waiting"]["reasons"]) == ({"answers": False}, [])


async def test_the_scheduler_is_running_only_if_one_answers(house: House) -> None:
    job = await house.submit()
    await house.broker.until(lambda: job in house.broker.jobs)
    _, found = await house.call("GET", "/api/v1/system/scheduler-status")
    assert found["scheduler"]["running"] is True
    assert found["scheduler"]["features"]["text_to_textured_mesh"] == 2
    assert found["scheduler"]["models"] == {"shapes": ["gpu-0"]}
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    house.gateway._link._status_at -= 10
    _, found = await house.call("GET", "/api/v1/system/scheduler-status")
    assert found["scheduler"]["running"] is False
    assert found["scheduler"]["queue_status"]["queued_jobs"] == 1
    assert (found["queued_jobs"], found["workers"], found["broker"]) == (1, [], {"answers": False})


async def test_the_picture_is_asked_for_once_a_second_however_many_look(house: House) -> None:
    for _ in range(10):
        await house.call("GET", "/api/v1/system/status")
    assert sum(isinstance(message, AskStatus) for message in house.broker.heard) == 1


async def test_the_queue_utilisation_is_its_share_of_the_bound(house: House) -> None:
    for _ in range(3):
        await house.submit()
    await house.broker.until(lambda: len(house.broker.jobs) == 3)
    _, found = await house.call("GET", "/api/v1/system/scheduler-status")
    assert found["scheduler"]["queue_status"]["queue_utilization"] == 0.003
