"""How commands print: what others wrote (prompts, names, messages) reaches a terminal as text that it does not obey."""

import json
from typing import Any

import click


class Styled(str):
    """A piece of a line that is plain already, with the colours that we gave it."""

    __slots__ = ()


def plain(text: str) -> str:
    """In one line and without control characters: each is written as its escape, `\\x1b`."""
    return text if text.isprintable() else "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def styled(text: str, **style: Any) -> Styled:
    """A piece in colour or bold, as `click.style` takes it."""
    return Styled(click.style(plain(text), **style))


def say(*pieces: str, err: bool = False) -> None:
    """Print a line, to standard error if it is for people alone."""
    click.echo("".join(piece if isinstance(piece, Styled) else plain(piece) for piece in pieces), err=err)


def as_text(value: Any, indent: int | None = None) -> str:
    """A JSON document; what a terminal would obey is escaped as JSON has it."""
    lines = json.dumps(value, indent=indent, ensure_ascii=False).split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_escaped, line)) for line in lines)


def show(value: Any) -> None:
    """Print as JSON, for scripts."""
    click.echo(as_text(value, indent=2))


def show_line(value: Any) -> None:
    """Print as JSON in one line, for scripts that read many."""
    click.echo(as_text(value))


def _escaped(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]
