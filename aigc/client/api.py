"""Everything that a client can do, as flows: which requests, in which order, and what their answers mean. No I/O."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aigc.client.errors import BadInput, BadRequest, ClientError, ServerAway, Timeout, failure
from aigc.client.records import (
    FINAL,
    Begun,
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
from aigc.client.retrying import Retrying
from aigc.client.saving import Memory, Partial
from aigc.client.sources import Source, reference_of, source_of
from aigc.client.tokens import token_for
from aigc.client.wire import (
    API,
    DEFAULT_URL,
    Answer,
    Clock,
    Do,
    Flow,
    Pause,
    Receive,
    Request,
    Send,
    address_of,
    below,
    json_body,
    json_of,
    query,
    quoted,
    refused,
)

WAIT_S = 30.0
"""A request waits so long for a job's end; the server allows 60."""

JOBS = f"{API}/jobs"


class Api:
    """One server, as flows; `Client` and `AsyncClient` carry them out.

    Args:
        url: where the server listens; default: `AIGC_URL`, else this machine.
        token: who asks; see `aigc.client.tokens`.
        token_file: holds the token.
        retry_s: a request that met a server that is away or busy is tried again for so long.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        token_file: str | os.PathLike[str] | None = None,
        retry_s: float = 60.0,
    ) -> None:
        self.address = address_of(url or os.environ.get("AIGC_URL") or DEFAULT_URL)
        self._retry_s = retry_s
        held = token_for(self.address.url, token, token_file)
        self.headers = {"Authorization": f"Bearer {held}"} if held else {}
        self.was_heard = False
        """The server has answered."""
        self._inputs: dict[str, dict[str, Any]] = {}

    # Jobs.

    def submit(
        self,
        feature: str,
        *,
        model: str,
        text: str | None,
        inputs: Mapping[str, Any],
        params: Mapping[str, Any],
        named: Mapping[str, Any],
        output_format: str,
        priority: int | None,
        tags: Sequence[str],
        metadata: Mapping[str, str],
        deadline_s: float | None,
        idempotency_key: str | None,
    ) -> Flow[Job]:
        """The accepted job. Files are uploaded first; `named` are inputs or parameters, as the model has them."""
        given = {name: value for name, value in inputs.items() if value is not None}
        wanted = dict(params)
        if text:
            given["text"] = text
        kinds: dict[str, Any] = {}
        if named or any(isinstance(value, str) and name != "text" for name, value in given.items()):
            kinds = yield from self._known_inputs(feature, model)
        for name, value in named.items():
            if name not in kinds:
                wanted[name] = value
            elif value is not None:
                given[name] = value
        body: dict[str, Any] = {
            "feature": feature, "model": model, "inputs": {}, "params": wanted, "output_format": output_format,
            "priority": priority, "tags": list(tags), "metadata": dict(metadata), "deadline_s": deadline_s,
        }  # fmt: skip
        body = {
            key: value for key, value in body.items() if key in ("inputs", "params") or value not in ("", None, [], {})
        }
        for name, value in given.items():
            formats = kinds.get(name, {}).get("formats", ["text"] if name == "text" else [])
            job = getattr(value, "job", value)
            if isinstance(job, Job) and not job.is_final:
                yield from self._completed(job.id)
            reference = reference_of(value, is_text="text" in formats)
            if isinstance(reference, Source):
                reference = {"upload": (yield from self.upload(reference)).id}
            body["inputs"][name] = reference
        key = {"Idempotency-Key": idempotency_key or secrets.token_hex(16)}
        return Job((yield from self.ask("POST", JOBS, body, headers=key, may_repeat=True)))

    def job(self, job: str, wait_s: float = 0, retry_s: float | None = None) -> Flow[Job]:
        """The job now, or when it is final but at most `wait_s` later."""
        wait_s = min(wait_s, 60)
        asked = query(wait=f"{wait_s:g}" if wait_s else None)
        path = f"{JOBS}/{quoted(job)}{asked}"
        return Job((yield from self.ask("GET", path, patience_s=wait_s, retry_s=retry_s)))

    def wait(self, job: str, timeout_s: float | None) -> Flow[Job]:
        """The job when it is final. Raises Timeout."""
        begun: float = yield Clock()
        while True:
            asked: float = yield Clock()
            left_s = float("inf") if timeout_s is None else max(0.0, begun + timeout_s - asked)
            found = yield from self.job(job, min(WAIT_S, left_s), min(self._retry_s, left_s))
            if found.is_final:
                return found
            now: float = yield Clock()
            if timeout_s is not None and now - begun >= timeout_s:
                raise Timeout(f"job {job} is not done after {timeout_s:g} s; it goes on", job)
            if now - asked < 0.5:  # a server that is about to stop answers early
                yield Pause(0.5)

    def jobs(self, **asked: Any) -> Flow[Page]:
        """One page of jobs, newest first."""
        return Page((yield from self.ask("GET", JOBS + query(**asked))))

    def cancel(self, job: str) -> Flow[Job]:
        """The job after its end was asked for."""
        return Job((yield from self.ask("POST", f"{JOBS}/{quoted(job)}/cancel", {}, may_repeat=True)))

    def move(self, job: str, priority: int) -> Flow[Job]:
        """The waiting job with its new priority."""
        return Job((yield from self.ask("PATCH", f"{JOBS}/{quoted(job)}", {"priority": priority}, may_repeat=True)))

    def retry(self, job: str, seed: int | None) -> Flow[Job]:
        """A new job like this one."""
        body = {} if seed is None else {"seed": seed}
        return Job((yield from self.ask("POST", f"{JOBS}/{quoted(job)}/retry", body)))

    def delete(self, job: str) -> Flow[Job]:
        """The finished job as it was; it is gone."""
        return Job((yield from self.ask("DELETE", f"{JOBS}/{quoted(job)}")))

    def evidence(self, job: str) -> Flow[Record]:
        """Why a job's attempts ended."""
        return Record((yield from self.ask("GET", f"{JOBS}/{quoted(job)}/evidence")))

    # Files.

    def upload(self, file: Any, name: str = "") -> Flow[Upload]:
        """A file is on the server."""
        source = file if isinstance(file, Source) else source_of(file, name)
        headers = {"Content-Type": "application/octet-stream"}
        path = f"{API}/uploads{query(filename=source.name)}"
        try:
            answer = yield from self._answer(Request("PUT", path, headers, source, may_repeat=True))
        except BadRequest as error:
            raise error.about(source.name) from None
        return Upload(json_of(answer, self.address))

    def uploads(self, **asked: Any) -> Flow[Record]:
        """The files that were sent and not used up."""
        return Record((yield from self.ask("GET", f"{API}/uploads{query(**asked)}")))

    def delete_upload(self, upload: str) -> Flow[Record]:
        """A file is gone."""
        return Record((yield from self.ask("DELETE", f"{API}/uploads/{quoted(upload)}")))

    def download(self, job: str, to: str | os.PathLike[str], output: str) -> Flow[Path]:
        """An output lies at `to`, or in that folder under its name."""
        found = yield from self._output(job, output)
        return (yield from self._saved(found, Path(to)))

    def download_all(self, job: str, folder: str | os.PathLike[str]) -> Flow[dict[str, Path]]:
        """All outputs lie in the folder, which is made if need be: name -> path."""
        record = yield from self.job(job)
        if not record.outputs:
            raise self._without_output(record, "")
        target = Path(folder)
        yield Do(lambda: target.mkdir(parents=True, exist_ok=True))
        saved = {}
        for output in record.outputs:
            saved[output.name] = yield from self._saved(output, target)
        return saved

    def read(self, job: str, output: str) -> Flow[bytes]:
        """An output's content."""
        found = yield from self._output(job, output)
        memory = Memory()
        yield from self._fetched(found, memory)
        return bytes(memory.data)

    def result(self, job: str, to: str | os.PathLike[str] | None, timeout_s: float | None) -> Flow[tuple[Job, Any]]:
        """The completed job, and its main output where `to` says, else its content. Raises JobFailed, Timeout."""
        record = yield from self.wait(job, timeout_s)
        if record.status != "completed":
            raise failure(record)
        main = record.main_output
        if main is None:
            return record, b""
        if to is not None:
            return record, (yield from self._saved(main, Path(to)))
        memory = Memory()
        yield from self._fetched(main, memory)
        return record, bytes(memory.data)

    # The server.

    def models(self, feature: str = "") -> Flow[Models]:
        """Who can be asked."""
        return Models((yield from self.ask("GET", f"{API}/models{query(feature=feature)}")))

    def model(self, name: str) -> Flow[Model]:
        """One of them."""
        return Model((yield from self.ask("GET", f"{API}/models/{quoted(name)}")))

    def features(self) -> Flow[Features]:
        """What can be asked for."""
        return Features((yield from self.ask("GET", f"{API}/features")))

    def health(self) -> Flow[Record]:
        """How the server is, at once: nothing is tried again."""
        answer: Answer = yield Send(Request("GET", "/health"))
        self.was_heard = True
        if error := refused(answer):
            raise error
        return Record(json_of(answer, self.address))

    def status(self) -> Flow[Record]:
        """Brokers, devices, resident models, queue."""
        return Record((yield from self.ask("GET", f"{API}/system/status")))

    # Who asks.

    def login(self, username: str, password: str) -> Flow[str]:
        """A token, which is used from now on."""
        told = yield from self.ask("POST", f"{API}/users/login", {"username": username, "password": password})
        token = str(told["token"])
        self.headers = {"Authorization": f"Bearer {token}"}
        return token

    def whoami(self) -> Flow[Record]:
        """Who this is to the server."""
        return Record((yield from self.ask("GET", f"{API}/session")))

    # Operators.

    def workers(self) -> Flow[Workers]:
        """Every worker."""
        return Workers((yield from self.ask("GET", f"{API}/workers")))

    def worker(self, name: str) -> Flow[Worker]:
        """One worker."""
        return Worker((yield from self.ask("GET", f"{API}/workers/{quoted(name)}")))

    def queue(self, asked: Mapping[str, Any]) -> Flow[Record]:
        """Everybody's waiting jobs."""
        return Record((yield from self.ask("GET", f"{API}/system/queue{query(**asked)}")))

    def change_worker(self, name: str, action: str) -> Flow[Begun]:
        """`action` is drain, resume or forget."""
        path = f"{API}/workers/{quoted(name)}"
        if action == "forget":
            return Begun((yield from self.ask("DELETE", path)))
        return Begun((yield from self.ask("POST", f"{path}/{action}", {}, may_repeat=True)))

    def control(self, action: str, model: str, worker: str) -> Flow[Begun]:
        """`action` is load, unload, pin or unpin."""
        path = f"{API}/models/{quoted(model)}/{quoted(action)}"
        return Begun((yield from self.ask("POST", path, {"worker": worker}, may_repeat=True)))

    def reload(self) -> Flow[Record]:
        """What changed in the catalogue; reading it may take two minutes."""
        path = f"{API}/system/reload"
        return Record((yield from self.ask("POST", path, {}, may_repeat=True, patience_s=120)))

    # One request.

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        may_repeat: bool | None = None,
        patience_s: float = 0.0,
        retry_s: float | None = None,
    ) -> Flow[dict[str, Any]]:
        """The JSON object that a request is answered with; reading is repeated by itself, the rest if it may be."""
        sent = {**(headers or {}), **({} if body is None else {"Content-Type": "application/json"})}
        data = None if body is None else json_body(body)
        repeat = method == "GET" if may_repeat is None else may_repeat
        answer = yield from self._answer(Request(method, path, sent, data, repeat, patience_s), retry_s)
        return json_of(answer, self.address)

    def _answer(self, request: Request, retry_s: float | None = None) -> Flow[Answer]:
        """A good answer, after as many tries as the budget allows."""
        tries = yield from self._tries(may_repeat=request.may_repeat, retry_s=retry_s)
        while True:
            try:
                answer: Answer = yield Send(request)
                self.was_heard = True
                error: ClientError | None = refused(answer)
            except ServerAway as away:
                error = away
            if error is None:
                return answer
            yield from self._pause(tries, error)

    def _tries(self, *, may_repeat: bool, retry_s: float | None = None) -> Flow[Retrying]:
        now: float = yield Clock()
        budget_s = self._retry_s if retry_s is None else retry_s
        # Chance spreads clients, it hides nothing.
        chance = random.random
        return Retrying(budget_s, now, may_repeat=may_repeat, was_heard=self.was_heard, chance=chance)

    def _pause(self, tries: Retrying, error: ClientError) -> Flow[None]:
        now: float = yield Clock()
        pause_s = tries.pause_s(error, now)
        if pause_s is None:
            raise error
        yield Pause(pause_s, error)

    # Parts of the above.

    def _known_inputs(self, feature: str, model: str) -> Flow[dict[str, Any]]:
        """The inputs of a model, or of a feature's default one, and the formats of each; asked for once."""
        if not self._inputs.get(model or feature):
            if model:
                described = yield from self.model(model)
                self._inputs[model] = {**described.inputs, **described.optional_inputs}
            else:
                for one in (yield from self.features()).features:
                    self._inputs[one.name] = {**one.inputs, **one.optional_inputs}
        return self._inputs.get(model or feature, {})

    def _completed(self, job: str) -> Flow[Job]:
        """The job once it has a result. Raises JobFailed."""
        ended = yield from self.wait(job, None)
        if ended.status != "completed":
            raise failure(ended)
        return ended

    def _output(self, job: str, output: str) -> Flow[Output]:
        record = yield from self.job(job)
        found = next((one for one in record.outputs if output in (one.name, one.role)), None)
        if found is None and output == "model":
            found = record.main_output
        if found is None:
            raise self._without_output(record, output)
        return found

    @staticmethod
    def _without_output(job: Job, output: str) -> ClientError:
        if job.status not in FINAL:
            return ClientError(f"job {job.id} is not finished yet; follow it with: aigc watch {job.id}")
        if job.status != "completed":
            return failure(job)
        names = ", ".join(one.name for one in job.outputs) or "none"
        return BadInput(f"job {job.id} has no output {output}; it has {names}")

    def _saved(self, output: Output, target: Path) -> Flow[Path]:
        is_folder = yield Do(target.is_dir)
        partial = Partial(target / own_name(output.name) if is_folder else target)
        try:
            yield from self._fetched(output, partial)
            kept: Path = yield Do(lambda: partial.keep(output))
        finally:
            partial.discard()
        return kept

    def _fetched(self, output: Output, sink: Memory | Partial) -> Flow[None]:
        """All of it is in the sink; where it breaks off it goes on, as long as something comes within the budget."""
        path = below(self.address, output.url)
        tries = yield from self._tries(may_repeat=True)
        while True:
            had = sink.size
            resumed = {"Range": f"bytes={had}-"} if had else {}
            try:
                answer: Answer = yield Receive(Request("GET", path, resumed, may_repeat=True), sink)
                self.was_heard = True
                error: ClientError | None = refused(answer)
            except ServerAway as away:
                error = away
            if error is None and sink.size == output.size:
                return
            if sink.size > had:
                tries = yield from self._tries(may_repeat=True)
            yield from self._pause(
                tries, error or ServerAway(f"the download from {self.address.url} broke off; try again")
            )


def own_name(name: str) -> str:
    """The last part of a file's name as a server tells it, which does not say in which folder of ours the file lies."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    last = "".join(char if char.isprintable() else "_" for char in last)  # else a terminal would obey whoever lists it
    return last if last not in ("", ".", "..") else "output"


def job_id(job: Any) -> str:
    """The id of a job that is named by it, by its record or by its handle."""
    return str(job if isinstance(job, str) else job["id"])
