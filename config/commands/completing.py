"""What a shell proposes: names that the server knows, if it answers at once; else nothing, and nothing is said."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from aigc.client import Client, ClientError

WAIT_S = 0.7
"""Nobody waits longer for a Tab."""

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def asked(ctx: click.Context) -> Client:
    """A client of the server that the line names, without patience."""
    lines = [ctx, *([ctx.parent] if ctx.parent else [])]
    url = next((line.params["url"] for line in lines if line.params.get("url")), None)
    return Client(url or os.environ.get("AIGC_URL"), timeout_s=WAIT_S, retry_s=0)


def _from(names: Callable[[Client], Iterable[tuple[str, str]]]) -> Complete:
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        taken = ctx.params.get(param.name or "")
        given: tuple[Any, ...] = taken if isinstance(taken, tuple) else ()
        try:
            found = list(names(asked(ctx)))
        except (ClientError, OSError):
            return []
        return [
            CompletionItem(name, help=words)
            for name, words in found
            if name.startswith(incomplete) and name not in given
        ]

    return complete


def _jobs(status: str | None) -> Complete:
    def names(client: Client) -> Iterable[tuple[str, str]]:
        jobs = client.jobs(limit=50, status=status).jobs
        return (
            (job.id, f"{job.status}, {job.feature.replace('_', ' ')}, {job.text('created_at')[:16]}") for job in jobs
        )

    return _from(names)


job_ids = _jobs(None)
failed_jobs = _jobs("failed")
waiting_jobs = _jobs("queued")
features = _from(
    lambda client: ((one.name.replace("_", "-"), one.text("title")) for one in client.features().features if one.models)
)
models = _from(lambda client: ((one.id, one.feature.replace("_", " ")) for one in client.models().models))
workers = _from(lambda client: ((one.id, str(one.device.get("name") or "")) for one in client.workers().workers))
uploads = _from(lambda client: ((one["file_id"], one["filename"]) for one in client.uploads(limit=50)["files"]))
