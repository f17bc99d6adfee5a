"""The description is of what is served, sound, and true of the answers."""

import re
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from aigc.core.model import Catalogue
from tests.web.house_kit import CATALOGUE, House
from web.openapi import compat, own


async def read(house: House) -> dict[str, Any]:
    status, found = await house.call("GET", "/openapi.json")
    assert status == 200
    return dict(found)


async def test_the_document_is_sound_and_named_as_existing_clients_expect(house: House) -> None:
    found = await read(house)

    OpenAPIV31SpecValidator(found).validate()
    assert (found["info"]["title"], found["info"]["version"]) == ("3D Generative Models API", "1.0.0")


async def test_every_line_of_the_table_is_a_route_and_every_operation_has_a_summary(house: House) -> None:
    found = await read(house)

    told = {f"{method.upper()} {path}" for path, item in found["paths"].items() for method in item}
    assert set(own.OPERATIONS) <= told
    for path, item in found["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], f"{method} {path}"
            assert set(re.findall(r"\{(\w+)\}", path)) == {
                one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"
            }


async def test_what_is_not_in_our_table_is_of_existing_clients(house: House) -> None:
    found = await read(house)

    theirs = [path for path, item in found["paths"].items() for one in item.values() if one["tags"] == [compat.TAG]]
    ours = r"/api/v1/(jobs|events|features|models|workers|uploads)\b"
    assert theirs and not [path for path in theirs if re.match(ours, path)]


async def test_a_job_may_be_asked_for_with_the_schema_of_its_own_model(house: House) -> None:
    found = await read(house)

    refs = found["paths"]["/api/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert [ref["$ref"].rsplit("/", 1)[1] for ref in refs] == [f"JobRequest_{spec.id}" for spec in CATALOGUE.models]
    body = found["components"]["schemas"]["JobRequest_quadric"]
    assert body["properties"]["inputs"]["required"] == ["mesh"]
    assert "target_vertex_count" in found["components"]["schemas"]["Params_quadric"]["properties"]


async def test_the_document_follows_the_catalogue(house: House) -> None:
    before = await read(house)

    house.broker.catalogue = Catalogue(CATALOGUE.models[:1], "d2")
    await house.gateway.refresh()

    after = await read(house)
    assert "Params_quadric" in before["components"]["schemas"]
    assert "Params_quadric" not in after["components"]["schemas"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_pages_for_people_name_no_other_host(house: House, path: str) -> None:
    async with house.session.get(f"{path}") as answer:
        text = await answer.text()
        assert answer.status == 200 and "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "//" not in re.sub(r"<!doctype html>", "", text)


async def test_real_answers_are_of_the_shape_that_is_told(house: House) -> None:
    found = await read(house)
    job = await house.submit()
    queued = f"/api/v1/jobs/{job}"
    for path, where in (
        (queued, "/api/v1/jobs/{id}"),
        ("/api/v1/jobs", "/api/v1/jobs"),
        ("/api/v1/features", "/api/v1/features"),
        ("/api/v1/models", "/api/v1/models"),
        ("/api/v1/models/shapes", "/api/v1/models/{id}"),
        ("/api/v1/workers", "/api/v1/workers"),
        ("/api/v1/workers/gpu-0", "/api/v1/workers/{id}"),
        ("/api/v1/uploads", "/api/v1/uploads"),
        ("/health", "/health"),
    ):
        status, body = await house.call("GET", path)
        told = found["paths"][where]["get"]["responses"][str(status)]["content"]["application/json"]["schema"]
        problems = list(jsonschema_rs.validator_for({**told, "components": found["components"]}).iter_errors(body))
        assert [f"{path} {list(one.instance_path)}: {one.message[:200]}" for one in problems] == []


async def test_the_example_of_a_body_is_accepted(house: House) -> None:
    found = await read(house)

    examples = found["paths"]["/api/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    status, job = await house.call("POST", "/api/v1/jobs", json=examples["shapes"]["value"])
    assert (status, job["model"]) == (202, "shapes")
