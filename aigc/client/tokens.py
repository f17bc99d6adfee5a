"""Which token goes to which server: given, from the environment, from a file, or kept by `aigc login`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from aigc.client.errors import BadInput, ClientError


def token_for(url: str, token: str | None = None, file: str | os.PathLike[str] | None = None) -> str:
    """The token for the server at `url`; empty where there is none.

    Args:
        url: of the server; a token that was kept goes only to the server that it was kept for.
        token: goes before everything else; empty: no token at all.
        file: holds nothing but a token; default: `AIGC_TOKEN_FILE`, which comes after `AIGC_TOKEN`.

    Raises:
        BadInput: the file cannot be read.
    """
    if token is not None:
        return token.strip()
    if file is None and (found := os.environ.get("AIGC_TOKEN")):
        return found.strip()
    file = file or os.environ.get("AIGC_TOKEN_FILE")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"the token's file {file} cannot be read: {error}") from None
    return str(_kept().get(url.rstrip("/"), {}).get("token", ""))


def store() -> Path:
    """The file in which tokens are kept; only its owner may read it."""
    base = os.environ.get("XDG_CONFIG_HOME") or (os.environ.get("APPDATA") if os.name == "nt" else None)
    return Path(base or Path.home() / ".config") / "aigc" / "tokens.json"


def remember(url: str, token: str, **more: str) -> Path:
    """From now on the server at `url` gets this token from every client of this user. Raises ClientError."""
    return _write({**_kept(), url.rstrip("/"): {"token": token, **more}})


def forget(url: str) -> str:
    """The token that was kept for the server, and is no more; empty where none was. Raises ClientError."""
    kept = _kept()
    held = kept.pop(url.rstrip("/"), None)
    if held is None:
        return ""
    _write(kept)
    return str(held.get("token", ""))


def _kept() -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(store().read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):  # the last: there is no home
        return {}
    return {str(url): held for url, held in found.items() if isinstance(held, dict)} if isinstance(found, dict) else {}


def _write(kept: dict[str, dict[str, Any]]) -> Path:
    path = store()
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=2)
        partial.replace(path)
    except OSError as error:
        raise ClientError(f"{path} cannot be written: {error.strerror}") from None
    return path
