"""What two processes must have in common, and how a difference reads."""

from typing import Any

import msgspec
import pytest

from aigc.core.agreement import differences
from aigc.core.ids import ModelId
from aigc.core.model import ModelSpec
from config.agreement import TOLD, agreed, agreed_of_worker, model_differences
from config.settings import Settings


def settings(**sections: Any) -> Settings:
    return Settings.model_validate({"storage": {"data_dir": "/data"}, **sections})


def differing(**sections: Any) -> list[str]:
    """How these settings differ from the defaults at a broker."""
    return list(differences(agreed(settings(**sections)), agreed(settings())))


def test_equal_settings_do_not_differ() -> None:
    assert differing() == []
    assert differing(server={"port": 1}, logging={"level": "debug"}) == [], "each process has its own"


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"limits": {"queue": 500}}, ["limits.queue is 500 here and 10000 at the broker"]),
        ({"storage": {"data_dir": "/other"}}, ["storage.data_dir names another place than at the broker"]),
        (
            {"storage": {"s3": {"bucket": "b"}}},
            ["storage.s3 is set here only", "storage.data_dir is set at the broker only"],
        ),
    ],
)
def test_each_difference_is_named_in_words(sections: dict[str, Any], says: list[str]) -> None:
    assert differing(**sections) == says


def test_a_worker_is_compared_by_where_it_puts_results_alone() -> None:
    here = agreed_of_worker(settings(storage={"data_dir": "/other"}, limits={"queue": 5}))
    assert list(differences(here, agreed(settings()), here)) == [
        "storage.data_dir names another place than at the broker"
    ]
    bucket = agreed_of_worker(settings(storage={"s3": {"bucket": "b"}}))
    assert list(differences(bucket, agreed(settings()), bucket)) == ["storage.s3 is set here only"]


def shared(**redis: Any) -> dict[str, str]:
    return agreed(settings(redis={"enabled": True, **redis}))


def test_the_records_store_is_compared_by_its_place_and_what_it_promises() -> None:
    assert list(differences(shared(url="redis://a:1/0"), shared(url="redis://a:2/0"))) == [
        "redis.url names another place than at the broker"
    ]
    assert list(differences(shared(durability="always"), shared())) == [
        "redis.durability is always here and everysec at the broker"
    ]


def test_a_password_is_no_difference_and_no_place_can_be_read() -> None:
    assert shared(url="redis://ann:one@cache:6379") == shared(url="redis://bob:two@cache:6379")
    assert "cache" not in str(shared(url="redis://ann:one@cache:6379"))
    assert "/data" not in str(agreed(settings()))


# Models.

SPEC = ModelSpec(id=ModelId("m"), feature="f", class_path="a:B", memory_bytes=1 << 30)


def told(spec: ModelSpec) -> dict[str, Any]:
    """As a server tells it."""
    public = {there: getattr(spec, name) for name, there in TOLD.items()}
    return msgspec.json.decode(msgspec.json.encode({"id": spec.id, "digest": spec.digest, **public}))


def changed(**fields: Any) -> ModelSpec:
    return msgspec.structs.replace(SPEC, **fields)


def test_equal_models_do_not_differ() -> None:
    assert list(model_differences([SPEC], [told(SPEC)])) == []


def test_a_model_that_is_on_one_side_only_is_named() -> None:
    other = changed(id=ModelId("other"))
    assert list(model_differences([SPEC], [told(other)])) == ["model m is only here", "model other is only there"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"memory_bytes": 2 << 30}, "memory_bytes 1073741824 here, 2147483648 there"),
        ({"pinned": True, "run_s": 1.0}, "run_s 30.0 here, 1.0 there; pinned False here, True there"),
        ({"schema": {"type": "object"}}, "schema"),
        ({"outputs": ("obj",)}, "outputs ['glb'] here, ['obj'] there"),
        (
            {"python": "/opt/py"},
            "in what clients are not told, such as its class, interpreter, folders or environment",
        ),
    ],
)
def test_a_model_that_differs_says_in_what(fields: dict[str, Any], says: str) -> None:
    assert list(model_differences([SPEC], [told(changed(**fields))])) == [f"model m is another one there: {says}"]
