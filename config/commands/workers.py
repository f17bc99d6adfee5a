"""`aigc workers [show NAME]`, `aigc workers drain | resume | forget NAME`"""

from collections.abc import Callable
from typing import Any

import click

from aigc.client import Client
from config.commands import completing
from config.commands.printing import Styled, say, show, styled
from config.commands.talking import ago, begun, talking


@click.group("workers", invoke_without_command=True)
@talking
@click.pass_context
def command(ctx: click.Context, client: Client, as_json: bool) -> int:
    """List workers with their devices and what they do, or change what they take."""
    if ctx.invoked_subcommand is not None:
        return 0
    found = client.workers()
    if as_json:
        show(found)
        return 0
    for worker in found["workers"]:
        describe(worker)
    if not found["workers"]:
        say("no worker is connected; jobs are kept until one is", err=True)
    return 0


@command.command("show")
@click.argument("name", shell_complete=completing.workers)
@talking
def one(client: Client, as_json: bool, name: str) -> int:
    """Show one worker."""
    worker = client.worker(name)
    show(worker) if as_json else describe(worker)
    return 0


def _changing(action: str, help_text: str, ask: Callable[[Client, str], dict[str, Any]]) -> None:
    @command.command(action, help=help_text)
    @click.argument("name", shell_complete=completing.workers)
    @talking
    def change(client: Client, as_json: bool, name: str) -> int:
        code = begun(ask(client, name), as_json=as_json)
        if action == "drain" and not as_json:
            say(f"it takes jobs again after: aigc workers resume {name}", err=True)
        return code


_changing("drain", "Have the worker take no more jobs: what runs ends, what waits goes elsewhere.", Client.drain)
_changing("resume", "Have it take jobs again, also after an error of its device.", Client.resume)
_changing("forget", "Show a worker that was lost no more.", Client.forget)


def describe(worker: dict[str, Any]) -> None:
    """Print one worker in a few lines: its device, what is in its memory, what it works on."""
    device = worker["device"]
    told: list[str | None] = [
        f"{device['reserved'] / 2**30:.1f} of {device['usable'] / 2**30:.1f} GiB reserved",
        f"{device['strangers'] / 2**30:.1f} GiB used by others" if device["strangers"] else None,
        f"{device['utilisation']:.0%} busy" if device["utilisation"] is not None else None,
        f"{device['temperature_c']:.0f} °C" if device["temperature_c"] is not None else None,
        f"{device['power_w']:.0f} W" if device["power_w"] is not None else None,
    ]
    where = f" on {worker['host']}" if worker["host"] else ""
    what = f"  {device['name'] or device['id']}{where}  {', '.join(filter(None, told))}"
    say(styled(worker["id"], bold=True), what, _state(worker))
    for resident in worker["residents"]:
        idle = f" for {ago(resident['idle_s'])}" if resident["idle_s"] else ""
        pinned = ", pinned" if resident["pinned"] else ""
        size = f"{resident['bytes'] / 2**30:.2f} GiB"
        say(f"  {resident['residency']}  {size}  {resident['state']}{idle}{pinned}")
    for lease in worker["leases"]:
        since = "waits" if lease["running_s"] is None else f"runs for {ago(lease['running_s'])}"
        stage = lease["stage"].replace("_", " ")
        say(f"  job {lease['id']}  {lease['model']}  {since}, {stage} {lease['fraction']:.0%}")


def _state(worker: dict[str, Any]) -> Styled:
    words = []
    if worker["liveness"] == "lost":
        words.append(f"lost {ago(worker['lost_s'])} ago")
    elif worker["liveness"] != "alive":
        words.append("not heard at the moment")
    if worker["draining"]:
        words.append(f"drains: {len(worker['leases'])} to end" if worker["leases"] else "drained: takes no jobs")
    if worker["quarantined"]:
        words.append(f"gets no work: {worker['quarantined']}")
    return styled(f"  {', '.join(words)}", fg="yellow") if words else Styled()
