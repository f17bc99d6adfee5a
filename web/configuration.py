"""The configuration in force, for operators: each setting, where it comes from, and whether all processes agree."""

import os
import socket
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from aigc import __version__
from aigc.core.agreement import differences
from aigc.core.errors import Unavailable
from web import urls
from web.gateway import Gateway
from web.requests import fresh


class Setting(Struct, frozen=True):
    """One setting in force, as whoever starts the server shows it: a secret is hidden there already."""

    name: str
    value: Any
    origin: str
    """`default`, `system.yaml:3:9`, a variable or a flag."""
    hidden: bool = False
    """The value, or a part of it, is not shown."""


def routes(gateway: Gateway, settings: Sequence[Setting]) -> list[web.RouteDef]:
    """The route of the configuration."""
    shown = [msgspec.to_builtins(setting) for setting in settings]

    async def show(request: web.Request) -> web.Response:
        """The settings of the gateway that answers, without secrets, and where it differs from the broker."""
        here = gateway.settings.agreed
        try:
            seen = await gateway.status()
        except Unavailable:
            there, found, digest = None, [], ""
        else:
            there, found, digest = seen.agreed, list(differences(here, seen.agreed)), seen.catalogue_digest
        return fresh(
            {
                "process": {"host": socket.gethostname(), "pid": os.getpid(), "version": __version__},
                "settings": shown,
                "agreed": here,
                "broker_agreed": there,
                "differences": found,
                "catalogue_digest": digest,
            }
        )

    return [web.get(f"{urls.API}/system/configuration", show)]
