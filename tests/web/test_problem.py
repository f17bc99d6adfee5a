import msgspec
import pytest
from aiohttp import web

from aigc.core.errors import (
    AigcError,
    Conflict,
    InputInvalid,
    NotFound,
    QueueFull,
    StaleGeneration,
    StoreBroken,
    Unavailable,
)
from web.problem import FieldError, FieldsInvalid, http_status, of_defect, of_error, of_http, pointer, problem


def body(response: web.StreamResponse) -> dict[str, object]:
    assert isinstance(response, web.Response)
    assert response.content_type == "application/problem+json"
    return msgspec.json.decode(response.body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputInvalid("x"), 422),
        (NotFound("x"), 404),
        (Conflict("x"), 409),
        (Conflict("x", code="idempotency_mismatch"), 422),
        (InputInvalid("x", code="too_large"), 413),
        (InputInvalid("x", code="unsupported_media_type"), 415),
        (Unavailable("x"), 503),
        (QueueFull("x"), 429),
        (Unavailable("x", code="disk_full"), 507),
        (StaleGeneration("x"), 500),
        (StoreBroken("x"), 500),
        (AigcError("x"), 500),
    ],
)
def test_each_kind_of_error_has_its_status(error: AigcError, status: int) -> None:
    assert http_status(error) == status


def test_an_error_says_what_where_and_what_to_do_and_has_the_keys_of_existing_clients() -> None:
    told = body(of_error(InputInvalid("is no picture", where="/inputs/image", suggestion="send a PNG"), "r1"))
    assert told == {
        "type": "urn:aigc:problem:input_invalid",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "/inputs/image: is no picture. send a PNG",
        "code": "input_invalid",
        "error": "INPUT_INVALID",
        "message": "/inputs/image: is no picture. send a PNG",
        "request_id": "r1",
        "suggestion": "send a PNG",
        "errors": [{"pointer": "/inputs/image", "detail": "is no picture"}],
    }


def test_all_wrong_fields_are_told_at_once() -> None:
    error = FieldsInvalid([FieldError("/a", "is required"), FieldError("/b", "is no number")])
    assert str(error) == "/a: is required (and 1 more)"
    assert [one["pointer"] for one in body(of_error(error, "r"))["errors"]] == ["/a", "/b"]  # type: ignore[attr-defined]


def test_not_found_says_the_sentence_that_existing_clients_expect() -> None:
    told = body(of_error(NotFound("there is no job 7"), "r"))
    assert (told["error"], told["message"], told["detail"]) == (
        "NOT_FOUND",
        "Resource not found",
        "there is no job 7",
    )


def test_when_to_come_again_is_a_header_in_whole_seconds_and_a_number_in_the_body() -> None:
    response = of_error(QueueFull("full", retry_after_s=2.2), "r")
    assert response.headers["Retry-After"] == "3"
    assert body(response)["retry_after_s"] == 2.2


def test_nothing_of_the_inside_is_told_when_we_are_at_fault() -> None:
    for response in (of_defect("r9"), of_error(StoreBroken("/var/lib/aigc/jobs.db is damaged"), "r9")):
        assert response.status == 500
        told = body(response)
        assert "r9" in str(told["detail"])
        assert "jobs.db" not in str(told)


def test_a_method_that_is_not_allowed_is_told_with_those_that_are() -> None:
    response = of_http(web.HTTPMethodNotAllowed("PUT", {"POST", "GET"}), "r")
    assert response.headers["Allow"] == "GET,POST"
    assert body(response)["detail"] == "PUT is not allowed here; allowed is GET, POST"


def test_a_redirect_stays_a_redirect() -> None:
    moved = web.HTTPTemporaryRedirect("/x")
    assert of_http(moved, "r") is moved


def test_an_unusual_status_is_no_trouble() -> None:
    assert body(problem(499, "odd", "odd", "r"))["title"] == "Error"


def test_a_pointer_escapes_what_has_a_meaning_in_it() -> None:
    assert pointer(["a/b", "c~d", 0], "/params") == "/params/a~1b/c~0d/0"
