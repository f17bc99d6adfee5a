"""The client for programs that do not wait: the surface of `aigc.client.sync`, on aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from aigc.client.api import Api, job_id
from aigc.client.errors import ClientError, ServerAway, Unavailable, refusal
from aigc.client.following import Following
from aigc.client.records import Begun, Event, Features, Job, Model, Models, Page, Record, Upload, Worker, Workers
from aigc.client.sources import Source
from aigc.client.sync import Handle, Result, result_of
from aigc.client.watching import Watching
from aigc.client.wire import API, CHUNK, Answer, Clock, Do, Effect, Flow, Pause, Receive, Request, Send, T, refused

HEARTBEAT_S = 15.0
"""So often a stream of all events is asked whether its other end lives."""


class AsyncJobHandle(Handle["AsyncClient"]):
    """A job of an `AsyncClient`."""

    async def refresh(self) -> Job:
        """The job as it is now."""
        self.job = await self.client.job(self.id)
        return self.job

    async def events(self, since: int = 0, timeout_s: float | None = None) -> AsyncGenerator[Event, None]:
        """All that happens to it until it is final, after event number `since`; the record is kept up to date."""
        async with contextlib.aclosing(self.client.events(self.id, since=since, timeout_s=timeout_s)) as events:
            async for event in events:
                self.job = event.job or self.job
                yield event

    async def wait(self, timeout_s: float | None = None) -> Job:
        """The job when it is final, however it ended. Raises Timeout; the job then goes on."""
        self.job = await self.client.wait(self.id, timeout_s)
        return self.job

    async def result(self, to: str | PathLike[str] | None = None, timeout_s: float | None = None) -> Result:
        """What it made when it is completed, saved as `to` where that is given. Raises JobFailed, Timeout."""
        result = await self.client.result(self.id, to, timeout_s)
        self.job = result.job
        return result

    async def cancel(self) -> Job:
        """Its end was asked for; this is how it stands. Asking twice does no harm."""
        self.job = await self.client.cancel(self.id)
        return self.job

    async def move(self, priority: int) -> Job:
        """It waits with another priority, 0 to 9."""
        self.job = await self.client.move(self.id, priority)
        return self.job

    async def retry(self, seed: int | None = None) -> AsyncJobHandle:
        """A new job like it, with this seed or another one."""
        return await self.client.retry(self.id, seed)

    async def download(self, to: str | PathLike[str] = ".", output: str = "model") -> Path:
        """An output, by its name or role, lies at `to` or in that folder."""
        return await self.client.download(self.id, to, output=output)

    async def download_all(self, folder: str | PathLike[str]) -> dict[str, Path]:
        """All outputs lie in the folder: name -> path."""
        return await self.client.download_all(self.id, folder)

    async def delete(self) -> Job:
        """The finished job and its files are gone."""
        return await self.client.delete(self.id)


class AsyncClient:
    """Speaks to one server from one event loop. Use it as a context, or `close` it.

    Args:
        url: where the server listens; default: `AIGC_URL`, else this machine.
        token: who asks; default: `AIGC_TOKEN`, the file `AIGC_TOKEN_FILE`, or what `aigc login` has kept.
        token_file: a file that holds the token.
        timeout_s: how long the server may stay silent.
        retry_s: a server that is busy, or away after it was heard once, is asked again for so long; 0: never.
        on_pause: is told before each such wait: how many seconds, and why.

    Raises:
        ClientError: every method; its kinds are in `aigc.client.errors`.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        token_file: str | PathLike[str] | None = None,
        timeout_s: float = 60.0,
        retry_s: float = 60.0,
        on_pause: Callable[[float, ClientError], None] | None = None,
    ) -> None:
        self._api = Api(url, token=token, token_file=token_file, retry_s=retry_s)
        self._timeout_s = timeout_s
        self._on_pause = on_pause
        self._session: aiohttp.ClientSession | None = None
        self.url = self._api.address.url

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Its connections are closed."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    # Jobs.

    async def run(
        self,
        feature: str,
        *,
        to: str | PathLike[str] | None = None,
        timeout_s: float | None = None,
        on_event: Callable[[Event], None] | None = None,
        **asked: Any,
    ) -> Result:
        """From inputs to a mesh: submits, follows and downloads.

        Args:
            feature: what is wanted, `image_to_textured_mesh`.
            to: a file or a folder for the main output; without it the content is in the result.
            timeout_s: for all of it. The job goes on behind a Timeout.
            on_event: is told everything that happens to the job.
            asked: as in `submit`.

        Raises:
            JobFailed: with its evidence.
            Timeout: it takes longer.
        """
        begun = time.monotonic()
        job = await self.submit(feature, **asked)
        if on_event is not None:
            async with contextlib.aclosing(job.events(timeout_s=timeout_s)) as events:
                async for event in events:
                    on_event(event)
        return await job.result(to, None if timeout_s is None else max(0.0, begun + timeout_s - time.monotonic()))

    async def submit(
        self,
        feature: str,
        *,
        model: str = "",
        text: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        files: Mapping[str, str | PathLike[str]] | None = None,
        params: Mapping[str, Any] | None = None,
        output_format: str = "",
        priority: int | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, str] | None = None,
        deadline_s: float | None = None,
        idempotency_key: str | None = None,
        **named: Any,
    ) -> AsyncJobHandle:
        """The accepted job. Whatever is a file is uploaded first; the arguments are those of `Client.submit`."""
        paths = {name: Path(path) for name, path in (files or {}).items()}
        flow = self._api.submit(
            feature, model=model, text=text, inputs={**(inputs or {}), **paths}, params=params or {}, named=named,
            output_format=output_format, priority=priority, tags=tags, metadata=metadata or {}, deadline_s=deadline_s,
            idempotency_key=idempotency_key,
        )  # fmt: skip
        return AsyncJobHandle(self, await self._done(flow))

    async def handle(self, job: str) -> AsyncJobHandle:
        """The handle of a job that was submitted before, here or elsewhere."""
        return AsyncJobHandle(self, await self.job(job))

    async def job(self, job: Any, *, wait_s: float = 0) -> Job:
        """The job now, or when it is final but at most `wait_s` (60) later."""
        return await self._done(self._api.job(job_id(job), wait_s))

    async def wait(self, job: Any, timeout_s: float | None = None) -> Job:
        """The job when it is final, however it ended. Raises Timeout; the job then goes on."""
        return await self._done(self._api.wait(job_id(job), timeout_s))

    async def result(self, job: Any, to: str | PathLike[str] | None = None, timeout_s: float | None = None) -> Result:
        """What a job made when it is completed, saved as `to` where that is given. Raises JobFailed, Timeout."""
        return result_of(*await self._done(self._api.result(job_id(job), to, timeout_s)))

    async def jobs(
        self,
        *,
        status: str | None = None,
        feature: str | None = None,
        tag: str | None = None,
        words: str | None = None,
        owner: str | None = None,
        created_after: str | None = None,
        created_before: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page:
        """One page of one's own jobs, newest first; the next one is asked for by its `next_cursor`.

        `words`: only those in whose prompt, files, name, model or tags all these are; a page of them may hold few or
        none and still have a next one. `owner` is for operators: another's id, or `*` for everybody's.
        """
        return await self._done(
            self._api.jobs(
                status=status, feature=feature, tag=tag, words=words, owner=owner, created_after=created_after,
                created_before=created_before, limit=limit, cursor=cursor,
            )
        )  # fmt: skip

    async def each_job(
        self,
        *,
        status: str | None = None,
        feature: str | None = None,
        tag: str | None = None,
        words: str | None = None,
        owner: str | None = None,
        created_after: str | None = None,
        created_before: str | None = None,
    ) -> AsyncIterator[Job]:
        """All jobs as `jobs` has them, page by page as they are taken."""
        cursor: str | None = ""
        while cursor is not None:
            page = await self.jobs(
                status=status, feature=feature, tag=tag, words=words, owner=owner, created_after=created_after,
                created_before=created_before, limit=100, cursor=cursor,
            )  # fmt: skip
            for job in page.jobs:
                yield job
            cursor = page.next_cursor or None

    async def events(
        self, job: Any, *, since: int = 0, patience_s: float = 60.0, timeout_s: float | None = None
    ) -> AsyncGenerator[Event, None]:
        """All that happens to a job until it is final, after event number `since`.

        A stream that breaks is taken up again where it broke; a server that is away is waited for `patience_s`. After
        `timeout_s`, and at most one heartbeat of the server, it ends with Timeout.
        """
        ends = None if timeout_s is None else time.monotonic() + timeout_s
        following = Following(job_id(job), since, patience_s, was_heard=self._api.was_heard, ends=ends)
        while not following.is_over:
            error: ClientError | None = None
            try:
                async with self._opened(following.request()) as answer:
                    if answer.status >= 400:
                        refusal = refused(await _whole(answer))
                        assert refusal is not None
                        raise refusal
                    following.opened(answer.status)
                    async for piece in answer.content.iter_any():
                        for event in following.feed(piece):
                            yield event
                        following.check(time.monotonic())
                        if following.is_over:
                            break
            except ServerAway as away:
                error = away
            if not following.is_over:
                await self._pause(Pause(following.pause_s(error, time.monotonic()), error))

    async def watch(self, *, owner: str = "", patience_s: float = 60.0) -> AsyncGenerator[Event, None]:
        """All that happens to all of one's jobs, those that are yet to come included; it never ends by itself.

        A stream that breaks is taken up again, and begins with what is open and what ended meanwhile. An event of type
        `gap` says that more happened than could be told; its `list` is where to look. A server that is away is waited
        for `patience_s`. Operators may name an `owner`, or everybody (`*`).
        """
        watching = Watching(owner, patience_s, was_heard=self._api.was_heard)
        while True:
            error: ClientError | None = None
            try:
                async with self._socket() as socket:
                    watching.opened()
                    await socket.send_json(watching.command())
                    async for message in socket:
                        for event in watching.feed(message.data):
                            yield event
            except (ServerAway, Unavailable) as away:
                error = away
            await self._pause(Pause(watching.pause_s(error, time.monotonic()), error))

    async def cancel(self, job: Any) -> Job:
        """The job after its end was asked for; asking twice does no harm."""
        return await self._done(self._api.cancel(job_id(job)))

    async def move(self, job: Any, priority: int) -> Job:
        """The waiting job with its new priority, 0 to 9."""
        return await self._done(self._api.move(job_id(job), priority))

    async def retry(self, job: Any, seed: int | None = None) -> AsyncJobHandle:
        """A new job like this one, with this seed or another one."""
        return AsyncJobHandle(self, await self._done(self._api.retry(job_id(job), seed)))

    async def evidence(self, job: Any) -> Record:
        """All that is known of a job and why its attempts ended, to be sent on."""
        return await self._done(self._api.evidence(job_id(job)))

    async def delete(self, job: Any) -> Job:
        """The finished job as it was; it and its files are gone."""
        return await self._done(self._api.delete(job_id(job)))

    # Files.

    async def upload(self, file: Any, name: str = "") -> Upload:
        """The file is on the server, and can be an input of many jobs; `name` is what it is called there."""
        return await self._done(self._api.upload(file, name))

    async def uploads(self, *, file_type: str | None = None, limit: int | None = None) -> Record:
        """Files that were sent, newest first, under `files`; `file_type` is image or mesh."""
        return await self._done(self._api.uploads(file_type=file_type, limit=limit))

    async def delete_upload(self, upload: str) -> Record:
        """A file that was sent is gone."""
        return await self._done(self._api.delete_upload(upload))

    async def download(self, job: Any, to: str | PathLike[str] = ".", *, output: str = "model") -> Path:
        """An output, by its name or role, lies at `to` or in that folder. It is there whole or not at all.

        Where the connection breaks it goes on from there; what came is compared with the server's checksum.
        """
        return await self._done(self._api.download(job_id(job), to, output))

    async def download_all(self, job: Any, folder: str | PathLike[str]) -> dict[str, Path]:
        """All outputs lie in the folder, which is made if need be: name -> path."""
        return await self._done(self._api.download_all(job_id(job), folder))

    async def read(self, job: Any, output: str = "model") -> bytes:
        """An output's content."""
        return await self._done(self._api.read(job_id(job), output))

    # The server.

    async def models(self, feature: str = "") -> Models:
        """The models that can be asked for, and those that are known and not served."""
        return await self._done(self._api.models(feature))

    async def model(self, name: str) -> Model:
        """One model with its inputs, formats, and the schema of its parameters."""
        return await self._done(self._api.model(name))

    async def parameters(self, model: str) -> dict[str, Any]:
        """A model's parameters by name, each with its type, limits, default and description."""
        found: dict[str, Any] = (await self.model(model)).schema.get("properties", {})
        return found

    async def features(self) -> Features:
        """What can be asked for, with inputs and models."""
        return await self._done(self._api.features())

    async def health(self) -> Record:
        """Answers when new jobs are accepted and will be run; raises at once where not."""
        return await self._done(self._api.health())

    async def status(self) -> Record:
        """Brokers, devices, resident models, queue, and why jobs wait."""
        return await self._done(self._api.status())

    async def system(self) -> Record:
        """The former name of `status`."""
        return await self.status()

    # Who asks.

    async def login(self, username: str, password: str) -> str:
        """The token that name and password give; this client uses it from now on. Raises Unauthorized."""
        return await self._done(self._api.login(username, password))

    async def whoami(self) -> Record:
        """Whether the server wants to know who asks, and who this client is there: `required`, `user`, `role`."""
        return await self._done(self._api.whoami())

    # Operators.

    async def workers(self) -> Workers:
        """Every worker with its device, its runners and what it works on."""
        return await self._done(self._api.workers())

    async def worker(self, name: str) -> Worker:
        """One worker."""
        return await self._done(self._api.worker(name))

    async def queue(
        self, *, owner: str | None = None, model: str = "", words: str = "", order: str = "place", limit: int = 50
    ) -> Record:
        """Everybody's waiting jobs under `jobs`, who starts first at the top, with the reason why each waits."""
        asked = {"owner": owner, "model": model, "words": words, "order": order, "limit": limit}
        return await self._done(self._api.queue(asked))

    async def drain(self, worker: str) -> Begun:
        """What was begun so that the worker takes no more jobs."""
        return await self._done(self._api.change_worker(worker, "drain"))

    async def resume(self, worker: str) -> Begun:
        """What was begun so that the worker takes jobs again."""
        return await self._done(self._api.change_worker(worker, "resume"))

    async def forget(self, worker: str) -> Begun:
        """A worker that was lost is shown no more."""
        return await self._done(self._api.change_worker(worker, "forget"))

    async def load(self, model: str, worker: str = "") -> Begun:
        """What was begun so that the model is in memory, there or where it fits best."""
        return await self.control("load", model, worker)

    async def unload(self, model: str, worker: str = "") -> Begun:
        """What was begun so that the model leaves memory."""
        return await self.control("unload", model, worker)

    async def pin(self, model: str, worker: str = "") -> Begun:
        """What was begun so that the model stays in memory."""
        return await self.control("pin", model, worker)

    async def unpin(self, model: str, worker: str = "") -> Begun:
        """The model may leave memory again."""
        return await self.control("unpin", model, worker)

    async def control(self, action: str, model: str, worker: str = "") -> Begun:
        """What was begun for a model, and where; `action` is load, unload, pin or unpin."""
        return await self._done(self._api.control(action, model, worker))

    async def reload(self) -> Record:
        """What changed in the catalogue when the broker read its files again."""
        return await self._done(self._api.reload())

    async def ask(self, method: str, path: str, body: Any = None) -> Record:
        """What any other route answers, such as `/api/v1/users/me`."""
        return Record(await self._done(self._api.ask(method, path, body)))

    # Effects.

    async def _done(self, flow: Flow[T]) -> T:
        """Carry the flow out."""
        try:
            effect = next(flow)
            while True:
                try:
                    came = await self._perform(effect)
                except BaseException as error:  # noqa: BLE001 - the flow raises it, or knows better
                    effect = flow.throw(error)
                else:
                    effect = flow.send(came)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(request):
                async with self._opened(request) as answer:
                    return await _whole(answer)
            case Receive(request, sink):
                async with self._opened(request) as answer:
                    if answer.status >= 400:
                        return await _whole(answer)
                    await asyncio.to_thread(sink.begin, answer.status)
                    async for piece in answer.content.iter_chunked(CHUNK):
                        await asyncio.to_thread(sink.write, piece)
                    return Answer(answer.status, {})
            case Pause():
                await self._pause(effect)
            case Clock():
                return time.monotonic()
            case Do(function):
                return await asyncio.to_thread(function)
        return None

    async def _pause(self, pause: Pause) -> None:
        if self._on_pause is not None and pause.because is not None:
            self._on_pause(pause.seconds, pause.because)
        await asyncio.sleep(pause.seconds)

    @contextlib.asynccontextmanager
    async def _socket(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        with self._translated():
            try:
                async with asyncio.timeout(self._timeout_s):
                    socket = await self._sessions().ws_connect(
                        self.url + f"{API}/events", headers=self._api.headers, heartbeat=HEARTBEAT_S
                    )
            except aiohttp.WSServerHandshakeError as error:
                told = {"detail": f"the server refused the stream of events (HTTP {error.status})"}
                raise refusal(error.status, told) from None
            async with socket:
                yield socket

    def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        return self._session

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """What goes wrong with a connection is raised as the client's own error."""
        try:
            yield
        except aiohttp.ClientConnectorError as error:
            words = f"no server answers at {self.url} ({error.os_error}); start one with: aigc serve"
            raise ServerAway(words, was_sent=False) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if isinstance(error, ClientError):
                raise
            raise ServerAway(f"the connection to {self.url} broke off ({error}); try again") from None

    @contextlib.asynccontextmanager
    async def _opened(self, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        body: Any = request.body
        # Nothing is to be unpacked: sizes and checksums are of what the server has.
        headers = {"Accept-Encoding": "identity", **self._api.headers, **request.headers}
        data = body
        if isinstance(body, Source):
            headers["Content-Length"] = str(body.size)
            data = _pieces(body)
        silent_s = self._timeout_s + request.patience_s
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s, sock_read=silent_s)
        # The path is sent as it is: a name in it has been quoted once already.
        url = URL(self.url + request.path, encoded=True)
        with self._translated():
            async with self._sessions().request(
                request.method, url, data=data, headers=headers, timeout=limits, allow_redirects=False
            ) as answer:
                yield answer


async def _whole(answer: aiohttp.ClientResponse) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status, headers, await answer.read())


async def _pieces(source: Source) -> AsyncIterator[bytes]:
    pieces = source.pieces()
    while (piece := await asyncio.to_thread(next, pieces, b"")) != b"":
        yield piece
