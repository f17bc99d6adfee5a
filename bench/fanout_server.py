"""Our gateway as a sender: jobs that never run tell their watchers something new as fast as it leaves.

python -m bench.fanout_server JOBS: so many jobs change in each turn, so that a watcher is due as many events at once.
"""

import asyncio
import socket
import sys
import tempfile
from pathlib import Path

import msgspec
import uvloop
import zmq
from aiohttp import web

from actors.stores.directory import DirectoryAssetStore
from actors.stores.sqlite import SqliteJobStore
from aigc.core.ids import BootId, JobId, ModelId
from aigc.core.job import Change, Job, Status
from aigc.core.messages import Changed, ToWatchers
from transport import Address, Codec, Publisher
from web.app import WebSettings, make_app, make_runner
from web.fetch import Fetcher
from web.gateway import Gateway, GatewaySettings
from web.hub import StreamSettings
from web.intake import Intake, IntakeLimits

HISTORY = 6
"""Lines that a job keeps, as many as one that ran."""


def job_of(number: int) -> Job:
    """A job that runs."""
    return Job(
        id=JobId(f"0b9dbb2e-8f0c-4d43-9c9b-{number:012}"),
        feature="text_to_raw_mesh",
        model=ModelId("noop"),
        status=Status.PROCESSING,
        created_at=1_800_000_000.0,
    )


def next_of(job: Job) -> Job:
    """The same, one line later."""
    line = Change(seq=job.seq + 1, at=1_800_000_000.0 + job.seq, kind="note", detail="")
    return msgspec.structs.replace(job, seq=line.seq, history=(*job.history[1 - HISTORY :], line))


async def main(jobs: int) -> None:
    """Serve until killed; tells something new whenever everybody has been sent the last."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    news = Address.parse("inproc://news")
    with tempfile.TemporaryDirectory() as folder:
        store, assets = SqliteJobStore(Path(folder) / "jobs.db"), DirectoryAssetStore(Path(folder) / "assets")
        await store.open()
        await assets.open()
        publisher: Publisher[ToWatchers] = Publisher(context, news, Codec(ToWatchers), boot="bench")
        gateway = Gateway(
            context,
            Address.parse("inproc://broker"),
            news,
            store,
            assets,
            fetch=Fetcher(Intake(assets, IntakeLimits())),
            settings=GatewaySettings(stream=StreamSettings(watchers=20_000)),
            name="bench",
            boot=BootId("gateway"),
        )
        settings = WebSettings()
        runner = make_runner(make_app(gateway, settings), settings)
        await runner.setup()
        listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        await web.SockSite(runner, listening).start()
        print(f"open http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        told = [job_of(number) for number in range(jobs)]
        while True:
            if gateway.hub.is_idle and len(gateway.hub):
                told = [next_of(job) for job in told]
                for job in told:
                    publisher.publish(Changed(job))
            await asyncio.sleep(0 if len(gateway.hub) else 0.05)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
