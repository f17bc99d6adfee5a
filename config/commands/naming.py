"""Jobs as people name them on a command line: by an id, or by how it begins."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from aigc.client import BadInput, Client

LEAST = 6
SEARCHED = 500
"""So many of the newest jobs are looked through."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def job_id(client: Client, said: str) -> str:
    """The id of the job that is meant. Raises BadInput if the beginning of one is no job's, or several jobs'."""
    if _ID.fullmatch(said):
        return said
    if not said:
        raise BadInput("a job's id is empty; aigc list shows them")
    newest = [job.id for job in client.jobs(limit=SEARCHED).jobs]
    if len(said) >= LEAST:
        meant = [one for one in newest if one.startswith(said.lower())]
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise BadInput(f"{len(meant)} jobs begin with {said}: {', '.join(meant[:3])}{' …' * (len(meant) > 3)}")
    near = get_close_matches(said, newest, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else "aigc list shows them"
    raise BadInput(
        f"none of the newest jobs has an id that begins with {said!r}; ids are given whole, or by their first {LEAST} "
        f"characters or more; {hint}"
    )


def job_ids(client: Client, said: Sequence[str]) -> tuple[str, ...]:
    """The ids of the jobs that are meant. Raises BadInput."""
    return tuple(job_id(client, one) for one in said)
