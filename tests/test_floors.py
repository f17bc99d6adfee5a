"""What holds for the whole house: who may know what, and that nothing goes untested."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("aigc", "actors", "transport", "web", "config")

# Tested through what they serve, by the tests in the folder named; a path that ends in / stands for all below it.
TESTED_ELSEWHERE = {
    "aigc/__main__.py": "house",
    "aigc/client/": "client",
    "aigc/features/": "features",
    "aigc/models/shapes/library/": "models/shapes",
    "aigc/runner/__main__.py": "runner",
    "web/accounts.py": "web",
    "web/audit.py": "web",
    "web/login.py": "web",
    "web/openapi/": "web",
    "web/session.py": "web",
    "web/stream_logins.py": "web",
    "actors/actor.py": "actors",
    "actors/stores/redis_accounts.py": "contract",
    "actors/stores/redis_audit.py": "contract",
    "actors/stores/redis_talk.py": "contract",
    "actors/inquiries.py": "actors",
    "config/checkup/": "config",
    "config/children.py": "house",
    "config/cli.py": "house",
    "config/commands/": "house",
    "config/gateways.py": "house",
    "config/house.py": "house",
    "config/model_template/": "house",
    "config/roles/": "house",
    "config/service.py": "house",
    "config/together.py": "house",
    "config/unstarted.py": "house",
    "config/wiring.py": "house",
}
DATA_ONLY = frozenset(
    f"aigc/core/{name}.py"
    for name in (
        "accounts",
        "effects",
        "events",
        "ids",
        "job",
        "messages/devices",
        "messages/from_gateway",
        "messages/from_worker",
        "messages/message",
        "messages/news",
        "messages/status",
        "messages/to_gateway",
        "messages/to_worker",
        "model",
        "ports",
        "runner_events",
        "settings",
    )
) | {"web/watcher.py"}
"""Declarations without a line of behaviour."""


def sources() -> list[Path]:
    return [
        file
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if file.name != "__init__.py" and "static" not in file.parts
    ]


def test_only_the_wiring_knows_the_modes() -> None:
    word = re.compile(r"\b(single|multi)[-_ ]?worker|\bmulti[-_ ]?process mode|\bdeployment_mode", re.IGNORECASE)
    told = {str(file.relative_to(ROOT)) for file in sources() if word.search(file.read_text())}
    allowed = {"config/wiring.py", "config/settings.py", "web/compat_system.py"}
    assert told <= allowed, "existing clients are told the mode in words; nothing else asks for it"


def test_only_the_wiring_asks_whether_there_is_a_redis() -> None:
    asks = re.compile(r"redis\.enabled|redis_enabled|stores\.(redis|sqlite) import")
    asking = {str(file.relative_to(ROOT)) for file in sources() if asks.search(file.read_text())}
    assert asking == {"config/settings.py", "config/wiring.py"}


def test_only_starting_and_looking_depend_on_the_mode() -> None:
    asking = {str(file.relative_to(ROOT)) for file in sources() if "is_shared(" in file.read_text()}
    # Whether a Redis is to be started, looked at, compared or waited for, beside the one file that knows.
    assert asking == {f"config/{name}.py" for name in ("wiring", "together", "agreement", "units", "commands/doctor")}


def test_every_import_goes_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_source_file_has_its_tests() -> None:
    tests = {file.name for file in (ROOT / "tests").rglob("test_*.py") if "node_modules" not in file.parts}
    for folder in TESTED_ELSEWHERE.values():
        assert list((ROOT / "tests" / folder).glob("test_*.py")), folder
    missing = [
        name
        for file in sources()
        if f"test_{file.stem}.py" not in tests
        and (name := str(file.relative_to(ROOT))) not in DATA_ONLY
        and not any(name == place or (place.endswith("/") and name.startswith(place)) for place in TESTED_ELSEWHERE)
    ]
    assert missing == []


def test_no_tracked_file_names_a_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    place = re.compile(rb"/(?:work|farm)/[A-Za-z.]|registry\.npmjs|pypi\.org|/root/[a-z.]")
    told = []
    for name in tracked.decode().split("\0"):
        file = ROOT / name
        is_ours = name and not name.startswith("web/static/vendor/") and name != "tests/test_floors.py"
        if is_ours and file.is_file() and place.search(file.read_bytes()):
            told.append(name)
    assert told == []
