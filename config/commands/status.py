"""`aigc status [JOB]`"""

from typing import Any

import click

from aigc.client import Client
from config.commands.follow import summary
from config.commands.talking import ago, outcome, show, talking


@click.command("status")
@click.argument("job", required=False)
@talking
def command(client: Client, as_json: bool, job: str | None) -> int:
    """Show JOB, or without one the server: devices, resident models, queue."""
    if job:
        record = client.job(job)
        show(record) if as_json else summary(record)
        return outcome(record)
    system = client.system()
    show(system) if as_json else _overview(system)
    return 0


def _overview(system: dict[str, Any]) -> None:
    queue = system["queue"]
    click.echo(
        f"{queue['pending_jobs']} waiting, {queue['processing_jobs']} running, {queue['completed_jobs']} completed"
    )
    for worker in system.get("workers", ()):
        device = worker["device"]
        used, usable = device.get("reserved", 0) / 2**30, device.get("usable", 0) / 2**30
        state = "" if worker["liveness"] == "alive" else f"  {worker['liveness']}"
        click.echo(
            f"{worker['id']}  {device.get('name') or device['id']}  {used:.1f} of {usable:.1f} GiB reserved{state}"
        )
        for resident in worker.get("residents", ()):
            idle = f" for {ago(resident['idle_s'])}" if resident.get("idle_s") else ""
            click.echo(f"  {resident['residency']}  {resident['bytes'] / 2**30:.2f} GiB  {resident['state']}{idle}")
