"""What operators ask over HTTP, what the broker hears of it, and how its answer reads."""

from typing import Any

import pytest

from aigc.core.ids import ModelId, WorkerId
from aigc.core.messages import (
    AskStatus,
    ControlAnswer,
    ControlModel,
    ControlWorker,
    ReloadAnswer,
    ReloadCatalogue,
    Step,
)
from aigc.core.model import Catalogue
from tests.web.house_kit import CATALOGUE, House, eventually

API = "/api/v1"


def heard(house: House, *kinds: type) -> list[Any]:
    return [message for message in house.broker.heard if isinstance(message, kinds)]


@pytest.mark.parametrize("action", ["load", "unload", "pin", "unpin"])
async def test_what_is_wanted_of_a_model_is_asked_from_the_broker_and_what_begins_is_told(
    house: House, action: str
) -> None:
    status, found = await house.call("POST", f"{API}/models/shapes/{action}")
    assert status == 202
    assert found == {
        "model": "shapes", "action": action, "workers": [{"worker": "gpu-0", "begun": True, "detail": "begins"}],
    }  # fmt: skip
    assert heard(house, ControlModel) == [ControlModel(ModelId("shapes"), action)]  # type: ignore[arg-type]


async def test_a_worker_can_be_named(house: House) -> None:
    await house.call("POST", f"{API}/models/shapes/load", json={"worker": "gpu-0"})
    assert heard(house, ControlModel) == [ControlModel(ModelId("shapes"), "load", WorkerId("gpu-0"))]


async def test_what_is_so_already_is_no_beginning(house: House) -> None:
    house.broker.control = ControlAnswer((Step(WorkerId("gpu-0"), False, "is loaded already"),))
    status, found = await house.call("POST", f"{API}/models/shapes/load")
    assert (status, found["workers"][0]["begun"]) == (200, False)


@pytest.mark.parametrize(("code", "status"), [("unknown", 404), ("conflict", 409), ("unavailable", 503)])
async def test_a_refusal_says_why(house: House, code: str, status: int) -> None:
    house.broker.control = ControlAnswer(refusal="gpu-0 has no room", code=code)
    answered, problem = await house.call("POST", f"{API}/models/shapes/load")
    assert answered == status
    assert problem["detail"].startswith("gpu-0 has no room")


async def test_an_unknown_model_is_not_asked_for(house: House) -> None:
    status, problem = await house.call("POST", f"{API}/models/shapess/load")
    assert (status, problem["detail"]) == (404, "there is no model 'shapess'; did you mean shapes?")
    assert heard(house, ControlModel) == []


@pytest.mark.parametrize(
    ("body", "status"), [({"data": "{"}, 415), ({"json": {"worker": 1}}, 422), ({"json": {"worker": "gpu-0"}}, 202)]
)
async def test_a_body_is_checked_if_there_is_one(house: House, body: Any, status: int) -> None:
    assert (await house.call("POST", f"{API}/models/shapes/load", **body))[0] == status


async def test_other_actions_are_not_known(house: House) -> None:
    assert (await house.call("POST", f"{API}/models/shapes/explode"))[0] == 404
    assert (await house.call("GET", f"{API}/models/shapes/load"))[0] == 405


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "gpu-0/drain", "drain"),
        ("POST", "gpu-0/resume", "resume"),
        ("DELETE", "gpu-0/drain", "resume"),
        ("DELETE", "gpu-0", "forget"),
    ],
)
async def test_a_worker_is_drained_resumed_and_forgotten(house: House, method: str, path: str, action: str) -> None:
    status, found = await house.call(method, f"{API}/workers/{path}")
    assert (status, found["action"]) == (202, action)
    assert heard(house, ControlWorker) == [ControlWorker(WorkerId("gpu-0"), action)]  # type: ignore[arg-type]


async def test_after_a_change_the_picture_is_asked_for_again(house: House) -> None:
    await house.call("GET", f"{API}/workers")
    await house.call("POST", f"{API}/workers/gpu-0/drain")
    await house.call("GET", f"{API}/workers")
    assert len(heard(house, AskStatus)) == 2


async def test_a_reload_tells_what_changed(house: House) -> None:
    house.broker.reloaded = ReloadAnswer(
        "d2", (ModelId("new"),), (ModelId("old"),), (ModelId("shapes"),), notes=("limits.queue was changed",)
    )
    status, found = await house.call("POST", f"{API}/system/reload")
    assert status == 200
    assert found == {
        "digest": "d2", "added": ["new"], "removed": ["old"], "changed": ["shapes"],
        "notes": ["limits.queue was changed"],
    }  # fmt: skip
    assert len(heard(house, ReloadCatalogue)) == 1


async def test_after_a_reload_the_new_catalogue_is_known_to_whoever_asks_here(house: House) -> None:
    house.broker.catalogue = Catalogue(CATALOGUE.models[:1], "d2")  # nobody tells the gateway
    await house.call("POST", f"{API}/system/reload")
    _, found = await house.call("GET", f"{API}/models")
    assert (found["digest"], [model["id"] for model in found["models"]]) == ("d2", ["shapes"])


async def test_a_refused_reload_tells_every_complaint_with_its_place(house: House) -> None:
    complaints = ("models.yaml:2:3: text_to_meesh is not a feature: did you mean text_to_mesh?", "unreadable")
    house.broker.reloaded = ReloadAnswer("d1", complaints=complaints)
    status, problem = await house.call("POST", f"{API}/system/reload")
    assert (status, problem["code"]) == (422, "config_invalid")
    assert problem["errors"] == [
        {"pointer": "models.yaml:2:3", "detail": "text_to_meesh is not a feature: did you mean text_to_mesh?"},
        {"pointer": "", "detail": "unreadable"},
    ]
    assert "what was in force still is" in problem["detail"]


async def test_without_a_broker_nothing_can_be_changed(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    for path in ("models/shapes/load", "workers/gpu-0/drain"):
        status, problem = await house.call("POST", f"{API}/{path}")
        assert (status, problem["code"]) == (503, "broker_unavailable")
