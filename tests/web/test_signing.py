from urllib.parse import parse_qs, urlsplit

import pytest

from aigc.core.errors import NotAllowed, Unavailable
from web.signing import Signer

NOW = [1_800_000_000.0]
PATH = "/api/v1/system/jobs/4f/download/rote%20T%C3%BCr.glb"


@pytest.fixture
def signer() -> Signer:
    NOW[0] = 1_800_000_000.0
    made = Signer(800, lambda: NOW[0])
    made.use(b"k" * 32)
    return made


def parts(url: str) -> tuple[str, str, str]:
    split = urlsplit(url)
    query = parse_qs(split.query)
    return split.path, query["expires"][0], query["signature"][0]


def test_a_signed_url_is_good_for_its_path_until_it_expires(signer: Signer) -> None:
    path, expires, signature = parts(signer(PATH))
    signer.check(path, expires, signature)
    signer.check("/api/v1/system/jobs/4f/download/rote%20Tür.glb", expires, signature)  # as another client writes it
    assert NOW[0] + 800 <= int(expires) <= NOW[0] + 900
    NOW[0] = float(expires)
    signer.check(path, expires, signature)
    NOW[0] += 1
    with pytest.raises(NotAllowed) as refused:
        signer.check(path, expires, signature)
    assert refused.value.code == "url_expired" and "ask for the job again" in str(refused.value)


def test_nothing_of_it_can_be_changed(signer: Signer) -> None:
    path, expires, signature = parts(signer(PATH))
    later, flipped = str(int(expires) + 1), ("B" if signature[0] == "A" else "A") + signature[1:]
    for changed in (
        (path.replace("4f", "5f"), expires, signature),
        (path, later, signature),
        (path, "0" + expires, signature),
        (path, "", signature),
        (path, expires, flipped),
        (path, expires, signature[:-1]),
        (path, expires, ""),
        (path, expires, "ü" * 32),
    ):
        with pytest.raises(NotAllowed) as refused:
            signer.check(*changed)
        assert refused.value.code == "url_invalid"


def test_the_same_url_comes_again_for_a_while_so_that_browsers_keep_what_they_have(signer: Signer) -> None:
    first = signer(PATH)
    NOW[0] += 1
    assert signer(PATH) == first
    NOW[0] += 200
    assert signer(PATH) != first


def test_other_keys_make_other_signatures_and_none_makes_none(signer: Signer) -> None:
    path, expires, signature = parts(signer(PATH))
    signer.use(b"other" * 8)
    with pytest.raises(NotAllowed):
        signer.check(path, expires, signature)
    keyless = Signer(800, lambda: NOW[0])
    assert not keyless.is_ready and signer.is_ready
    with pytest.raises(Unavailable):
        keyless(PATH)
    with pytest.raises(Unavailable):
        keyless.check(path, expires, signature)
