from aiohttp.test_utils import make_mocked_request

from aigc.core.ids import JobId
from tests.web.house_kit import House
from web import urls

J = JobId("0f8fad5b-d9cb-469f-a165-70867728950e")


async def test_every_address_that_an_answer_may_name_is_served(house: House) -> None:
    assert house.app is not None
    for path in (
        urls.job_url(J),
        urls.output_url(J, "mesh.glb"),
        urls.thumbnail_url(J),
        urls.preview_url(J),
        urls.input_url(J, "image"),
        f"{urls.job_url(J)}/events",
        urls.EVENTS,
    ):
        match = await house.app.router.resolve(make_mocked_request("GET", path))
        assert match.http_exception is None, path
