import pytest

from aigc.core.secrets import is_secret, without_passwords, without_secrets


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("redis://aigc:p4ss@cache:6379 refused", "redis://***@cache:6379 refused"),
        ("redis://aigc:p@ss@cache:6379/0 refused", "redis://***@cache:6379/0 refused"),
        ("unix://aigc:p%40ss@/run/redis.sock is away", "unix://***@/run/redis.sock is away"),
        ("GET https://bucket/a.glb?X-Amz-Signature=abc&b=1 failed", "GET https://bucket/a.glb?*** failed"),
        ("/api/v1/files/a?sig=abc&expires=1", "/api/v1/files/a?***"),
        ("said 'Authorization: Bearer aigc_abcdef123456'", "said 'Authorization: Bearer ***'"),
        ("is it running? see http://127.0.0.1:7842/docs", "is it running? see http://127.0.0.1:7842/docs"),
    ],
)
def test_whoever_reads_a_log_may_not_act_by_it(text: str, left: str) -> None:
    assert without_secrets(text) == left


def test_of_a_setting_only_what_lets_somebody_in_is_left_out() -> None:
    url = "rediss://me:hunter2@cache:6379/1?ssl_ca_certs=/ca.pem"
    assert without_passwords(url) == "rediss://***@cache:6379/1?ssl_ca_certs=/ca.pem"
    assert without_passwords("mail me@home") == "mail me@home"


def test_a_name_says_that_its_value_is_a_secret() -> None:
    secrets = (
        "password", "s3_secret", "token", "Authorization", "cookie", "api_key", "key_id", "key", "access_key",
        "sentinel_password", "private", "passphrase",
    )  # fmt: skip
    assert all(map(is_secret, secrets))
    assert not any(map(is_secret, ("keys_dir", "public_key", "tokens", "url", "keys", "token_days", "user")))
