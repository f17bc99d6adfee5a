"""Defaults, file, variables and flags, in this order of strength."""

from pathlib import Path

import pytest

from config.marks import ConfigInvalid
from config.settings import Settings, example, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "system.yaml"


def refusal(file: Path | None = None, **environment: str) -> str:
    with pytest.raises(ConfigInvalid) as refused:
        load(file, environment=environment)
    return str(refused.value)


def test_the_commented_example_says_exactly_the_defaults(file: Path) -> None:
    file.write_text(example())
    assert load(file, environment={}).settings == Settings()


def test_a_flag_beats_a_variable_beats_the_file(file: Path) -> None:
    file.write_text("server: {port: 1000}\nlimits: {queue: 5}\nscheduler: {alpha: 7}\n")
    loaded = load(file, environment={"P3D_PORT": "2000", "P3D_LIMITS__QUEUE": "6"}, flags={"server.port": 3000})
    settings = loaded.settings
    assert (settings.server.port, settings.limits.queue, settings.scheduler.alpha) == (3000, 6, 7)
    assert loaded.origins["server.port"] == "flag for server.port"
    assert loaded.origins["limits.queue"] == "P3D_LIMITS__QUEUE"
    assert loaded.origins["scheduler.alpha"] == f"{file}:3:20"


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert load(environment={}, flags={"server.port": None}).settings == Settings()


def test_a_wrong_variable_is_named(file: Path) -> None:
    assert refusal(P3D_PORT="many").startswith("P3D_PORT: server.port: 'many' is not usable")
    assert refusal(P3D_SERVER__PROT="1").startswith("P3D_SERVER__PROT: is not a setting")


def test_lists_come_from_variables_too() -> None:
    settings = load(environment={"P3D_SECURITY__CORS_ORIGINS": '["https://a.example"]'}).settings
    assert settings.security.cors_origins == ["https://a.example"]


def test_listening_beyond_loopback_is_refused_until_it_is_allowed_in_words() -> None:
    assert "others can reach" in refusal(P3D_HOST="0.0.0.0")
    allowed = load(environment={"P3D_HOST": "0.0.0.0", "P3D_SECURITY__ALLOW_OPEN_ACCESS": "true"})
    assert not allowed.settings.server.is_loopback
    assert load(environment={"P3D_HOST": "::1"}).settings.server.is_loopback


def test_variables_that_say_nothing_here_are_noted_and_not_refused() -> None:
    assert load(environment={"P3D_RELOAD": "1"}).notes == ("P3D_RELOAD has no effect",)


def test_the_names_of_existing_installations_reach_the_section_on_redis(tmp_path: Path) -> None:
    (file := tmp_path / "system.yaml").write_text("redis_url: redis://store:6380\nredis_enabled: true\n")

    from_file = load(file, environment={}).settings.redis
    from_variables = load(environment={"P3D_REDIS_URL": "redis://there:1", "P3D_REDIS_ENABLED": "true"}).settings.redis

    assert (from_file.url, from_file.enabled) == ("redis://store:6380", True)
    assert (from_variables.url, from_variables.enabled) == ("redis://there:1", True)


def test_an_error_in_an_old_name_is_told_at_its_place(tmp_path: Path) -> None:
    (file := tmp_path / "system.yaml").write_text("debug: false\nredis_enabled: perhaps\n")

    with pytest.raises(ConfigInvalid, match=r"system.yaml:2:\d+"):
        load(file, environment={})


def test_relative_catalogues_start_at_the_file_that_names_them(file: Path) -> None:
    file.write_text("models: {extra: [mine.yaml]}\n")
    assert load(file, environment={}).settings.models.extra == [file.parent / "mine.yaml"]


def test_an_unreadable_file_is_told_in_words(file: Path) -> None:
    assert refusal(file) == f"{file}: cannot be read (No such file or directory): check the path"
    file.write_bytes(b"a: \xff")
    assert refusal(file) == f"{file}: byte 3 is not UTF-8: save the file as UTF-8"
    file.write_text("- 1\n")
    assert "is not a mapping" in refusal(file)


def test_where_people_log_in_others_may_reach_the_server(tmp_path: Path) -> None:
    for environment in ({"P3D_USER_AUTH_ENABLED": "true"}, {"P3D_ACCOUNTS__ENABLED": "true"}):
        settings = load(environment={"P3D_HOST": "0.0.0.0", **environment}).settings
        assert settings.accounts.enabled and settings.is_guarded and settings.accounts.registration == "closed"
    seed = tmp_path / "system.yaml"
    seed.write_text("user_auth_enabled: true\nserver: {host: 192.168.1.9}\n")
    assert load(seed, environment={}).settings.accounts.enabled
    with pytest.raises(ConfigInvalid, match=r"nobody has to log in: set accounts.enabled: true"):
        load(environment={"P3D_HOST": "0.0.0.0", "P3D_USER_AUTH_ENABLED": "false"})
