"""The routes of existing clients: the submit routes from their own table, the others by a line each."""

from __future__ import annotations

import re
from typing import Any

from aigc.core.model import Catalogue
from web import compat_editing
from web.compat_logs import LEVELS, LINES_MAX
from web.compat_submit import ROUTES, Route
from web.openapi.operation import Answer, Operation, Query

TAG = "Existing clients"
ABOUT = "The API that this server replaces, unchanged for its clients. New clients find more in the chapters above."
_STRING = {"type": "string"}
_FORM = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}
_ACCEPTED = {
    "type": "object",
    "properties": {"job_id": _STRING, "status": {"const": "queued"}, "message": _STRING},
    "required": ["job_id", "status", "message"],
    "additionalProperties": False,
}


_NUMBER = {"type": "number"}
_LEVEL = {"type": "string", "enum": list(LEVELS)}
_LINES = (
    Query("lines", _NUMBER | {"default": 100}, f"The last so many, 1 to {LINES_MAX}."),
    Query("level", _LEVEL, "Lines of this level and of those above it."),
    Query("logger_name", _STRING, "Lines of this logger."),
    Query("since", _STRING, "Lines of this time and later: RFC 3339."),
)
_FILE = (
    Query("format", {"type": "string", "enum": ["file", "base64"], "default": "file"}, "How it is sent."),
    Query("filename", _STRING, "What the file shall be called."),
)
_OWNER = Query("owner", _STRING, "For operators: whose; `*` is everybody's.")
_SYSTEM = "/api/v1/system"
_TAKES = {
    f"GET {_SYSTEM}/jobs/history": (
        Query("limit", _NUMBER | {"default": 100}, "Jobs in a page, 1 to 500."),
        Query("offset", _NUMBER | {"default": 0}, "So many are left out before the page."),
        Query("status", _STRING, "Only jobs with this status; for an unknown one the page is empty and says so."),
        Query("feature", _STRING, "Only jobs of this feature."),
        Query("start_date", _STRING, "Only jobs made then or later: RFC 3339; without a zone it is UTC."),
        Query("end_date", _STRING, "Only jobs made then or earlier."),
        _OWNER,
    ),
    f"GET {_SYSTEM}/models": (Query("feature", _STRING, "Only models of this feature."),),
    "GET /api/v1/file-upload/list": (
        Query("file_type", _STRING, "`image` or `mesh`: only these."),
        Query("limit", _NUMBER | {"default": 100}, "At most so many, 1 to 1000."),
        _OWNER,
    ),
    f"GET {_SYSTEM}/logs": _LINES,
    f"GET {_SYSTEM}/logs/files/{{filename}}": _LINES,
    f"POST {_SYSTEM}/logs/test": (
        Query("level", _LEVEL, "Of the lines."),
        Query("count", _NUMBER | {"default": 1}, "How many, 1 to 50."),
    ),
    f"PUT {_SYSTEM}/logs/level": (
        Query("level", _LEVEL, "The least that is logged from now on; it must be given."),
        Query("logger_name", _STRING, "Whose; without it the server's own."),
    ),
}
"""What each route takes in its query; those that send a file take `_FILE`."""


def operations(catalogue: Catalogue, paths: list[str]) -> dict[str, Operation]:
    """Every route of `paths` (`METHOD path`) that is one of theirs."""
    submits = {f"POST /api/v1/{route.path}": _submit(route, catalogue) for route in ROUTES}
    return {path: submits.get(path) or _plain(*path.split(" ", 1)) for path in paths}


def _plain(method: str, path: str) -> Operation:
    """A route of which no more is said than what its summary says."""
    is_upload = method == "POST" and "file-upload" in path
    media = "*/*" if _is_file(path) else "application/json"
    return Operation(
        _name(path) + method.capitalize(),
        TAG,
        {200: Answer("As ever.", {} if _is_file(path) else {"type": "object"}, media)},
        takes=_FILE if _is_file(path) else _TAKES.get(f"{method} {path}", ()),
        body=_FORM if is_upload else None,
        body_media="multipart/form-data",
        errors=(400, 404, 422),
    )


def _name(path: str) -> str:
    words = re.findall("[A-Za-z0-9]+", path.removeprefix("/api/v1"))
    return "legacy" + "".join(word.capitalize() for word in words)


def _is_file(path: str) -> bool:
    return path.rstrip("/}").endswith(("download", "thumbnail", "input", "alias"))


def _submit(route: Route, catalogue: Catalogue) -> Operation:
    """A submit route: its texts, its files under their three names, and the parameters of its feature's models."""
    properties: dict[str, Any] = dict.fromkeys((*route.texts, *route.needed), _STRING)
    properties |= compat_editing.schemas() if route.masked else {}
    for name in (*route.files, *route.optional):
        properties[f"{name}_file_id"] = {"type": ["string", "null"], "description": "Of an upload."}
        properties[f"{name}_base64"] = {"type": ["string", "null"], "description": "A data URL, or bare base64."}
        properties[f"{name}_path"] = {
            "type": ["string", "null"],
            "description": "On the server, in a folder that its operator allows; most allow none.",
        }
    properties["model_preference"] = {"type": ["string", "null"]}
    properties["model_parameters"] = {
        "type": ["object", "null"],
        "description": "Of the model; null means the default.",
    }
    properties["output_format"] = {"type": ["string", "null"]}
    known = catalogue.serving(route.feature)
    for name, schema in (known[0].schema.get("properties", {}) if known else {}).items():
        properties.setdefault(name, schema)
    return Operation(
        _name(route.path),
        TAG,
        {200: Answer("The job is accepted, durably.", _ACCEPTED)},
        body={"type": "object", "properties": properties, "required": [*route.texts, *route.needed]},
        errors=(400, 404, 413, 422, 429, 503),
        summary=f"{route.title}: the job's id at once.",
    )
