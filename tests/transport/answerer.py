"""A router as a process of its own, to be stopped, killed and followed by another: it answers what it is asked.

    python -m tests.transport.answerer ADDRESS BOOT [--takeover]

It says `listening` when it does. SIGTERM closes it in order; SIGUSR1 makes it close and go on living.
"""

import asyncio
import signal
import sys

import zmq

from tests.transport.kit import Answer, Ask, ToDealer, ToRouter, router_codec
from transport import Address, Envelope, LinkSettings, Patience, Router

STOPPED_FOR_LONG = LinkSettings(patience=Patience(suspect_s=60.0, lost_s=90.0))
"""Who was connected when it was stopped is known when it goes on, however long the next one took to start."""


async def main(address: str, boot: str, *options: str) -> None:
    loop = asyncio.get_running_loop()
    ended, closed = asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, closed.set)

    def serve(batch: list[tuple[bytes, Envelope[ToRouter]]]) -> None:
        for peer, envelope in batch:
            for message in envelope.messages:
                if isinstance(message, Ask):
                    router.reply(peer, envelope.correlation, Answer(message.n))

    context = zmq.Context()
    router: Router[ToDealer, ToRouter] = Router(
        context,
        Address.parse(address),
        router_codec(),
        serve,
        boot=boot,
        takeover="--takeover" in options,
        settings=STOPPED_FOR_LONG,
    )
    print("listening", flush=True)
    waiting = [asyncio.ensure_future(event.wait()) for event in (ended, closed)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    router.close()
    context.term()
    print("closed", flush=True)
    await ended.wait()
    for task in waiting:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
