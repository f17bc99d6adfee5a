"""Following a job on a terminal: a bar with its stage while it lasts, one line per event where there is none."""

import sys
from typing import Any

import click

from aigc.client import Client
from config.commands.talking import ago, show


def follow(client: Client, job: dict[str, Any], *, as_json: bool, quiet: bool = False) -> dict[str, Any]:
    """The job when it is final; what happens on the way is drawn on standard error (as JSON lines with `as_json`)."""
    if as_json:
        for event in client.events(job["id"]):
            click.echo(_line(event), err=False)
    elif quiet:
        return client.wait(job["id"])
    elif sys.stderr.isatty():
        _draw(client, job["id"])
    else:
        _print(client, job["id"])
    return client.job(job["id"])


def _line(event: dict[str, Any]) -> str:
    import json

    return json.dumps(event, ensure_ascii=False)


def _draw(client: Client, job: str) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task("waiting", total=1.0)
        for event in client.events(job):
            words, fraction = _said(event)
            if words:
                bar.update(task, description=words)
            if fraction is not None:
                bar.update(task, completed=fraction)


def _print(client: Client, job: str) -> None:
    said = ""
    for event in client.events(job):
        words, _ = _said(event)
        if words and words != said:
            said = words
            click.echo(words, err=True)


def _said(event: dict[str, Any]) -> tuple[str, float | None]:
    """What an event says in words, and how far the job is."""
    kind = str(event["type"]).removeprefix("job.")
    job: dict[str, Any] = event.get("job") or event
    queue = job.get("queue") or {}
    if kind in ("completed", "failed", "cancelled", "retrying"):
        words = f"{kind}: {event['detail']}" if event.get("detail") else kind
        return words, 1.0 if kind == "completed" else None
    if queue.get("position") is not None:
        start = queue.get("estimated_start_s")
        wait = f", starts in about {ago(start)}" if start else ""
        return f"waiting: {queue['position']} before it{wait}", None
    progress = job.get("progress") or {}
    if job.get("stage") == "waiting" and progress.get("message"):
        return f"waiting: {progress['message']}", None
    return str(job.get("stage") or kind).replace("_", " "), progress.get("fraction")


def summary(job: dict[str, Any]) -> None:
    """Print what has become of a job, in a few lines."""
    click.echo(f"{job['id']}  {job['status']}  {job['feature']}  {job['model']}")
    timings = job["timings"]
    spent = ", ".join(f"{name[:-2]} {ago(timings[name])}" for name in timings if timings[name])
    if spent:
        click.echo(f"  {spent}")
    if job["status"] == "queued" and job.get("queue"):
        click.echo(f"  {job['queue']['reason']}")
    for output in job["outputs"]:
        stats = output["stats"]
        mesh = f"  {stats['triangles']:,} triangles" if "triangles" in stats else ""
        click.echo(f"  {output['name']}  {output['bytes'] / 1e6:.2f} MB{mesh}")
    told = {name: value for name, value in job["info"].items() if isinstance(value, str | int | float | bool)}
    if told:
        click.echo("  " + ", ".join(f"{name.replace('_', ' ')}: {_short(value)}" for name, value in told.items()))
    for warning in job["warnings"]:
        click.echo(f"  note: {warning}")
    error = job.get("error")
    if error:
        click.echo(f"  {error['code']}: {error['message']}")
        if error["suggestion"]:
            click.echo(f"  {error['suggestion']}")
        for line in error["log_tail"].splitlines()[-10:]:
            click.echo(f"  | {line}")


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)[:80]


def finish(client: Client, job: dict[str, Any], *, as_json: bool) -> None:
    """Print the end of a followed job in the form that was asked for."""
    if as_json:
        show(job)
    else:
        summary(job)
