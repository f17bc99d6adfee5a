"""What the description says about one route; its summary is the first line of its handler's docstring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]
Shape = type | Schema | None
"""A msgspec Struct, a JSON Schema, or nothing."""

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """One kind of answer.

    Args:
        description: when it is given.
        shape: of its body; None: it has no body.
        media: of its body.
        links: operation id -> {parameter: runtime expression}; what can be asked next.
    """

    description: str
    shape: Shape = None
    media: str = JSON
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Query:
    """One parameter of the query, or a header."""

    name: str
    schema: Schema
    description: str
    place: str = "query"


@dataclass(frozen=True)
class Operation:
    """One route of one method.

    Args:
        id: unique; clients that are generated name their functions by it.
        tag: the chapter it stands in.
        answers: by status.
        takes: query parameters and headers.
        body: of the request.
        body_optional: whether it may be left out.
        body_media: of the request's body.
        errors: statuses of problems that are to be expected, beyond those which every request may meet.
        example: a body that works.
        summary: what it does; empty: the first line of its handler's docstring.
    """

    id: str
    tag: str
    answers: Mapping[int, Answer]
    takes: tuple[Query, ...] = ()
    body: Shape = None
    body_optional: bool = False
    body_media: str = JSON
    errors: tuple[int, ...] = ()
    example: Any = None
    summary: str = ""
