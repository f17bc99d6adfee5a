"""One end of a link as a process of its own, which does what it is told on standard input and reports in JSON lines.

    python -m tests.hosts.talker LOST_S listen ADDRESS KEY KEYS_FOLDER
    python -m tests.hosts.talker LOST_S connect NAME[,NAME…] KEYS_FOLDER ADDRESS KEY [ADDRESS KEY …]

LOST_S is how long a silence it has patience with; it is suspicious after less than one.
`send N` sends N messages, numbered on from the last, to each peer; `count` reports the counters; `stop` ends it.
"""

import asyncio
import itertools
import json
import secrets
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog
import zmq

from transport import Address, Backoff, Codec, Dealer, Envelope, LinkSettings, Patience, Router, Verdict
from transport.curve import Authenticator, Keys

SUSPECT_S = 0.8


class Number(msgspec.Struct, array_like=True, frozen=True, tag=1):
    n: int


def settings(folder: str, lost_s: float) -> LinkSettings:
    return LinkSettings(
        beat_s=0.1,
        patience=Patience(SUSPECT_S, lost_s),
        backoff=Backoff(first_s=0.05, limit_s=0.3),
        visit=Backoff(first_s=0.3, factor=1.0, limit_s=0.3),
        keys=Keys.of(Path(folder)),
    )


def report(**values: Any) -> None:
    print(json.dumps(values), flush=True)


class Listening:
    def __init__(self, lost_s: float, address: str, key: str, folder: str) -> None:
        told = settings(folder, lost_s)
        assert told.keys is not None
        self._context: zmq.Context[Any] = zmq.Context()
        self._authenticator = Authenticator(self._context, told.keys)
        self._router: Router[Number, Number] = Router(
            self._context,
            Address.parse(address, key=key),
            Codec(Number),
            self._heard,
            boot=secrets.token_hex(4),
            on_peer=self._judged,
            settings=told,
        )
        self._numbers = itertools.count(1)

    def _heard(self, batch: list[tuple[bytes, Envelope[Number]]]) -> None:
        for peer, envelope in batch:
            report(peer=peer.decode(), boot=envelope.boot, got=[message.n for message in envelope.messages])

    def _judged(self, peer: bytes, verdict: Verdict) -> None:
        report(peer=peer.decode(), verdict=verdict.name)

    def send(self, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            for peer in self._router.peers:
                self._router.send(peer, Number(number))

    def count(self) -> None:
        counters = self._router.counters
        report(
            peers=sorted(peer.decode() for peer in self._router.peers),
            refused=sum(counters.refused.values()),
            turned_away=counters.turned_away,
            accepted=counters.accepted,
            strangers=[[*who, times] for who, times in self._authenticator.refused.items()],
        )


class Connecting:
    def __init__(self, lost_s: float, name: str, folder: str, *places: str) -> None:
        self._context: zmq.Context[Any] = zmq.Context()
        told = settings(folder, lost_s)
        addresses = [Address.parse(text, key=key) for text, key in zip(places[::2], places[1::2], strict=True)]
        self._dealers: list[Dealer[Number, Number]] = [
            Dealer(
                self._context,
                addresses,
                Codec(Number),
                partial(self._heard, one),
                name=one,
                boot=secrets.token_hex(4),
                on_reconnect=partial(report, name=one, reconnected=True),
                on_verdict=partial(self._judged, one),
                settings=told,
            )
            for one in name.split(",")
        ]
        self._numbers = itertools.count(1)

    def _heard(self, name: str, batch: list[Envelope[Number]]) -> None:
        for envelope in batch:
            report(name=name, boot=envelope.boot, got=[message.n for message in envelope.messages])

    def _judged(self, name: str, verdict: Verdict) -> None:
        report(name=name, verdict=verdict.name)

    def send(self, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            for dealer in self._dealers:
                dealer.send(Number(number))

    def count(self) -> None:
        report(
            waiting=sum(dealer.waiting for dealer in self._dealers),
            reconnects=[dealer.counters.reconnects for dealer in self._dealers],
            refused=sum(sum(dealer.counters.refused.values()) for dealer in self._dealers),
        )


async def main(lost_s: str, kind: str, *arguments: str) -> None:
    talker = {"listen": Listening, "connect": Connecting}[kind](float(lost_s), *arguments)
    commands: dict[str, Callable[..., None]] = {"send": talker.send, "count": talker.count}
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    report(ready=True)
    while line := (await reader.readline()).decode().split():
        if line[0] == "stop":
            break
        commands[line[0]](*map(int, line[1:]))


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(*sys.argv[1:]))
