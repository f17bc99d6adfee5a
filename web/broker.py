"""The gateway's end of the link to the broker: hands over jobs, asks questions, says so when nobody answers."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import structlog
import zmq

from aigc import __version__
from aigc.core.errors import InputInvalid, Unavailable
from aigc.core.ids import BootId, JobId
from aigc.core.job import Job
from aigc.core.messages import (
    AskEstimates,
    AskStatus,
    Estimate,
    Estimates,
    GatewayHello,
    GatewayMessage,
    Submit,
    SystemStatus,
    ToGateway,
)
from transport import (
    Address,
    Codec,
    Dealer,
    Envelope,
    LinkSettings,
    MessageTooLarge,
    PeerUnreachable,
    TransportError,
    Verdict,
)

A = TypeVar("A")

FRESH_S = 1.0
"""An answer about the queue or the system is good for so long."""

JOBS_PER_ASK = 1000

ESTIMATE_S = 0.5
"""Whoever reads a job does not wait longer to hear of its place in the queue, which a silent broker cannot tell."""
NO_BROKER = "broker_unavailable"
"""Code of Unavailable where none answers."""
AGAIN_S = 0.05
"""Before a question is asked again that went down with a broker."""

log = structlog.get_logger(__name__)


class BrokerLink:
    """Asks the broker, whichever process that is now.

    Args:
        context: the process's ZeroMQ context.
        address: where brokers take requests.
        name, boot: who this gateway is.
        ask_timeout_s: how long a question may take.
        on_alive: the broker was heard, for the first time or again.
        agreed: settings that every process must share, as this one has them.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: Address | Sequence[Address],
        *,
        name: str,
        boot: BootId,
        ask_timeout_s: float,
        on_alive: Callable[[], None],
        agreed: Mapping[str, str] | None = None,
        settings: LinkSettings | None = None,
    ) -> None:
        self._greeting = GatewayHello(boot, socket.gethostname(), os.getpid(), __version__, dict(agreed or {}))
        self._ask_timeout_s = ask_timeout_s
        self._on_alive = on_alive
        self._loop = asyncio.get_running_loop()
        self._greeting_due: asyncio.TimerHandle | None = None
        self._verdict, self._heard_until = Verdict.SUSPECT, self._loop.time()
        self._status: asyncio.Task[SystemStatus] | None = None
        self._status_at = 0.0
        self._estimates: dict[JobId, tuple[Estimate | None, float]] = {}
        self._wanted: set[JobId] = set()
        self._asking: asyncio.Task[None] | None = None
        self._codec: Codec[GatewayMessage, ToGateway] = Codec(ToGateway)
        self._dealer: Dealer[GatewayMessage, ToGateway] = Dealer(
            context,
            address,
            self._codec,
            self._unasked,
            name=name,
            boot=boot,
            on_reconnect=self._greet,
            on_verdict=self._judged,
            settings=settings,
        )
        self._greet()

    @property
    def is_alive(self) -> bool:
        """The broker is heard."""
        return self._dealer.verdict is Verdict.ALIVE

    @property
    def silent_s(self) -> float:
        """For how long no broker has been heard, or looked for before the first was; 0 while one is."""
        return 0.0 if self._verdict is Verdict.ALIVE else self._loop.time() - self._heard_until

    def close(self) -> None:
        """Nothing is sent or heard any more; questions that are open fail."""
        self._dealer.close()
        for task in (self._status, self._asking, self._greeting_due):
            if task is not None:
                task.cancel()

    def check(self, job: Job) -> None:
        """Raises InputInvalid for a record that no message can hold."""
        try:
            self._codec.pack(Submit(job))
        except MessageTooLarge as error:
            raise InputInvalid(
                f"the request takes {error.size_bytes} bytes, a job may take {error.limit_bytes}",
                suggestion="give large inputs as uploads",
                code="too_large",
            ) from None
        except OverflowError:
            raise InputInvalid("the request holds an integer beyond 64 bits") from None

    def submit(self, job: Job) -> None:
        """The broker hears of a record that is durable; if it cannot now, it finds it in the store later."""
        try:
            self._dealer.send(Submit(job))
        except TransportError:
            self.greet_soon()

    def tell(self, message: GatewayMessage) -> None:
        """The broker hears this before whatever is asked from now on; if it cannot, it is lost."""
        try:
            self._dealer.send(message, urgent=True)
        except TransportError as error:
            log.debug("broker.untold", kind=type(message).__name__, reason=str(error))

    async def ask(self, message: GatewayMessage, kind: type[A], *, timeout_s: float | None = None) -> A:
        """The broker's answer. Raises Unavailable (code NO_BROKER) if none comes in time."""
        try:
            answer = await self._asked(message, timeout_s or self._ask_timeout_s)
        except TransportError as error:
            log.warning("broker.unanswered", question=type(message).__name__, reason=str(error))
            raise Unavailable(
                "no broker answers",
                suggestion="accepted jobs are safe; is the broker running?",
                code=NO_BROKER,
            ) from None
        if not isinstance(answer, kind):
            raise TypeError(f"{type(answer).__name__} is no answer to {type(message).__name__}")
        return answer

    async def _asked(self, message: GatewayMessage, timeout_s: float) -> ToGateway:
        limit = self._loop.time() + timeout_s
        while True:
            try:
                return await self._dealer.ask(message, limit - self._loop.time(), urgent=True)
            except PeerUnreachable:
                # A broker that ends takes its questions with it. Each of them may be asked again, of the next broker.
                if self._loop.time() + AGAIN_S >= limit:
                    raise
                await asyncio.sleep(AGAIN_S)

    async def status(self) -> SystemStatus:
        """The whole picture, at most FRESH_S old. Raises Unavailable."""
        task = self._status
        if task is None or (task.done() and self._loop.time() - self._status_at > FRESH_S) or _failed(task):
            task = self._status = self._loop.create_task(self.ask(AskStatus(), SystemStatus))
            task.add_done_callback(self._status_came)
        return await asyncio.shield(task)

    def forget_status(self) -> None:
        """Something was changed: what was known is old."""
        if self._status is not None and self._status.done():
            self._status = None

    async def estimates(self, jobs: Iterable[JobId]) -> dict[JobId, Estimate]:
        """Where these jobs wait, at most FRESH_S old. Those that wait no more, or a silent broker, leave gaps.

        Questions of one moment travel as one.
        """
        wanted = list(jobs)
        oldest = self._loop.time() - FRESH_S
        missing = [job for job in wanted if self._estimates.get(job, (None, -1.0))[1] < oldest]
        if missing and self.is_alive:
            self._wanted.update(missing)
            while self._wanted.intersection(missing):
                if self._asking is None:
                    self._asking = self._loop.create_task(self._ask_estimates())
                await asyncio.shield(self._asking)
        found = (self._estimates.get(job, (None, 0.0))[0] for job in wanted)
        return {estimate.job: estimate for estimate in found if estimate is not None}

    def forget_estimates(self) -> None:
        """The queue moved: what was known is old."""
        self._estimates.clear()

    async def _ask_estimates(self) -> None:
        try:
            await asyncio.sleep(0)  # whoever else asks in this turn of the loop
            batch = list(self._wanted)[:JOBS_PER_ASK]
            self._wanted.difference_update(batch)
            try:
                answer = await self.ask(AskEstimates(tuple(batch)), Estimates, timeout_s=ESTIMATE_S)
            except Unavailable:
                return  # a job is shown without its place
            now = self._loop.time()
            if len(self._estimates) > 4 * JOBS_PER_ASK:
                self._estimates.clear()
            self._estimates.update((job, (None, now)) for job in batch)
            self._estimates.update((estimate.job, (estimate, now)) for estimate in answer.estimates)
        finally:
            self._asking = None

    def _status_came(self, task: "asyncio.Task[SystemStatus]") -> None:
        self._status_at = self._loop.time()
        if not task.cancelled():
            task.exception()  # whoever waits hears of it

    def _unasked(self, batch: "list[Envelope[ToGateway]]") -> None:
        for envelope in batch:
            log.warning("broker.unexpected", messages=[type(message).__name__ for message in envelope.messages])

    def _judged(self, verdict: Verdict) -> None:
        log.info("broker.judged", verdict=verdict.name)
        if self._verdict is Verdict.ALIVE:
            self._heard_until = self._loop.time()
        self._verdict = verdict
        if verdict is Verdict.ALIVE:
            self._on_alive()

    def _greet(self) -> None:
        """The broker, when it can be reached, looks into the store for what it did not hear."""
        self._greeting_due = None
        try:
            self._dealer.send(self._greeting, urgent=True)
        except TransportError:
            self.greet_soon()

    def greet_soon(self) -> None:
        """The broker missed something: ask it, soon and once for all of that, to look into the store."""
        if self._greeting_due is None:
            self._greeting_due = self._loop.call_later(1.0, self._greet)


def _failed(task: "asyncio.Task[SystemStatus]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
