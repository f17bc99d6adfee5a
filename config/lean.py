"""What a server's process does without. Imported before anything that would load it."""

import os
import sys
from types import ModuleType

# structlog loads these where they are installed: to colour tracebacks on a terminal, a tenth of a process's start and
# 5 MB, and for threads that are none.
for _name in ("rich", "greenlet"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]  # what is None there cannot be imported

# pydantic looks for plugins of its own in all packages there are, and loads a library for e-mail to do so: 1 MB.
_no_plugins = ModuleType("pydantic.plugin._loader")
_no_plugins.get_plugins = tuple  # type: ignore[attr-defined]
sys.modules.setdefault(_no_plugins.__name__, _no_plugins)


def import_aiohttp() -> None:
    """aiohttp, which reads all certificates that this machine trusts, twice, before anything asks for one: 3 MB and a
    tenth of a second. Here it finds none; whoever needs them, `web.fetch`, brings its own."""
    kept = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = os.devnull
    try:
        import aiohttp  # noqa: F401
    finally:
        del os.environ["SSL_CERT_FILE"]
        if kept is not None:
            os.environ["SSL_CERT_FILE"] = kept
