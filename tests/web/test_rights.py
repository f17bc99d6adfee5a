import pytest

from aigc.core.accounts import Role
from web.rights import rights_of

NEEDS = {
    "GET /health": None,
    "GET /": None,
    "POST /api/v1/session": None,
    "POST /api/v1/users/login": None,
    "GET /api/v1/system/auth-status": None,
    "GET /api/v1/jobs": Role.USER,
    "HEAD /api/v1/jobs/{id}/outputs/{name}": Role.USER,
    "POST /api/v1/file-upload/mesh": Role.USER,
    "GET /api/v1/system/status": Role.USER,
    "GET /api/v1/system/jobs/history": Role.USER,
    "GET /api/v1/workers": Role.USER,
    "GET /metrics": Role.OPERATOR,
    "POST /api/v1/models/{id}/{action}": Role.OPERATOR,
    "DELETE /api/v1/workers/{id}": Role.OPERATOR,
    "POST /api/v1/workers/{id}/drain": Role.OPERATOR,
    "GET /api/v1/system/logs/files/{filename}": Role.OPERATOR,
    "GET /api/v1/system/configuration": Role.OPERATOR,
    "POST /api/v1/system/queue/cancel": Role.OPERATOR,
    "GET /api/v1/owners": Role.OPERATOR,
    "POST /api/v1/system/shutdown": Role.ADMIN,
    "GET /api/v1/users/admin/users": Role.ADMIN,
    "DELETE /api/v1/users/admin/users/{id}": Role.ADMIN,
    "GET /api/v1/audit": Role.ADMIN,
}


@pytest.mark.parametrize("route", NEEDS)
def test_a_route_needs_the_role_of_those_whom_it_is_for(route: str) -> None:
    assert rights_of(*route.split(" ")).need is NEEDS[route]


def test_a_route_that_nobody_named_needs_an_account_and_an_operator_where_it_is_the_servers() -> None:
    assert rights_of("GET", "/api/v1/something/new").need is Role.USER
    assert rights_of("GET", "/new").need is Role.USER
    assert rights_of("GET", "/api/v1/system/new").need is Role.OPERATOR


def test_only_files_of_jobs_open_to_a_signed_url_and_only_to_be_read() -> None:
    for path in ("jobs/{id}/outputs/{name}", "jobs/{id}/thumbnail", "system/jobs/{id}/download/{alias}"):
        assert rights_of("GET", f"/api/v1/{path}").signable and rights_of("HEAD", f"/api/v1/{path}").signable
        assert not rights_of("DELETE", f"/api/v1/{path}").signable
    for path in ("jobs/{id}", "jobs/{id}/events", "jobs/{id}/evidence", "uploads/{id}", "system/jobs/{id}"):
        assert not rights_of("GET", f"/api/v1/{path}").signable


def test_what_is_for_operators_is_for_no_page_of_another_origin_and_neither_is_the_evidence() -> None:
    for route, need in NEEDS.items():
        assert rights_of(*route.split(" ")).own_pages is (need in (Role.OPERATOR, Role.ADMIN))
    assert rights_of("GET", "/api/v1/jobs/{id}/evidence").own_pages


def test_what_makes_jobs_and_takes_files_is_counted_and_nothing_else() -> None:
    for route in ("POST jobs", "POST jobs/{id}/retry", "PUT uploads", "POST mesh-editing/text-mesh-editing"):
        method, path = route.split(" ")
        assert rights_of(method, f"/api/v1/{path}").metered
    for route in ("GET jobs", "POST jobs/{id}/cancel", "DELETE uploads/{id}", "GET mesh-editing/supported-masks"):
        method, path = route.split(" ")
        assert not rights_of(method, f"/api/v1/{path}").metered
