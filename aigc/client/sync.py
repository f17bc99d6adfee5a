"""The client for programs that wait: on the standard library alone, so that it runs inside any host program."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar

from aigc.client.api import Api, job_id
from aigc.client.errors import ClientError, ServerAway
from aigc.client.following import Following
from aigc.client.records import (
    Begun,
    Event,
    Features,
    Job,
    Model,
    Models,
    Output,
    Page,
    Record,
    Upload,
    Worker,
    Workers,
)
from aigc.client.sources import Source
from aigc.client.wire import CHUNK, Address, Answer, Clock, Do, Effect, Flow, Pause, Receive, Request, Send, T, refused

C = TypeVar("C")


@dataclass(frozen=True)
class Result:
    """A completed job and what it made."""

    job: Job = field(repr=False)
    path: Path | None
    """Where the main output lies; None where nothing was to be saved."""
    content: bytes = field(repr=False)
    """The main output itself, where it was not to be saved."""

    @property
    def data(self) -> bytes:
        """The main output, wherever it is."""
        return self.content if self.path is None else self.path.read_bytes()


class Handle(Mapping[str, Any], Generic[C]):
    """A job and the client that knows it; as a mapping it is the job's record as it was last seen."""

    def __init__(self, client: C, job: Job) -> None:
        self.client = client
        self.job = job

    @property
    def id(self) -> str:
        """By which the job is asked for; `client.handle(id)` makes a handle of it, in any process."""
        return self.job.id

    @property
    def status(self) -> str:
        """As it was last seen: `queued`, `processing`, `completed`, `failed` or `cancelled`."""
        return self.job.status

    @property
    def outputs(self) -> list[Output]:
        """The files of the result; none before it is completed."""
        return self.job.outputs

    def __getitem__(self, key: str) -> Any:
        return self.job[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.job)

    def __len__(self) -> int:
        return len(self.job)

    def __repr__(self) -> str:
        return f"<job {self.id} {self.status}>"


class JobHandle(Handle["Client"]):
    """A job of a `Client`."""

    def refresh(self) -> Job:
        """The job as it is now."""
        self.job = self.client.job(self.id)
        return self.job

    def events(self, since: int = 0, timeout_s: float | None = None) -> Iterator[Event]:
        """All that happens to it until it is final, after event number `since`; the record is kept up to date."""
        for event in self.client.events(self.id, since=since, timeout_s=timeout_s):
            self.job = event.job or self.job
            yield event

    def wait(self, timeout_s: float | None = None) -> Job:
        """The job when it is final, however it ended. Raises Timeout; the job then goes on."""
        self.job = self.client.wait(self.id, timeout_s)
        return self.job

    def result(self, to: str | PathLike[str] | None = None, timeout_s: float | None = None) -> Result:
        """What it made when it is completed, saved as `to` where that is given. Raises JobFailed, Timeout."""
        result = self.client.result(self.id, to, timeout_s)
        self.job = result.job
        return result

    def cancel(self) -> Job:
        """Its end was asked for; this is how it stands. Asking twice does no harm."""
        self.job = self.client.cancel(self.id)
        return self.job

    def move(self, priority: int) -> Job:
        """It waits with another priority, 0 to 9."""
        self.job = self.client.move(self.id, priority)
        return self.job

    def retry(self, seed: int | None = None) -> JobHandle:
        """A new job like it, with this seed or another one."""
        return self.client.retry(self.id, seed)

    def download(self, to: str | PathLike[str] = ".", output: str = "model") -> Path:
        """An output, by its name or role, lies at `to` or in that folder."""
        return self.client.download(self.id, to, output=output)

    def download_all(self, folder: str | PathLike[str]) -> dict[str, Path]:
        """All outputs lie in the folder: name -> path."""
        return self.client.download_all(self.id, folder)

    def delete(self) -> Job:
        """The finished job and its files are gone."""
        return self.client.delete(self.id)


class Client:
    """Speaks to one server. Safe to use from several threads.

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
        self.url = self._api.address.url

    # Jobs.

    def run(
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
        job = self.submit(feature, **asked)
        if on_event is not None:
            for event in job.events(timeout_s=timeout_s):
                on_event(event)
        return job.result(to, None if timeout_s is None else max(0.0, begun + timeout_s - time.monotonic()))

    def submit(
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
    ) -> JobHandle:
        """The accepted job. Whatever is a file is uploaded first.

        An input is a path, bytes, `(name, bytes)`, an open file, a PIL image, a URL, a text, an upload, a job (its main
        output is meant) or one of a job's outputs. A job that is not done yet is waited for, and JobFailed raised where
        it makes nothing.

        Args:
            feature: what is wanted.
            model: who shall do it; default: the feature's first.
            text: the input of that name.
            inputs: inputs by name.
            files: likewise, where all are paths.
            params: the model's parameters.
            output_format: `glb`, `obj`, …; default: the feature's first.
            priority: 9 is served first, 0 last.
            tags: words to find it by.
            metadata: kept with the job.
            deadline_s: it is cancelled if it is not done by then.
            idempotency_key: the same key never makes a second job; by default each call has its own, so that a lost
                answer is asked for again.
            named: inputs and parameters by their names, whichever they are.
        """
        flow = self._api.submit(
            feature, model=model, text=text, inputs={**(inputs or {}), **_paths(files)}, params=params or {},
            named=named, output_format=output_format, priority=priority, tags=tags, metadata=metadata or {},
            deadline_s=deadline_s, idempotency_key=idempotency_key,
        )  # fmt: skip
        return JobHandle(self, self._done(flow))

    def handle(self, job: str) -> JobHandle:
        """The handle of a job that was submitted before, here or elsewhere."""
        return JobHandle(self, self.job(job))

    def job(self, job: Any, *, wait_s: float = 0) -> Job:
        """The job now, or when it is final but at most `wait_s` (60) later."""
        return self._done(self._api.job(job_id(job), wait_s))

    def wait(self, job: Any, timeout_s: float | None = None) -> Job:
        """The job when it is final, however it ended. Raises Timeout; the job then goes on."""
        return self._done(self._api.wait(job_id(job), timeout_s))

    def result(self, job: Any, to: str | PathLike[str] | None = None, timeout_s: float | None = None) -> Result:
        """What a job made when it is completed, saved as `to` where that is given. Raises JobFailed, Timeout."""
        return result_of(*self._done(self._api.result(job_id(job), to, timeout_s)))

    def jobs(
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
        return self._done(
            self._api.jobs(
                status=status, feature=feature, tag=tag, words=words, owner=owner, created_after=created_after,
                created_before=created_before, limit=limit, cursor=cursor,
            )
        )  # fmt: skip

    def each_job(
        self,
        *,
        status: str | None = None,
        feature: str | None = None,
        tag: str | None = None,
        words: str | None = None,
        owner: str | None = None,
        created_after: str | None = None,
        created_before: str | None = None,
    ) -> Iterator[Job]:
        """All jobs as `jobs` has them, page by page as they are taken."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.jobs(
                status=status, feature=feature, tag=tag, words=words, owner=owner, created_after=created_after,
                created_before=created_before, limit=100, cursor=cursor,
            )  # fmt: skip
            yield from page.jobs
            cursor = page.next_cursor or None

    def events(
        self, job: Any, *, since: int = 0, patience_s: float = 60.0, timeout_s: float | None = None
    ) -> Iterator[Event]:
        """All that happens to a job until it is final, after event number `since`.

        A stream that breaks is taken up again where it broke; a server that is away is waited for `patience_s`. After
        `timeout_s`, and at most one heartbeat of the server, it ends with Timeout.
        """
        ends = None if timeout_s is None else time.monotonic() + timeout_s
        following = Following(job_id(job), since, patience_s, was_heard=self._api.was_heard, ends=ends)
        while not following.is_over:
            error: ClientError | None = None
            try:
                with _opened(self._api.address, self._headed(following.request()), self._timeout_s) as answer:
                    if answer.status >= 400:
                        refusal = refused(_whole(answer))
                        assert refusal is not None
                        raise refusal
                    following.opened(answer.status)
                    while not following.is_over and (piece := answer.read1(CHUNK)):
                        yield from following.feed(piece)
                        following.check(time.monotonic())
            except (OSError, http.client.HTTPException) as broken:
                error = ServerAway(f"the stream from {self.url} broke off ({broken})")
            except ServerAway as away:
                error = away
            if not following.is_over:
                self._pause(Pause(following.pause_s(error, time.monotonic()), error))

    def cancel(self, job: Any) -> Job:
        """The job after its end was asked for; asking twice does no harm."""
        return self._done(self._api.cancel(job_id(job)))

    def move(self, job: Any, priority: int) -> Job:
        """The waiting job with its new priority, 0 to 9."""
        return self._done(self._api.move(job_id(job), priority))

    def retry(self, job: Any, seed: int | None = None) -> JobHandle:
        """A new job like this one, with this seed or another one."""
        return JobHandle(self, self._done(self._api.retry(job_id(job), seed)))

    def evidence(self, job: Any) -> Record:
        """All that is known of a job and why its attempts ended, to be sent on."""
        return self._done(self._api.evidence(job_id(job)))

    def delete(self, job: Any) -> Job:
        """The finished job as it was; it and its files are gone."""
        return self._done(self._api.delete(job_id(job)))

    # Files.

    def upload(self, file: Any, name: str = "") -> Upload:
        """The file is on the server, and can be an input of many jobs; `name` is what it is called there."""
        return self._done(self._api.upload(file, name))

    def uploads(self, *, file_type: str | None = None, limit: int | None = None) -> Record:
        """Files that were sent, newest first, under `files`; `file_type` is image or mesh."""
        return self._done(self._api.uploads(file_type=file_type, limit=limit))

    def delete_upload(self, upload: str) -> Record:
        """A file that was sent is gone."""
        return self._done(self._api.delete_upload(upload))

    def download(self, job: Any, to: str | PathLike[str] = ".", *, output: str = "model") -> Path:
        """An output, by its name or role, lies at `to` or in that folder. It is there whole or not at all.

        Where the connection breaks it goes on from there; what came is compared with the server's checksum.
        """
        return self._done(self._api.download(job_id(job), to, output))

    def download_all(self, job: Any, folder: str | PathLike[str]) -> dict[str, Path]:
        """All outputs lie in the folder, which is made if need be: name -> path."""
        return self._done(self._api.download_all(job_id(job), folder))

    def read(self, job: Any, output: str = "model") -> bytes:
        """An output's content."""
        return self._done(self._api.read(job_id(job), output))

    # The server.

    def models(self, feature: str = "") -> Models:
        """The models that can be asked for, and those that are known and not served."""
        return self._done(self._api.models(feature))

    def model(self, name: str) -> Model:
        """One model with its inputs, formats, and the schema of its parameters."""
        return self._done(self._api.model(name))

    def parameters(self, model: str) -> dict[str, Any]:
        """A model's parameters by name, each with its type, limits, default and description."""
        found: dict[str, Any] = self.model(model).schema.get("properties", {})
        return found

    def features(self) -> Features:
        """What can be asked for, with inputs and models."""
        return self._done(self._api.features())

    def health(self) -> Record:
        """Answers when new jobs are accepted and will be run; raises at once where not."""
        return self._done(self._api.health())

    def status(self) -> Record:
        """Brokers, devices, resident models, queue, and why jobs wait."""
        return self._done(self._api.status())

    def system(self) -> Record:
        """The former name of `status`."""
        return self.status()

    # Who asks.

    def login(self, username: str, password: str) -> str:
        """The token that name and password give; this client uses it from now on. Raises Unauthorized."""
        return self._done(self._api.login(username, password))

    def whoami(self) -> Record:
        """Whether the server wants to know who asks, and who this client is there: `required`, `user`, `role`."""
        return self._done(self._api.whoami())

    # Operators.

    def workers(self) -> Workers:
        """Every worker with its device, its runners and what it works on."""
        return self._done(self._api.workers())

    def worker(self, name: str) -> Worker:
        """One worker."""
        return self._done(self._api.worker(name))

    def queue(
        self, *, owner: str | None = None, model: str = "", words: str = "", order: str = "place", limit: int = 50
    ) -> Record:
        """Everybody's waiting jobs under `jobs`, who starts first at the top, with the reason why each waits."""
        asked = {"owner": owner, "model": model, "words": words, "order": order, "limit": limit}
        return self._done(self._api.queue(asked))

    def drain(self, worker: str) -> Begun:
        """What was begun so that the worker takes no more jobs."""
        return self._done(self._api.change_worker(worker, "drain"))

    def resume(self, worker: str) -> Begun:
        """What was begun so that the worker takes jobs again."""
        return self._done(self._api.change_worker(worker, "resume"))

    def forget(self, worker: str) -> Begun:
        """A worker that was lost is shown no more."""
        return self._done(self._api.change_worker(worker, "forget"))

    def load(self, model: str, worker: str = "") -> Begun:
        """What was begun so that the model is in memory, there or where it fits best."""
        return self.control("load", model, worker)

    def unload(self, model: str, worker: str = "") -> Begun:
        """What was begun so that the model leaves memory."""
        return self.control("unload", model, worker)

    def pin(self, model: str, worker: str = "") -> Begun:
        """What was begun so that the model stays in memory."""
        return self.control("pin", model, worker)

    def unpin(self, model: str, worker: str = "") -> Begun:
        """The model may leave memory again."""
        return self.control("unpin", model, worker)

    def control(self, action: str, model: str, worker: str = "") -> Begun:
        """What was begun for a model, and where; `action` is load, unload, pin or unpin."""
        return self._done(self._api.control(action, model, worker))

    def reload(self) -> Record:
        """What changed in the catalogue when the broker read its files again."""
        return self._done(self._api.reload())

    def ask(self, method: str, path: str, body: Any = None) -> Record:
        """What any other route answers, such as `/api/v1/users/me`."""
        return Record(self._done(self._api.ask(method, path, body)))

    # Effects.

    def _done(self, flow: Flow[T]) -> T:
        """Carry the flow out."""
        try:
            effect = next(flow)
            while True:
                try:
                    came = self._perform(effect)
                except BaseException as error:  # noqa: BLE001 - the flow raises it, or knows better
                    effect = flow.throw(error)
                else:
                    effect = flow.send(came)
        except StopIteration as end:
            value: T = end.value
            return value

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(request):
                with _opened(self._api.address, self._headed(request), self._timeout_s) as answer:
                    return _whole(answer)
            case Receive(request, sink):
                with _opened(self._api.address, self._headed(request), self._timeout_s) as answer:
                    if answer.status >= 400:
                        return _whole(answer)
                    sink.begin(answer.status)
                    for piece in _pieces(answer):
                        sink.write(piece)
                    return Answer(answer.status, {})
            case Pause():
                self._pause(effect)
            case Clock():
                return time.monotonic()
            case Do(function):
                return function()
        return None

    def _pause(self, pause: Pause) -> None:
        if self._on_pause is not None and pause.because is not None:
            self._on_pause(pause.seconds, pause.because)
        time.sleep(pause.seconds)

    def _headed(self, request: Request) -> Request:
        # With this the answer owns the socket, and closes it when it has been read.
        headers = {"Connection": "close", **self._api.headers, **request.headers}
        return Request(request.method, request.path, headers, request.body, patience_s=request.patience_s)


def result_of(job: Job, made: Path | bytes) -> Result:
    """A flow's result as callers get it."""
    return Result(job, made, b"") if isinstance(made, Path) else Result(job, None, made)


def _paths(files: Mapping[str, str | PathLike[str]] | None) -> dict[str, Path]:
    return {name: Path(path) for name, path in (files or {}).items()}


@contextlib.contextmanager
def _opened(address: Address, request: Request, timeout_s: float) -> Iterator[http.client.HTTPResponse]:
    kind = http.client.HTTPSConnection if address.is_secure else http.client.HTTPConnection
    wait_s = timeout_s + request.patience_s
    connection = kind(address.host, address.port, timeout=wait_s, blocksize=CHUNK)
    was_sent = False
    try:
        connection.connect()
        was_sent = True
        answer = _exchanged(connection, address.path, request)
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        words = f"no server answers at {address.url} ({error}); start one with: aigc serve"
        raise ServerAway(words, was_sent=was_sent) from None
    except BaseException:
        connection.close()
        raise
    with contextlib.closing(connection), answer:
        yield answer


def _exchanged(connection: http.client.HTTPConnection, base: str, request: Request) -> http.client.HTTPResponse:
    body, headers = request.body, dict(request.headers)
    if isinstance(body, Source):
        headers["Content-Length"] = str(body.size)
        body_pieces: Any = body.pieces()
    else:
        body_pieces = body
    try:
        connection.request(request.method, base + request.path, body=body_pieces, headers=headers)
    except (BrokenPipeError, ConnectionResetError):
        # A server that has refused a file by its size does not read it to the end; its answer may be there.
        return connection.getresponse()
    return connection.getresponse()


def _whole(answer: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, headers, b"".join(_pieces(answer)))


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := answer.read(CHUNK):
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise ServerAway(f"the answer broke off ({error}); try again") from None
    if answer.length:
        raise ServerAway(f"the answer broke off, {answer.length} bytes before its end; try again")
