import pytest

from aigc.core.accounts import Account, Role, Token
from aigc.core.ids import OwnerId
from web.identity import BY_URL, OPEN, identity_of


@pytest.mark.parametrize(
    ("account", "token", "may"),
    [
        (Role.ADMIN, Role.ADMIN, Role.ADMIN),
        (Role.ADMIN, Role.USER, Role.USER),
        (Role.USER, Role.ADMIN, Role.USER),
        (Role.OPERATOR, Role.USER, Role.USER),
        (Role.OPERATOR, Role.ADMIN, Role.OPERATOR),
    ],
)
def test_who_has_a_token_may_no_more_than_account_and_token_both_may(account: Role, token: Role, may: Role) -> None:
    ada = Account(id=OwnerId("user_a"), name="ada", password="", role=account, created_at=0.0)
    found = identity_of(ada, Token(digest="d", prefix="p", account=ada.id, name="t", role=token, created_at=0.0))
    assert (found.role, found.owner, found.name) == (may, "user_a", "ada")
    assert found.viewer == ("user_a" if may is Role.USER else None)


def test_nobody_owns_nothing_and_a_url_opens_what_it_names_whoever_owns_it() -> None:
    assert (OPEN.owner, OPEN.viewer, OPEN.role) == ("", None, Role.ADMIN)
    assert (BY_URL.owner, BY_URL.viewer, BY_URL.role) == ("", None, Role.USER)
