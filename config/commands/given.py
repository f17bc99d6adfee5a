"""Words of a command line as inputs: files, URLs, texts, and what other jobs made."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from config.commands.naming import LEAST

_JOB = re.compile(rf"([0-9a-f][0-9a-f-]{{{LEAST - 1},35}})(?:/(.+))?", re.IGNORECASE)
"""A job's id, or how it begins; and perhaps one of its outputs."""


def meant(word: str, *, is_text: bool, job: Callable[[str], str]) -> Any:
    """A text as it is; else a file, a URL, a job's id or its beginning, or `ID/OUTPUT`. Raises BadParameter.

    Args:
        job: the whole id of the job that is meant, as `naming.job_id` finds it.
    """
    if is_text:
        return word
    path = Path(word)
    if path.is_file():
        return path
    if word.startswith(("http://", "https://", "data:")):
        return word
    if found := _JOB.fullmatch(word):
        return {"job": job(found[1]), "output": found[2] or "model"}
    raise click.BadParameter(f"{word} is no file, no URL and no job's id", param_hint="INPUT")


def grouped(words: Sequence[str], needed: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """The words in groups of as many as a job needs, each word under its input's name: one group, one job.

    Within a group texts, pictures and meshes may stand in any order; what is alike takes the inputs in theirs.

    Raises UsageError.
    """
    if not needed:
        if words:
            raise click.UsageError(f"{words[0]} is one input too many")
        return [{}]
    if not words or len(words) % len(needed):
        each = " and ".join(needed)
        raise click.UsageError(f"each job needs {each}; {len(words)} given (quote a text of several words)")
    size = len(needed)
    return [_named(words[start : start + size], needed) for start in range(0, len(words), size)]


def _named(words: Sequence[str], needed: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    texts = [name for name, kind in needed.items() if "text" in kind["formats"]]
    files = [name for name in needed if name not in texts]
    found, left = {}, list(words)
    for word in words:  # first whatever says by its suffix what it is for
        kind = Path(word).suffix[1:].lower()
        fitting = next((name for name in files if kind and kind in needed[name]["formats"]), None)
        if fitting is not None and Path(word).is_file():
            found[fitting] = word
            files.remove(fitting)
            left.remove(word)
    for word in left:
        is_file = Path(word).is_file() or _is_job(word) or word.startswith(("http://", "https://"))
        place = files if (is_file and files) or not texts else texts
        found[place.pop(0)] = word
    return {name: found[name] for name in needed}


def _is_job(word: str) -> bool:
    """Among texts: a facade and a decade are words, and beginnings of ids without a digit are rare."""
    found = _JOB.fullmatch(word)
    return found is not None and any(char.isdigit() for char in found[1])
