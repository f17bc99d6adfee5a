"""This machine and this Python: what they allow the server to do."""

import importlib.util
import resource
import sys
from collections.abc import Iterator
from importlib import metadata

from config.checkup.finding import Finding
from config.settings import Settings

SPARE_FILES = 256
"""Open files beside those of watchers: stores, links, runners, other requests."""


def python() -> Iterator[Finding]:
    """The interpreter and what makes it fast."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("fine", "python", f"Python {version}")
    from aiohttp import http_parser

    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        what = "aiohttp runs without its C extensions, a third slower"
        yield Finding("note", "slow_http", what, "reinstall aiohttp from a wheel")
    if sys.platform != "win32" and importlib.util.find_spec("uvloop") is None:
        yield Finding("note", "slow_http", "uvloop is not installed; HTTP is slower", "pip install uvloop")


def strangers() -> Iterator[Finding]:
    """Another distribution may own a package of our names: each would overwrite the other's files."""
    owners = metadata.packages_distributions()
    for name in ("actors", "transport", "web", "config"):
        others = sorted(set(owners.get(name, [])) - {"aigc"})
        if others:
            what = f"the package {name} belongs to {', '.join(others)} too"
            yield Finding("wrong", "package_shared", what, "install aigc in an environment of its own")


def runners() -> Iterator[Finding]:
    """Whether models can be kept from writing wherever the server can."""
    from aigc.runner.confine import landlock_abi

    abi = landlock_abi()
    if abi > 0:
        yield Finding("fine", "landlock", f"runners are confined by Landlock (ABI {abi})")
    else:
        what = "this kernel has no Landlock: a model could write wherever the server can"
        do = "use Linux 5.13 or newer with landlock in its lsm list, or trust your models"
        yield Finding("note", "no_landlock", what, do)


def open_files(settings: Settings) -> Iterator[Finding]:
    """Each connection is an open file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.limits.watchers + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        what = f"{hard} files may be open, {wanted} are wanted for limits.watchers: {settings.limits.watchers}"
        do = "raise the hard limit (LimitNOFILE= in the unit, /etc/security/limits.conf), or lower limits.watchers"
        yield Finding("wrong", "few_open_files", what, do)
