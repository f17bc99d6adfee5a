from collections.abc import Awaitable, Callable

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from aigc.core.errors import Conflict, InputInvalid, NotFound, Unavailable
from web.compat_errors import legacy
from web.problem import FieldError, FieldsInvalid


def raising(error: Exception) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        raise error

    return legacy(handler)


async def told(error: Exception) -> tuple[int, dict[str, object]]:
    response = await raising(error)(make_mocked_request("POST", "/"))
    assert isinstance(response, web.Response) and isinstance(response.body, bytes)
    return response.status, msgspec.json.decode(response.body)


@pytest.mark.parametrize(
    ("code", "status"),
    [("", 400), ("unsupported_content", 400), ("too_large", 413), ("unsupported_media_type", 415), ("timed_out", 408)],
)
async def test_bad_input_is_400_unless_its_code_says_more(code: str, status: int) -> None:
    found, body = await told(InputInvalid("it is wrong", suggestion="mend it", where="/a/b", code=code))
    assert (found, body["detail"], body["suggestion"]) == (status, "it is wrong. mend it", "mend it")
    assert (await told(InputInvalid("it is wrong")))[1]["detail"] == "it is wrong"


async def test_fields_are_a_list_of_places() -> None:
    error = FieldsInvalid([FieldError("/a/0/b~1c", "no"), FieldError("?limit", "bad"), FieldError("", "whole")])
    status, body = await told(error)
    assert status == 422
    assert body == {
        "detail": [
            {"type": "value_error", "loc": ["body", "a", "0", "b/c"], "msg": "no", "input": None},
            {"type": "value_error", "loc": ["query", "limit"], "msg": "bad", "input": None},
            {"type": "value_error", "loc": ["body"], "msg": "whole", "input": None},
        ]
    }


async def test_json_that_is_none_is_told_as_clients_know_it() -> None:
    status, body = await told(InputInvalid("line 1", code="malformed_json"))
    assert (status, body["detail"]) == (
        422,
        [{"type": "json_invalid", "loc": ["body", 0], "msg": "line 1", "input": {}}],
    )


@pytest.mark.parametrize("error", [NotFound("x"), Conflict("x"), Unavailable("x"), RuntimeError("x")])
async def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)):
        await raising(error)(make_mocked_request("GET", "/"))
