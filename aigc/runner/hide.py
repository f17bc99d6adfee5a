"""Keeps the server's own packages out of a model's sight, so that a model may have a `config` or a `web` of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import aigc

HIDDEN = frozenset({"actors", "config", "transport", "web"})


class ServerHidden(MetaPathFinder):
    """Finds the `HIDDEN` names everywhere on the path but beside our own package, as if nothing of ours were there.

    In the server's own environment all our packages lie in one folder of the path; a third party's folder may hold
    packages of the same names, which are the ones that its code means.
    """

    def __init__(self) -> None:
        self._ours = os.path.dirname(os.path.dirname(os.path.realpath(aigc.__file__)))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module of that name, if it is hidden and there is another; None leaves it to the usual finders.

        Raises:
            ModuleNotFoundError: it is hidden, and there is no other.
        """
        if path is not None or fullname not in HIDDEN:
            return None
        elsewhere = [folder for folder in sys.path if os.path.realpath(folder or ".") != self._ours]
        found = PathFinder.find_spec(fullname, elsewhere, target)
        if found is None:
            raise ModuleNotFoundError(f"No module named {fullname!r} (the server's own is hidden here)", name=fullname)
        return found


def hide_server() -> None:
    """From now on models import no package of the server but `aigc`."""
    sys.meta_path.insert(0, ServerHidden())
