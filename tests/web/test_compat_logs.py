"""What the routes do with files and levels is in tests/conformance/test_operators.py, on real servers."""

from tests.web.house_kit import House

LOGS = "/api/v1/system/logs"


async def test_where_no_log_is_kept_the_answers_are_empty_and_say_nothing_else(house: House) -> None:
    for path, name in ((LOGS, "logs"), (f"{LOGS}/files", "files")):
        status, body = await house.call("GET", path)
        assert (status, body[name]) == (200, []), path
    status, body = await house.call("GET", f"{LOGS}/config")
    assert (status, body["loggers"]) == (200, {})
    for method, path in (("GET", "files/x.jsonl"), ("DELETE", "files/x.jsonl"), ("PUT", "level?level=info")):
        status, body = await house.call(method, f"{LOGS}/{path}")
        assert (status, body["error"]) == (404, "NOT_FOUND"), path


async def test_an_unknown_level_is_told_with_the_known_ones(house: House) -> None:
    for method, path in (("GET", "?level=loud"), ("POST", "/test?level=loud"), ("PUT", "/level?level=loud")):
        status, body = await house.call(method, LOGS + path)
        assert (status, "CRITICAL" in body["detail"]) == (400, True), path
