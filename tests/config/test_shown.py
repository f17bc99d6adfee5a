"""What the page may show of the settings."""

from typing import Any

from config.settings import Settings
from config.shown import shown


def told(**sections: Any) -> dict[str, tuple[Any, str, bool]]:
    settings = Settings.model_validate(sections)
    return {one.name: (one.value, one.origin, one.hidden) for one in shown(settings, {"server.port": "here.yaml:3:9"})}


def test_every_setting_is_told_once_with_its_origin() -> None:
    found = told(server={"port": 1})
    assert found["server.port"] == (1, "here.yaml:3:9", False)
    assert found["limits.queue"] == (10_000, "default", False)
    assert found["security.keys_dir"] == (None, "default", False)
    assert found["security.cors_origins"] == (["*"], "default", False)


def test_passwords_are_hidden_wherever_they_stand_and_places_are_not() -> None:
    found = told(
        redis={"url": "rediss://me:hunter2@cache:6379/1"},
        broker={"places": [{"name": "a", "address": "tcp://10.0.0.1:1", "news": "tcp://10.0.0.1:2", "key": "hunter2"}]},
        storage={"s3": {"bucket": "b", "endpoint": "https://:hunter2@s3.example.org"}},
        security={"keys_dir": "/etc/keys"},
    )
    assert "hunter2" not in str(found)
    assert found["redis.url"] == ("rediss://***@cache:6379/1", "default", True)
    assert found["broker.places"][0][0]["address"] == "tcp://10.0.0.1:1"
    assert found["storage.s3.endpoint"] == ("https://***@s3.example.org", "default", True)
    assert found["security.keys_dir"] == ("/etc/keys", "default", False)
