"""What has become of a job, in a few lines for people."""

from collections.abc import Mapping
from typing import Any

import click

from aigc.client import Job
from config.commands.talking import ago, show


def summary(job: Mapping[str, Any], *, log_lines: int = 10) -> None:
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
    if job.get("error"):
        failure(job["error"], log_lines)


def failure(error: Mapping[str, Any], log_lines: int) -> None:
    """Print why an attempt failed, with the end of its log."""
    click.echo(f"  {error['code']}: {error['message']}")
    if error["suggestion"]:
        click.echo(f"  {error['suggestion']}")
    for line in error["log_tail"].splitlines()[-log_lines:]:
        click.echo(f"  | {line}")


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)[:80]


def finish(job: Job, *, as_json: bool) -> None:
    """Print the end of a followed job in the form that was asked for."""
    if as_json:
        show(job)
    else:
        summary(job)
