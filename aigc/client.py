"""A Python client of the server, in the standard library alone: it starts fast and runs inside any host program.

client = Client("http://127.0.0.1:7842")
job = client.submit("image_to_textured_mesh", files={"image": Path("cat.png")}, params={"seed": 7})
for event in client.events(job["id"]):
    print(event)
client.download(job["id"], Path("cat.glb"))
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

DEFAULT_URL = "http://127.0.0.1:7842"
FINAL = frozenset({"completed", "failed", "cancelled"})
CHUNK = 1 << 18


class ClientError(Exception):
    """Base of what this client raises."""


class Unreachable(ClientError):
    """No server answers at the address."""


class Refused(ClientError):
    """The server answered with an error; holds its parts, and says what to do where the server says so."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code", ""))
        self.retry_after_s = cast("float | None", problem.get("retry_after_s"))
        parts = [str(problem.get("detail") or problem.get("message") or f"HTTP {status}")]
        for error in problem.get("errors", ()):
            line = f"{error.get('pointer', '')}: {error.get('detail', '')}"
            if line not in parts[0]:
                parts.append(line)
        if problem.get("suggestion") and problem["suggestion"] not in parts[0]:
            parts.append(str(problem["suggestion"]))
        super().__init__("\n".join(parts))


class Client:
    """Speaks to one server. Every method raises `Unreachable` or `Refused`.

    Args:
        url: where the server listens; default: `AIGC_URL`, else this machine.
        timeout_s: how long the server may stay silent.
    """

    def __init__(self, url: str | None = None, *, timeout_s: float = 60.0) -> None:
        self.url = (url or os.environ.get("AIGC_URL") or DEFAULT_URL).rstrip("/")
        try:
            parts = urllib.parse.urlsplit(self.url)
            host, self._port = parts.hostname, parts.port
        except ValueError:
            host = None
        if host is None or parts.scheme not in ("http", "https"):
            raise ClientError(f"{self.url} is not an address of a server; write http://HOST:PORT")
        self._host = host
        self._base = parts.path
        self._secure = parts.scheme == "https"
        self._timeout_s = timeout_s

    # Jobs.

    def submit(
        self,
        feature: str,
        *,
        model: str = "",
        text: str = "",
        files: Mapping[str, str | Path] | None = None,
        inputs: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        output_format: str = "",
        priority: int | None = None,
        tags: tuple[str, ...] = (),
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """The accepted job. Files are uploaded first; `text` is the input of that name.

        The request carries an idempotency key, so that calling again with the same key after a lost answer is safe.
        """
        named: dict[str, Any] = dict(inputs or {})
        if text:
            named["text"] = {"text": text}
        for name, path in (files or {}).items():
            named[name] = {"upload": self.upload(path)["file_id"]}
        body: dict[str, Any] = {"feature": feature, "inputs": named, "params": dict(params or {})}
        optional = {"model": model, "output_format": output_format, "priority": priority, "tags": list(tags)}
        body |= {key: value for key, value in optional.items() if value not in ("", None, [])}
        headers = {"Idempotency-Key": idempotency_key or secrets.token_hex(16)}
        return self._json("POST", "/api/v1/jobs", body, headers)

    def job(self, job: str, *, wait_s: float = 0) -> dict[str, Any]:
        """The job now, or when it is final but at most `wait_s` (60) later."""
        query = f"?wait={min(wait_s, 60):g}" if wait_s else ""
        return self._json("GET", f"/api/v1/jobs/{_quoted(job)}{query}")

    def jobs(self, **query: Any) -> dict[str, Any]:
        """One page of jobs, newest first; `status`, `feature`, `tag`, `limit`, `cursor`."""
        return self._json("GET", "/api/v1/jobs?" + urllib.parse.urlencode({k: v for k, v in query.items() if v}))

    def cancel(self, job: str) -> dict[str, Any]:
        """The job after its end was asked for."""
        return self._json("POST", f"/api/v1/jobs/{_quoted(job)}/cancel", {})

    def delete(self, job: str) -> dict[str, Any]:
        """Remove a finished job and its files."""
        return self._json("DELETE", f"/api/v1/jobs/{_quoted(job)}")

    def events(self, job: str, *, since: int = 0, patience_s: float = 60.0) -> Iterator[dict[str, Any]]:
        """Everything that happens to a job until it is final: `{"type", "seq"?, "data"}`.

        A broken stream is taken up again after the last event that was seen, for at most `patience_s` of silence.
        """
        last = since
        broken_at = None
        while True:
            try:
                for event in self._stream(job, last):
                    broken_at = None
                    last = event.get("seq") or last
                    yield event
                    if event["type"].removeprefix("job.") in FINAL:
                        return
                status = self.job(job)["status"]
                if status in FINAL:
                    return
            except Unreachable:
                broken_at = broken_at or time.monotonic()
                if time.monotonic() - broken_at > patience_s:
                    raise
            time.sleep(0.5)

    def wait(self, job: str) -> dict[str, Any]:
        """The job when it is final."""
        while True:
            record = self.job(job, wait_s=30)
            if record["status"] in FINAL:
                return record

    # Files.

    def upload(self, path: str | Path) -> dict[str, Any]:
        """Send a file; the answer holds its `file_id`."""
        source = Path(path)
        query = urllib.parse.urlencode({"filename": source.name}, errors="replace")
        size = source.stat().st_size
        with source.open("rb") as file:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            return self._read(self._send("PUT", f"/api/v1/uploads?{query}", file, headers))

    def download(self, job: str, to: str | Path, *, output: str = "model") -> Path:
        """Save an output (by its name or role) of a finished job; returns where it lies. Never leaves half a file."""
        record = self.job(job)
        found = next((out for out in record.get("outputs", ()) if output in (out["name"], out["role"])), None)
        if found is None:
            if record["status"] not in FINAL:
                raise ClientError(f"job {job} is not finished yet; follow it with: aigc watch {job}")
            names = ", ".join(out["name"] for out in record.get("outputs", ())) or "none"
            raise ClientError(f"job {job} ({record['status']}) has no output {output}; it has {names}")
        target = Path(to)
        if target.is_dir():
            target /= found["name"]
        partial = target.with_name(f".{target.name}.part")
        answer = self._send("GET", found["url"] if found["url"].startswith("/") else _path_of(found["url"]))
        try:
            with answer, partial.open("wb") as file:
                for chunk in self._chunks(answer):
                    file.write(chunk)
            if partial.stat().st_size != found["bytes"]:
                raise Unreachable(f"the download from {self.url} broke off; try again")
            partial.replace(target)
        except OSError as error:
            raise ClientError(f"{target} cannot be written: {error.strerror}") from None
        finally:
            partial.unlink(missing_ok=True)
        return target

    # The server.

    def models(self) -> dict[str, Any]:
        """The models that can be asked for."""
        return self._json("GET", "/api/v1/models")

    def model(self, name: str) -> dict[str, Any]:
        """One model with its parameters' schema."""
        return self._json("GET", f"/api/v1/models/{_quoted(name)}")

    def features(self) -> dict[str, Any]:
        """What can be asked for."""
        return self._json("GET", "/api/v1/features")

    def health(self) -> dict[str, Any]:
        """Answers as soon as the server is up."""
        return self._json("GET", "/health")

    def system(self) -> dict[str, Any]:
        """Devices, resident models, queue."""
        return self._json("GET", "/api/v1/system/status")

    # Operators.

    def workers(self) -> dict[str, Any]:
        """Every worker with its device, its runners and what it works on."""
        return self._json("GET", "/api/v1/workers")

    def worker(self, name: str) -> dict[str, Any]:
        """One worker."""
        return self._json("GET", f"/api/v1/workers/{_quoted(name)}")

    def drain(self, worker: str) -> dict[str, Any]:
        """What was begun so that the worker takes no more jobs."""
        return self._json("POST", f"/api/v1/workers/{_quoted(worker)}/drain", {})

    def resume(self, worker: str) -> dict[str, Any]:
        """What was begun so that the worker takes jobs again."""
        return self._json("POST", f"/api/v1/workers/{_quoted(worker)}/resume", {})

    def forget(self, worker: str) -> dict[str, Any]:
        """A worker that was lost is shown no more."""
        return self._json("DELETE", f"/api/v1/workers/{_quoted(worker)}")

    def control(self, action: str, model: str, worker: str = "") -> dict[str, Any]:
        """What was begun for a model, and where; `action` is load, unload, pin or unpin."""
        return self._json("POST", f"/api/v1/models/{_quoted(model)}/{_quoted(action)}", {"worker": worker})

    def reload(self) -> dict[str, Any]:
        """What changed in the catalogue when the broker read its files again."""
        return self._json("POST", "/api/v1/system/reload", {})

    # The wire.

    def _json(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        sent = {**(headers or {}), **({} if data is None else {"Content-Type": "application/json"})}
        return self._read(self._send(method, path, data, sent))

    def _read(self, answer: http.client.HTTPResponse) -> dict[str, Any]:
        with answer:
            body = b"".join(self._chunks(answer))
        try:
            value = json.loads(body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ClientError(f"what answers at {self.url} is another program; check the address")
        return value

    def _chunks(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            while chunk := answer.read(CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"the answer of {self.url} broke off ({error}); try again") from None

    def _send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s, blocksize=CHUNK)
        try:
            # With this the answer owns the socket, and closes it when it has been read.
            sent = {"Connection": "close", **(headers or {})}
            connection.request(method, self._base + path, body=body, headers=sent)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unreachable(f"no server answers at {self.url} ({error}); start one with: aigc serve") from None
        if answer.status >= 400:
            with answer:
                raise Refused(answer.status, _problem(b"".join(self._chunks(answer))))
        return answer

    def _stream(self, job: str, since: int) -> Iterator[dict[str, Any]]:
        path = f"/api/v1/jobs/{_quoted(job)}/events" + (f"?since={since}" if since else "")
        answer = self._send("GET", path, headers={"Accept": "text/event-stream"})
        data: list[str] = []
        try:
            for raw in answer:
                line = raw.decode().rstrip("\r\n")
                if line.startswith("data:"):
                    data.append(line[5:].lstrip())
                elif not line and data:
                    yield json.loads("\n".join(data))
                    data = []
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"the stream from {self.url} broke off ({error})") from None
        finally:
            answer.close()


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def _path_of(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _problem(body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {"detail": body[:500].decode(errors="replace")}
    return problem if isinstance(problem, dict) else {"detail": str(problem)}
