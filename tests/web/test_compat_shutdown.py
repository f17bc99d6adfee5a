import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from aigc.core.errors import Unavailable
from web import compat_shutdown
from web.access import ACCESS, Access


async def asked(stop: object) -> web.StreamResponse:
    app = web.Application()
    app[ACCESS] = Access()
    (route,) = compat_shutdown.routes(stop)  # type: ignore[arg-type]
    return await route.handler(make_mocked_request("POST", route.path, app=app))  # type: ignore[no-any-return,call-arg]


async def test_the_answer_says_what_ends() -> None:
    begun: list[str] = []

    def stop() -> str:
        begun.append("stop")
        return "this process ends"

    answer = await asked(stop)
    assert isinstance(answer, web.Response) and answer.text is not None
    assert (answer.status, "this process ends" in answer.text, begun) == (200, True, ["stop"])


async def test_a_server_that_nobody_could_end_says_so() -> None:
    with pytest.raises(Unavailable, match="whoever started it"):
        await asked(None)
