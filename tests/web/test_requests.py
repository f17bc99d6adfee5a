from typing import Annotated, Any

import pytest
from aiohttp.test_utils import make_mocked_request
from msgspec import Meta, Struct

from aigc.core.accounts import Account, Role
from aigc.core.errors import InputInvalid, NotAllowed
from aigc.core.ids import ModelId, OwnerId
from aigc.core.model import Absent
from web.identity import Identity
from web.problem import FieldsInvalid
from web.requests import (
    JSON_BYTES,
    SMALL_BYTES,
    Body,
    asker_of,
    did_you_mean,
    listed_for,
    not_served,
    number,
    owner_of,
    reply,
    request_id_of,
    viewer_of,
    visit_of,
)


class Shape(Struct, forbid_unknown_fields=True):
    name: str
    count: Annotated[int, Meta(ge=0)] = 0
    more: dict[str, Any] = {}


def test_every_error_of_a_body_is_told_at_once_with_its_place() -> None:
    with pytest.raises(FieldsInvalid) as caught:
        Body(Shape).parse(b'{"count": -1, "nmae": "x"}')
    assert {error.pointer: error.detail for error in caught.value.errors} == {
        "/count": "-1 is less than the minimum of 0",
        "/name": "is required",
        "/nmae": "nmae is not known here; did you mean name?",
    }


def test_of_a_long_body_the_first_error_is_told_and_none_of_what_is_in_it() -> None:
    with pytest.raises(FieldsInvalid) as caught:
        Body(Shape, JSON_BYTES).parse(b'{"name": "' + b"a" * SMALL_BYTES + b'", "count": -1}')
    (error,) = caught.value.errors
    assert error.detail == "Expected `int` >= 0 - at `$.count`"


def test_a_body_that_is_no_object_is_told_so() -> None:
    with pytest.raises(FieldsInvalid) as caught:
        Body(Shape).parse(b"[1]")
    assert caught.value.errors[0].pointer == ""


async def test_a_body_of_another_type_is_refused_with_the_header_to_send() -> None:
    request = make_mocked_request("POST", "/", headers={"Content-Type": "text/plain"})
    with pytest.raises(InputInvalid, match="the body is text/plain, not JSON") as caught:
        await Body(Shape).read(request)
    assert caught.value.code == "unsupported_media_type"


@pytest.mark.parametrize(
    ("query", "value"), [("", 50.0), ("?n=", 50.0), ("?n=7", 7.0), ("?n=-3", 1.0), ("?n=1e9", 100.0)]
)
def test_a_number_from_the_query_stays_within_its_bounds(query: str, value: float) -> None:
    assert number(make_mocked_request("GET", f"/{query}"), "n", 50, 1, 100) == value


@pytest.mark.parametrize("text", ["seven", "nan", "1;2"])
def test_a_query_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(FieldsInvalid) as caught:
        number(make_mocked_request("GET", f"/?n={text}"), "n", 50, 1, 100)
    assert caught.value.errors[0].pointer == "?n"


def test_a_near_word_is_proposed_and_otherwise_all_are_named() -> None:
    assert did_you_mean("seeed", ["seed", "size"]) == "; did you mean seed?"
    assert did_you_mean("q", ["seed", "size"]) == "; known are seed, size"
    assert did_you_mean("q", []) == ""
    assert did_you_mean("seed" + "x" * 10_000_000, ["seed"]) == "; known are seed", "no more of it is compared"


def test_an_answer_is_compact_json_whether_value_or_text() -> None:
    assert reply({"status": "queued", "n": [1, 2]}).body == b'{"status":"queued","n":[1,2]}'
    answer = reply(b"{}", 202, {"Location": "/x"})
    assert (answer.status, answer.body, answer.headers["Location"]) == (202, b"{}", "/x")
    assert answer.content_type == "application/json"


def test_a_request_without_owner_and_id_has_empty_ones() -> None:
    request = make_mocked_request("GET", "/")
    assert (owner_of(request), request_id_of(request)) == ("", "")
    assert asker_of(request).via == "open" and viewer_of(request) is None
    assert visit_of(request) is visit_of(request), "from then on it is known"


@pytest.mark.parametrize("role", Role)
def test_lists_show_ones_own_and_to_operators_whose_they_ask_for(role: Role) -> None:
    def asked(query: str) -> OwnerId | None:
        request = make_mocked_request("GET", f"/{query}")
        account = Account(id=OwnerId("ada"), name="Ada", password="", role=role, created_at=0.0)
        visit_of(request).asker = Identity(role, "token", account)
        assert owner_of(request) == "ada"
        assert viewer_of(request) == ("ada" if role is Role.USER else None)
        return listed_for(request)

    assert asked("") == asked("?owner=ada") == asked("?owner=") == "ada"
    for query, whose in (("?owner=*", None), ("?owner=bob", "bob")):
        if role is Role.USER:
            with pytest.raises(NotAllowed):
                asked(query)
        else:
            assert asked(query) == whose


def test_while_nobody_logs_in_everybody_sees_everything() -> None:
    assert listed_for(make_mocked_request("GET", "/")) is None
    assert listed_for(make_mocked_request("GET", "/?owner=bob")) == "bob"


def test_a_model_that_is_not_installed_is_found_by_what_it_begins_with_and_by_what_installs_it() -> None:
    absent = [
        Absent(id=ModelId("hunyuan3dv20_raw"), feature="f", reason="r", detail="d", suggestion="install hunyuan3d-2.0"),
        Absent(id=ModelId("trellis_raw"), feature="f", reason="r", detail="d", suggestion="install trellis"),
    ]
    for word in ("hunyuan3d", "Hunyuan3D-2.0", "hunyuan3dv20-raw"):
        assert not_served(word, absent) == "; known and not served here: hunyuan3dv20_raw (install hunyuan3d-2.0)"
    assert not_served("no-such-model", absent) == not_served("hun", absent) == ""
