"""`aigc demo`: the whole way once, from a picture to a textured mesh, with a server of its own."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click

from aigc.client import Client
from config.commands.follow import follow
from config.commands.talking import ago, outcome

SAMPLE = "samples/robot.png"


@click.command("demo")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-output"))
def command(output: Path) -> int:
    """Start a server, send it a picture of ours, save the textured mesh and its thumbnail, and stop."""
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aigc-demo-") as data, server(Path(data)) as url:
        client = Client(url)
        with resources.as_file(resources.files("web") / "static" / SAMPLE) as picture:
            click.echo(f"server at {url}; sending {picture.name}", err=True)
            accepted = client.submit("image_to_textured_mesh", files={"image": picture})
        job = follow(client, {accepted.id: ""})[0]
        if job["status"] != "completed":
            error = job.get("error") or {"message": job["status"], "log_tail": ""}
            click.echo(f"{error['message']}\n{error['log_tail']}", err=True)
            return outcome(job)
        mesh = client.download(job["id"], output / "result.glb")
        thumbnail = client.download(job["id"], output / "result.png", output="thumbnail")
        device = client.system()["workers"][0]["device"]
    made = next(out for out in job["outputs"] if out["role"] == "model")
    took = job["timings"]["running_s"]
    click.echo(f"{mesh}: {made['stats']['triangles']:,} triangles, {made['bytes'] / 1e6:.2f} MB")
    click.echo(f"{thumbnail}: what it looks like")
    click.echo(f"made by {job['model']} in {ago(took)} on {device.get('name') or device['id']}")
    return 0


@contextlib.contextmanager
def server(data: Path) -> Iterator[str]:
    """A server in a process of its own, on a free port of this machine; gone on exit."""
    command = [sys.executable, "-m", "aigc", "serve", "--port", "0", "--data", str(data), "--log-level", "warning"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command line
    try:
        assert child.stdout is not None
        line = child.stdout.readline().split()
        if not line:
            raise click.ClickException("the server did not start; see its messages above, or try: aigc doctor")
        yield line[-1]
    finally:
        child.terminate()
        try:
            child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
