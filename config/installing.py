"""Makes a disk like a recipe, step by step; a step that is done is not done again.

Nothing here runs while jobs run: a model's weights are on the disk before it is served.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from config import fetching
from config.fetching import FetchFailed, Hub, Say
from config.installed import ENVIRONMENT, KeptFile, Place, Record, missing
from config.recipe import Named, Source

RUNNER_PACKAGES = ("pyzmq==27.3.0", "msgpack==1.2.4")
"""What a runner imports beside the model; both have wheels for Python 3.10 and later."""
_DONE, _LOCK = ".installed", "weights.json"
_TAIL = 15


class InstallFailed(Exception):
    """The text says what stopped it and what to do; what was done until then is kept."""


class Step(NamedTuple):
    """One thing to do.

    Args:
        title: what is there afterwards.
        details: the commands and addresses, for who wants to know before.
        is_done: looks at the disk.
        run: does it; raises InstallFailed or FetchFailed.
    """

    title: str
    details: tuple[str, ...]
    is_done: Callable[[], bool]
    run: Callable[[], None]


class Machine(NamedTuple):
    """What an installation needs of this machine; found once, so that a test can say otherwise."""

    python: str
    """Path of an interpreter; empty: there is none of the recipe's version."""
    version: str
    """Of that interpreter, `3.10`; empty: it does not run."""
    git: str
    nvcc: str
    free_bytes: int

    @classmethod
    def look(cls, version: str, folder: Path, python: str = "") -> "Machine":
        """What is here. `python`: an interpreter that was named; else one of that version is looked for."""
        own = sys.executable if f"{sys.version_info[0]}.{sys.version_info[1]}" == version else ""
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        chosen = python or own or shutil.which(f"python{version}") or ""
        return cls(
            python=chosen,
            version=_version(chosen) if chosen else "",
            git=shutil.which("git") or "",
            nvcc=shutil.which("nvcc") or "",
            free_bytes=shutil.disk_usage(existing).free,
        )


def obstacles(named: Named, place: Place, machine: Machine) -> list[str]:
    """What keeps an installation from being tried, each with what to do about it."""
    recipe = named.recipe
    found = []
    if not place.python.exists() and machine.version != recipe.python:
        there = f"there is no python{recipe.python} on the path"
        if machine.python:
            there = f"{machine.python} is {machine.version}" if machine.version else f"{machine.python} does not run"
        found.append(f"{recipe.title} needs Python {recipe.python}, and {there}; install it, or name it with --python")
    if recipe.sources and not machine.git:
        found.append("git is not on the path; install it")
    if recipe.compiled and not machine.nvcc and not _marked(place, "compiled", recipe.compiled):
        names = ", ".join(pin.partition("==")[0] for pin in recipe.compiled)
        what = f"{names} will be compiled, and there is no nvcc on the path"
        found.append(f"{what}; install the CUDA toolkit {recipe.cuda}, and put its bin folder on the path")
    if machine.free_bytes < recipe.disk_gb * 2**30 and missing(named, place):
        what = f"it takes {recipe.disk_gb:g} GiB, and {machine.free_bytes / 2**30:.0f} GiB are free at {place.folder}"
        found.append(f"{what}; make room, or name another folder with --into")
    return found


def steps(named: Named, place: Place, machine: Machine, hub: Hub, say: Say) -> Iterator[Step]:
    """What has to be done, in order; the last one writes the record that lets the models be served."""
    recipe = named.recipe
    yield _environment(place, machine)
    lists: list[tuple[str, Sequence[str], tuple[str, ...]]] = [
        ("packages", [*RUNNER_PACKAGES, *recipe.packages], ()),
        ("without_dependencies", recipe.without_dependencies, ("--no-deps",)),
        ("compiled", recipe.compiled, ("--no-build-isolation",)),
    ]
    for name, pins, flags in lists:
        if pins:
            yield _packages(place, name, pins, flags)
    for source in recipe.sources:
        yield _source(place, source, machine)
    if recipe.by_hand:
        yield _by_hand(named, place, machine)
    if recipe.weights:
        yield _weights(named, place, hub, say)
    yield _record(named, place)


def _environment(place: Place, machine: Machine) -> Step:
    folder = place.folder / ENVIRONMENT
    command = [machine.python or "python", "-m", "venv", str(folder)]

    def run() -> None:
        place.folder.mkdir(parents=True, exist_ok=True)
        _run(command, "make sure that its venv module is installed (Debian: python3-venv)")

    return Step(f"a virtual environment in {folder}", (_shown(command),), place.python.exists, run)


def _packages(place: Place, name: str, pins: Sequence[str], flags: tuple[str, ...]) -> Step:
    file = place.folder / f"{name}.txt"
    command = [str(place.python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *flags]
    command += ["--requirement", str(file)]
    hashed = ["--require-hashes"] if any("--hash" in pin for pin in pins) else []

    def run() -> None:
        file.write_text("\n".join(pins) + "\n", encoding="utf-8")
        _run([*command, *hashed], "the same command goes on from here, once that is mended", is_long=True)
        _mark(place, name, pins)

    what = {"packages": "", "without_dependencies": ", without what they ask for", "compiled": ", compiled here"}[name]
    details = (_shown([*command, *hashed]), *(f"  {pin}" for pin in pins))
    return Step(
        f"{len(pins)} package{'s' if len(pins) > 1 else ''}{what}", details, lambda: _marked(place, name, pins), run
    )


def _source(place: Place, source: Source, machine: Machine) -> Step:
    folder = place.folder / source.into
    git = [machine.git or "git", "-C", str(folder)]
    commands = [
        [*git, "init", "--quiet"],
        [*git, "fetch", "--quiet", "--depth", "1", source.git, source.revision],
        [*git, "checkout", "--quiet", "--force", source.revision],
    ]

    def is_done() -> bool:
        return (folder / ".git").is_dir() and _head(git) == source.revision

    def run() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for command in commands:
            _run(command, f"is {source.git} reachable, and does it have that revision?", is_long=True)
        if _head(git) != source.revision:
            raise InstallFailed(f"{folder} is at {_head(git)}, not at {source.revision}; remove it and try again")

    return Step(f"{source.git} at {source.revision[:10]}", tuple(map(_shown, commands)), is_done, run)


def _by_hand(named: Named, place: Place, machine: Machine) -> Step:
    wanted = named.recipe.by_hand
    modules = [extension.module for extension in wanted]

    def absent() -> list[str]:
        script = (
            "import importlib.util, sys\n"
            "def here(name):\n"
            "    try: return importlib.util.find_spec(name) is not None\n"
            "    except ImportError: return False\n"
            "print(*[name for name in sys.argv[1:] if not here(name)])"
        )
        folders = [str(place.folder / source.into / path) for source in named.recipe.sources for path in source.path]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
        done = subprocess.run(  # noqa: S603 - the environment's own interpreter
            [str(place.python), "-c", script, *modules], env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout.split() if done.returncode == 0 else modules

    def run() -> None:
        still = absent()
        if not still:
            return
        lines = [f"  {one.module}: {one.instructions}" for one in wanted if one.module in still]
        compiler = (
            "" if machine.nvcc else f" There is no nvcc on the path: install the CUDA toolkit {named.recipe.cuda}."
        )
        raise InstallFailed(
            f"{', '.join(still)} cannot be imported by {place.python}.{compiler} Build for that interpreter what these "
            "pages describe, then run the same command again:\n" + "\n".join(lines)
        )

    details = tuple(f"  {one.module}: {one.instructions} ({one.licence or 'licence: see there'})" for one in wanted)
    title = f"extensions that you build yourself: {', '.join(modules)}"
    return Step(title, details, lambda: place.python.exists() and not absent(), run)


def _weights(named: Named, place: Place, hub: Hub, say: Say) -> Step:
    lock = place.folder / _LOCK
    details = tuple(
        f"  {one.url or f'{hub.endpoint}/{one.hub} at {one.revision}'} -> {place.weights / one.folder}: "
        + ", ".join([file.path for file in one.files] or one.include)
        + (f" ({one.gigabytes:g} GB)" if one.gigabytes else "")
        + (f" [{one.licence}]" if one.licence else "")
        for one in named.recipe.weights
    )

    def run() -> None:
        revisions: dict[str, str] = {}
        kept: list[KeptFile] = []
        for one in named.recipe.weights:
            commit = ""
            try:
                if one.hub:
                    commit = revisions[one.hub] = revisions.get(one.hub) or hub.commit(one)
                files = fetching.wanted_of(one, hub, commit)
            except FetchFailed as error:
                files = fetching.copied(one, place.weights)
                if not files:
                    raise
                say(f"{error}\nWhat lies in {place.weights / one.folder} is taken as it is: no hash could be compared.")
            for wanted in files:
                kept.append(fetching.fetch(wanted, place.weights, say, hub.headers() if one.hub else None))
        record = Record(recipe=named.name, digest=named.digest, revisions=revisions, files=kept)
        _write(lock, record.model_dump_json(indent=1))

    def is_done() -> bool:
        record = _locked(lock)
        return record is not None and record.digest == named.digest and all(_is_there(place, f) for f in record.files)

    total = sum(one.gigabytes for one in named.recipe.weights)
    return Step(f"weights{f', {total:g} GB' if total else ''}", details, is_done, run)


def _record(named: Named, place: Place) -> Step:
    def run() -> None:
        frozen = _run([str(place.python), "-m", "pip", "freeze", "--disable-pip-version-check"], "see above")
        (place.folder / "packages-installed.txt").write_text(frozen, encoding="utf-8")
        locked = _locked(place.folder / _LOCK) or Record(recipe=named.name, digest=named.digest)
        _write(place.record, locked.model_dump_json(indent=1))

    return Step(f"the record {place.record}", (), lambda: not missing(named, place), run)


def _is_there(place: Place, kept: KeptFile) -> bool:
    file = place.weights / kept.path
    return file.is_file() and file.stat().st_size == kept.bytes


def _locked(lock: Path) -> Record | None:
    try:
        return Record.model_validate(json.loads(lock.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _digest(pins: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(pins).encode()).hexdigest()


def _mark(place: Place, name: str, pins: Sequence[str]) -> None:
    _write(place.folder / ENVIRONMENT / f"{_DONE}-{name}", _digest(pins))


def _marked(place: Place, name: str, pins: Sequence[str]) -> bool:
    try:
        return (place.folder / ENVIRONMENT / f"{_DONE}-{name}").read_text(encoding="utf-8") == _digest(pins)
    except OSError:
        return False


def _write(file: Path, text: str) -> None:
    """The file has this content or its old one, whatever happens."""
    part = file.with_name(file.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, file)


def _version(python: str) -> str:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _head(git: Sequence[str]) -> str:
    done = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


def _run(command: Sequence[str], do: str, *, is_long: bool = False) -> str:
    """What the command printed; one that takes minutes prints it for people while it works.

    Raises:
        InstallFailed: with the end of what it said, and `do`.
    """
    try:
        done = subprocess.run(command, capture_output=not is_long, text=True, check=False)  # noqa: S603 - from a recipe
    except OSError as error:
        raise InstallFailed(f"{_shown(command)}\ncannot be run ({error.strerror}); {do}") from None
    if done.returncode:
        tail = "its reason stands above"
        if not is_long:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL:])
        raise InstallFailed(f"{_shown(command)}\nended with {done.returncode}: {tail}\n{do}")
    return done.stdout or ""


def _shown(command: Sequence[str]) -> str:
    """As it can be typed."""
    return " ".join(word if word and not set(word) & set(" \"'$&;|<>*?()[]{}~#`\\") else repr(word) for word in command)
