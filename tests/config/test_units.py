from pathlib import Path

import pytest

from aigc.core.errors import InputInvalid
from config.settings import Redis, Server, Settings, Storage, Worker
from config.units import COMMON, Layout, address, device_of, instance_of, notes, units

SHARED = Settings(redis=Redis(enabled=True), storage=Storage(data_dir=Path("/var/lib/aigc")))
PROGRAM = Path("/opt/aigc/bin/aigc")
GPU = "GPU-8f2c1a5e-0a1b-4c2d-9e3f-5a6b7c8d9e0f"


def layout(
    *,
    program: Path = PROGRAM,
    file: Path | None = None,
    devices: tuple[str, ...] = ("cpu",),
    web: int = 1,
    brokers: int = 2,
    place: str = "",
    user: str = "aigc",
) -> Layout:
    return Layout(program=program, file=file, devices=devices, web=web, brokers=brokers, place=place, user=user)


def lines(text: str, key: str) -> list[str]:
    """What the unit says under that key."""
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


def test_there_is_a_unit_for_each_role_and_the_target_wants_them() -> None:
    found = units(Settings(), layout(devices=("cpu", GPU)))
    assert sorted(found) == [
        COMMON,
        "aigc-broker.service",
        "aigc-standby.service",
        "aigc-web.service",
        "aigc-web.socket",
        "aigc-worker@.service",
        "aigc.target",
    ]
    assert lines(found["aigc.target"], "Wants") == [
        "aigc-broker.service",
        "aigc-standby.service",
        "aigc-web.socket",
        "aigc-web.service",
        "aigc-worker@cpu.service",
        f"aigc-worker@{GPU}.service",
    ]


def test_a_machine_may_have_workers_alone() -> None:
    found = units(Settings(), layout(devices=(GPU,), web=0, brokers=0))
    assert sorted(found) == [COMMON, "aigc-worker@.service", "aigc.target"]
    assert lines(found["aigc.target"], "Wants") == [f"aigc-worker@{GPU}.service"]
    assert lines(found["aigc.target"], "PropagatesReloadTo") == []


def test_a_machine_may_have_no_worker_and_one_broker_at_its_place() -> None:
    found = units(Settings(), layout(devices=(), brokers=1, place="left"))
    assert sorted(found) == [COMMON, "aigc-broker.service", "aigc-web.service", "aigc-web.socket", "aigc.target"]
    assert lines(found["aigc-broker.service"], "ExecStart") == [f"{PROGRAM} broker --standby --place left"]


def test_commands_name_the_program_the_settings_and_the_number_of_gateways() -> None:
    found = units(Settings(), layout(program=Path("/usr/bin/aigc"), file=Path("/etc/a b/s.yaml"), web=7))
    assert lines(found["aigc-web.service"], "ExecStart") == ['/usr/bin/aigc web --workers 7 --config "/etc/a b/s.yaml"']
    worker = found["aigc-worker@.service"]
    assert lines(worker, "ExecStart") == ['/usr/bin/aigc worker --device %i --config "/etc/a b/s.yaml"']
    assert "/opt/aigc" not in "".join(found.values())


def test_without_a_file_no_command_names_one() -> None:
    assert "--config" not in "".join(units(Settings(), layout()).values())


@pytest.mark.parametrize(
    ("path", "word"),
    [("/a/b", "/a/b"), ("/a b", '"/a b"'), ("/a%b", "/a%%b"), ('/a"b', '"/a\\"b"'), ("/a\\b", '"/a\\\\b"')],
)
def test_a_path_is_one_word_whatever_is_in_it(path: str, word: str) -> None:
    found = units(Settings(), layout(file=Path(path)))
    assert lines(found["aigc-broker.service"], "ExecStart") == [f"{PROGRAM} broker --standby --config {word}"]


def test_a_program_that_systemd_would_not_start_is_refused() -> None:
    for path in ("/it's/aigc", '/a"b/aigc', "/a\\b/aigc"):
        with pytest.raises(InputInvalid, match="a quote or a backslash"):
            units(Settings(), layout(program=Path(path)))


@pytest.mark.parametrize(
    ("device", "instance"),
    [
        ("cpu", "cpu"),
        (GPU, GPU),
        ("fake:24", "fake:24"),
        ("MIG-GPU-8f2c/1/0", "MIG-GPU-8f2c\\x2f1\\x2f0"),
        ("a b%\\é", "a\\x20b\\x25\\x5c\\xc3\\xa9"),
    ],
)
def test_a_device_survives_its_way_through_a_units_name(device: str, instance: str) -> None:
    assert instance_of(device) == instance
    assert device_of(instance) == device


def test_what_systemd_escape_makes_of_a_device_is_understood_too() -> None:
    assert device_of("GPU\\x2d8f2c\\x2d1") == "GPU-8f2c-1"


def test_systemd_listens_where_the_settings_say() -> None:
    assert lines(units(Settings(), layout())["aigc-web.socket"], "ListenStream") == ["127.0.0.1:7842"]
    assert address(Settings(server=Server(host="::1", port=80))) == "[::1]:80"
    with pytest.raises(InputInvalid, match=r"server\.port"):
        address(Settings(server=Server(port=0)))


def test_a_drain_has_its_time_before_systemd_kills() -> None:
    found = units(Settings(worker=Worker(drain_s=600)), layout())
    assert lines(found["aigc-worker@.service"], "TimeoutStopSec") == ["630"]
    assert lines(found["aigc-web.service"], "TimeoutStopSec") == ["630"]


@pytest.mark.parametrize(
    ("redis", "is_here"),
    [
        (Redis(), True),
        (Redis(url="redis://:secret@127.0.0.1:6379/1"), True),
        (Redis(url="rediss://[::1]"), True),
        (Redis(url="unix:///run/redis/redis.sock"), True),
        (Redis(url="redis://cache.example"), False),
        (Redis(url="redis://10.0.0.1"), False),
        (Redis(sentinels=["10.0.0.1:26379"]), False),
    ],
)
def test_the_redis_of_this_machine_is_started_before(redis: Redis, is_here: bool) -> None:
    assert ("redis-server.service" in units(Settings(redis=redis), layout())[COMMON]) is is_here


def test_folders_that_the_settings_name_are_opened_to_the_services_and_waited_for() -> None:
    folders = Storage(data_dir=Path("/srv/big disk"), run_dir=Path("/run/other"))
    common = units(Settings(storage=folders), layout())[COMMON]
    assert lines(common, "RequiresMountsFor") == ["/run/other", '"/srv/big disk"']
    assert lines(common, "ReadWritePaths") == ["-/run/other", '"-/srv/big disk"']
    assert [value for value in lines(common, "Environment") if "_DIR" in value] == []
    own = units(Settings(), layout())[COMMON]
    assert [value for value in lines(own, "Environment") if "_DIR" in value] == [
        "P3D_STORAGE__DATA_DIR=%S/aigc",
        "P3D_STORAGE__RUN_DIR=%t/aigc",
    ]


def test_a_folder_that_depends_on_where_one_stands_is_refused() -> None:
    with pytest.raises(InputInvalid, match="the whole path"):
        units(Settings(storage=Storage(data_dir=Path("data"))), layout())


def test_a_program_in_a_home_folder_can_be_read_and_a_note_says_what_is_wrong_with_it() -> None:
    at_home = layout(program=Path("/home/eve/aigc/.venv/bin/aigc"), user="eve")
    assert lines(units(Settings(), at_home)[COMMON], "ProtectHome") == ["read-only"]
    assert lines(units(Settings(), at_home)[COMMON], "User") == ["eve"]
    assert [note.split(" is in a home")[0] for note in notes(SHARED, at_home)] == ["/home/eve/aigc/.venv/bin/aigc"]
    assert lines(units(Settings(), layout())[COMMON], "ProtectHome") == ["yes"]
    assert list(notes(SHARED, layout())) == []


def test_a_data_folder_elsewhere_has_to_be_made_and_the_note_says_how() -> None:
    told = list(notes(Settings(storage=Storage(data_dir=Path("/srv/aigc")), redis=Redis(enabled=True)), layout()))
    assert told == ["make /srv/aigc and give it to aigc: install -d -o aigc -m 0750 /srv/aigc"]


def test_settings_that_only_the_services_have_are_told() -> None:
    assert [note.split(";")[0] for note in notes(Settings(), layout())] == [
        "the section on redis is not enabled",
        "the services keep their data in /var/lib/aigc",
    ]
