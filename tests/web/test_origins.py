import pytest

from tests.web.house_kit import House
from web.origins import Origins, Use

KNOWN = Origins(named=frozenset({"https://studio.example"}), anywhere=False, public_url="https://aigc.example:7842")
HOST = "10.0.0.7:7842"
OURS = ("http://10.0.0.7:7842", "https://aigc.example:7842", "https://studio.example")
FOREIGN = (
    "https://evil.example", "http://10.0.0.7", "null", "http://10.0.0.7:7842.x", "http://[", "",
    "https://studio.example.evil", "http://studio.example", "https://aigc.example",
)  # fmt: skip


@pytest.mark.parametrize("use", Use)
def test_pages_of_ours_may_everything_and_other_pages_nothing(use: Use) -> None:
    assert all(KNOWN.may(use, origin, HOST) for origin in OURS)
    assert not any(KNOWN.may(use, origin, HOST) for origin in FOREIGN)


def test_a_program_may_ask_and_operate_and_act_with_no_cookie() -> None:
    assert [use for use in Use if KNOWN.may(use, None, HOST)] == [Use.ASK, Use.OPERATE]


def test_where_any_page_may_ask_none_may_more() -> None:
    anywhere = Origins()
    for origin in FOREIGN:
        assert [use for use in Use if anywhere.may(use, origin, HOST)] == [Use.ASK]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "system/queue"), ("POST", "system/queue/cancel"), ("GET", "system/configuration"),
        ("POST", "system/reload"), ("POST", "workers/gpu-0/drain"), ("POST", "models/shapes/load"),
        ("GET", "system/logs"), ("POST", "system/shutdown"), ("GET", "jobs/j-1/evidence"), ("GET", "owners"),
    ],
)  # fmt: skip
async def test_what_only_operators_use_answers_no_foreign_page_while_nobody_has_to_log_in(
    house: House, method: str, path: str
) -> None:
    for headers, code in (
        ({"Origin": "https://evil.example"}, "origin_refused"),
        ({"Host": "evil.example"}, "host_refused"),
    ):
        status, problem = await house.call(method, f"/api/v1/{path}", headers=headers)
        assert (status, problem["code"]) == (403, code)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:7842", True), ("localhost", True), ("[::1]:7842", True), ("me.localhost:1", True),
        ("aigc.example", True), ("studio.example", True), ("evil.example:7842", False), ("[", False), ("", False),
    ],
)  # fmt: skip
def test_a_name_that_was_made_to_lead_to_this_machine_does_not_make_a_page_our_own(host: str, is_ours: bool) -> None:
    assert KNOWN.knows(host, "127.0.0.1") is KNOWN.knows(host, "::1") is is_ours
    assert KNOWN.knows(host, "10.0.0.7") and KNOWN.knows(host, ""), "others reach that, too"
