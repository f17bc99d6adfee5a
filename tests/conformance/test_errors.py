"""Errors in the shapes that clients read, and what HTTP itself asks for: section 1.7, rules 6, 10 and 11."""

import pytest

from tests.conformance.kit import API, Replaced, Wire, model_of

TEXT = "mesh-generation/text-to-textured-mesh"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "nowhere"),
        ("GET", f"system/jobs/{NOBODY}"),
        ("GET", "system/jobs/x"),
        ("DELETE", f"system/jobs/{NOBODY}"),
        ("DELETE", f"system/jobs/{NOBODY}/result"),
        ("GET", f"file-upload/metadata/{NOBODY}"),
        ("DELETE", f"file-upload/{NOBODY}"),
        ("GET", "system/models?feature=nothing"),
        ("GET", "system/models/nothing/parameters"),
    ],
)
def test_section_1_7_404_has_the_fixed_keys_and_a_detail(wire: Wire, method: str, path: str) -> None:
    answer = wire(method, path)
    assert (answer.status, answer.body["error"], answer.body["message"]) == (404, "NOT_FOUND", "Resource not found")
    assert isinstance(answer.body["detail"], str) and answer.body["detail"]  # rule 6


def test_section_1_7_405_and_400_have_a_detail_that_is_a_string(wire: Wire) -> None:
    for method, path, status in (
        ("POST", "/health", 405),
        ("PUT", "system/features", 405),
        ("GET", TEXT, 405),
        ("GET", "system/jobs/history?start_date=never", 400),
    ):
        answer = wire(method, path)
        assert (answer.status, isinstance(answer.body["detail"], str)) == (status, True), path
    assert "GET" in wire("POST", "system/health").headers["allow"]


@pytest.mark.parametrize(
    ("body", "kind", "where"),
    [
        ({}, "missing", ["body", "text_prompt"]),
        ({"text_prompt": 5}, None, ["body", "text_prompt"]),
        ({"text_prompt": "x", "model_parameters": 3}, None, ["body", "model_parameters"]),
        ({"text_prompt": "x", "texture_resolution": 5000}, None, ["body", "model_parameters", "texture_resolution"]),
        ({"text_prompt": "x", "output_format": "exe"}, None, ["body", "output_format"]),
        (b"{not json", "json_invalid", ["body", 0]),
        (b"[]", None, ["body"]),
        (b"", "json_invalid", ["body", 0]),
    ],
)
def test_section_1_7_422_is_a_list_of_places(wire: Wire, body: object, kind: str | None, where: list[object]) -> None:
    answer = wire("POST", TEXT, body)
    assert answer.status == 422, answer.raw
    (first, *_) = answer.body["detail"]
    assert {"type", "loc", "msg", "input"} <= set(first)
    assert first["loc"] == where
    assert kind in (None, first["type"])


def test_section_1_7_an_unknown_model_is_400_and_names_the_valid_ids_on_every_route(server: Replaced) -> None:
    for feature in server.done:
        answer = server.ask(feature, model_preference="trellis_nothing")
        assert (answer.status, model_of(feature) in answer.body["detail"]) == (400, True), feature


def test_section_1_7_a_file_that_is_not_there_is_404_and_one_of_another_kind_400(server: Replaced) -> None:
    wire = server.wire
    assert wire("POST", "mesh-segmentation/segment-mesh", {"mesh_file_id": NOBODY}).status == 404
    answer = wire("POST", "mesh-segmentation/segment-mesh", {"mesh_file_id": server.files["image"]})
    assert (answer.status, isinstance(answer.body["detail"], str)) == (400, True)


def test_section_1_2_words_beyond_the_list_are_400(server: Replaced) -> None:
    answer = server.ask("auto_rig", rig_mode="bones")
    assert (answer.status, "skeleton, skin, full" in answer.body["detail"]) == (400, True)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_trailing_slash_is_307_and_keeps_method_and_body(wire: Wire, method: str) -> None:
    answer = wire(method, f"{TEXT}/?a=b")
    assert (answer.status, answer.headers["location"]) == (307, f"{API}/{TEXT}?a=b")
    assert wire("POST", f"{TEXT}/", {"text_prompt": "x"}).status == 307


def test_rule_10_any_origin_may_ask_with_any_header_and_a_get_may_have_a_content_type(wire: Wire) -> None:
    asked = {"Origin": "https://studio.example", "Access-Control-Request-Headers": "authorization,content-type"}
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = wire("OPTIONS", "system/features", **asked, Access_Control_Request_Method=method)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] in ("*", "https://studio.example")
        assert method in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert "authorization" in allowed and "content-type" in allowed
    plain = wire("GET", "system/features", Origin="https://studio.example", Content_Type="application/json")
    assert (plain.status, plain.headers["access-control-allow-origin"]) == (200, "*")
    refused = wire("GET", "nowhere", Origin="https://studio.example")
    assert refused.headers["access-control-allow-origin"] == "*"  # or the page could not show why


def test_rule_11_every_answer_says_how_long_it_took(wire: Wire) -> None:
    for path in ("/", "/health", "nowhere", "system/features"):
        assert float(wire("GET", path).headers["x-process-time"]) >= 0
