"""What has become of a job, in a few lines for people."""

from collections.abc import Mapping
from typing import Any

from aigc.client import Job
from config.commands.printing import say, show
from config.commands.talking import ago, left


def summary(job: Mapping[str, Any], *, log_lines: int = 10, err: bool = False) -> None:
    """Print what has become of a job, in a few lines; `err`: to standard error."""
    say(f"{job['id']}  {job['status']}  {job['feature']}  {job['model']}", err=err)
    timings = job["timings"]
    spent = ", ".join(f"{name[:-2]} {ago(timings[name])}" for name in timings if timings[name])
    if spent:
        say(f"  {spent}", err=err)
    if job["status"] == "queued" and job.get("queue"):
        say(f"  {job['queue']['reason']}", err=err)
    if job["status"] == "processing":
        progress = job["progress"]
        parts = [job["stage"].replace("_", " "), f"{progress['fraction']:.0%}", left(progress["estimated_left_s"])]
        say(f"  {', '.join(filter(None, parts))}", err=err)
    for output in job["outputs"]:
        stats = output["stats"]
        mesh = f"  {stats['triangles']:,} triangles" if "triangles" in stats else ""
        say(f"  {output['name']}  {output['bytes'] / 1e6:.2f} MB{mesh}", err=err)
    told = {
        name: value
        for name, value in job["info"].items()
        if isinstance(value, str | int | float | bool) and value != ""
    }
    if told:
        say("  " + ", ".join(f"{name.replace('_', ' ')}: {_short(value)}" for name, value in told.items()), err=err)
    for warning in job["warnings"]:
        say(f"  note: {warning}", err=err)
    if job.get("error"):
        failure(job["error"], log_lines, err=err)


def failure(error: Mapping[str, Any], log_lines: int, *, err: bool = False) -> None:
    """Print why an attempt failed, with the end of its log."""
    say(f"  {error['code']}: {error['message']}", err=err)
    if error["suggestion"]:
        say(f"  {error['suggestion']}", err=err)
    for line in error["log_tail"].splitlines()[-log_lines:]:
        say(f"  | {line}", err=err)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)[:80]


def finish(job: Job, *, as_json: bool, err: bool = False) -> None:
    """Print the end of a followed job in the form that was asked for; words to standard error if `err`."""
    if as_json:
        show(job)
    else:
        summary(job, err=err)
