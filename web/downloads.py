"""Files of jobs, to be fetched by clients: results, thumbnails, previews and what was put in."""

import asyncio
import base64
import contextlib
import time
from dataclasses import replace
from typing import Any

import msgspec
from aiohttp import web

from aigc.core.errors import InputInvalid, NotFound
from aigc.core.ids import AssetKey, JobId
from aigc.core.job import Input, Job, Output, Status
from web import urls
from web.compat_errors import legacy
from web.delivery import Content, deliver, whole
from web.gateway import Gateway
from web.problem import problem
from web.requests import request_id_of, viewer_of
from web.sniff import BY_SUFFIX
from web.views import rfc3339

BASE64_BYTES = 32 << 20
"""Larger files are not told as base64: the text would be held whole, several times."""


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """All routes that send files of jobs. A last path segment may be added to the old ones, so that a URL ends in the
    suffix of what it leads to."""
    downloads = Downloads(gateway)
    job, old = f"{urls.JOBS}/{{id}}", f"{urls.API}/system/jobs/{{id}}"
    legacy_routes = [
        web.get(f"{old}/{name}{tail}", legacy(handler))
        for name, handler in (
            ("download", downloads.old_download),
            ("thumbnail", downloads.old_thumbnail),
            ("input", downloads.old_input),
        )
        for tail in ("", "/{alias}")
    ]
    return [
        web.get(f"{job}/outputs/{{name}}", downloads.output),
        web.get(f"{job}/thumbnail", downloads.thumbnail),
        web.get(f"{job}/preview", downloads.preview),
        web.get(f"{job}/inputs/{{name}}", downloads.input),
        *legacy_routes,
    ]


class Downloads:
    """Handlers of the download routes."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._assets = gateway.assets
        self._encodings = asyncio.Semaphore(2)

    async def output(self, request: web.Request) -> web.StreamResponse:
        """One file of the result, by its name."""
        job = await self._job(request)
        wanted = request.match_info["name"]
        output = next((one for one in job.outputs if one.name == wanted), None)
        if output is None:
            names = ", ".join(one.name for one in job.outputs) or "none yet"
            raise NotFound(f"the job has no output {wanted[:60]!r}", suggestion=f"its outputs are: {names}")
        return await deliver(request, self._assets, of_output(job, output))

    async def thumbnail(self, request: web.Request) -> web.StreamResponse:
        """The job's picture."""
        job = await self._job(request)
        return await deliver(request, self._assets, of_output(job, _thumbnail(job)))

    async def preview(self, request: web.Request) -> web.StreamResponse:
        """The latest picture of a running job; 204 while there is none.

        A picture goes when its job ends, perhaps between a client's reading of its address and its asking for it: no
        fault of the client's, and so no 404, which browsers report as one.
        """
        job = await self._job(request)
        with contextlib.suppress(NotFound):
            if job.progress.preview is not None:
                return await deliver(request, self._assets, await self._stored(job.progress.preview, ""))
        return web.Response(status=204, headers={"Cache-Control": "no-store"})

    async def input(self, request: web.Request) -> web.StreamResponse:
        """One file that was put in, by the input's name."""
        job = await self._job(request)
        given = job.inputs.get(request.match_info["name"])
        if given is None or given.asset is None:
            names = ", ".join(name for name, one in job.inputs.items() if one.asset) or "none"
            raise NotFound("the job has no such input file", suggestion=f"its input files are: {names}")
        return await deliver(request, self._assets, await self._stored(given.asset, given.filename))

    async def old_download(self, request: web.Request) -> web.StreamResponse:
        """The main result of a completed job, as a file or as base64."""
        job = await self._job(request)
        _completed(job)
        output = job.main_output
        if output is None:
            raise NotFound(f"job {job.id} has no result file; it may have been deleted")
        content = replace(of_output(job, output), content_type=old_type(output))
        content = _renamed(request, content, f"result_{job.id}")
        headers = {"X-Generation-Time": f"{job.timings.running_s:.3f}"}
        return await self._old(request, job, content, headers, {"generation_info": job.info})

    async def old_thumbnail(self, request: web.Request) -> web.StreamResponse:
        """The picture of a completed job, as a file or as base64."""
        job = await self._job(request)
        _completed(job)
        content = _renamed(request, of_output(job, _thumbnail(job)), f"thumbnail_{job.id}")
        return await self._old(request, job, content, {"X-Thumbnail-Generated": "true"}, {"generation_info": job.info})

    async def old_input(self, request: web.Request) -> web.StreamResponse:
        """The picture that was put in, as a file or as base64; in any state of the job."""
        job = await self._job(request)
        given = input_picture(job)
        if given is None or given.asset is None:
            raise NotFound(f"job {job.id} has no input picture")
        content = _renamed(request, await self._stored(given.asset, given.filename), f"input_{job.id}")
        return await self._old(request, job, content, {}, {})

    async def _old(
        self, request: web.Request, job: Job, content: Content, headers: dict[str, str], more: dict[str, Any]
    ) -> web.StreamResponse:
        form = request.query.get("format", "file")
        if form == "base64":
            return await self._encoded(request, job, content, more)
        if form != "file":
            raise InputInvalid(f"format {form[:40]!r} is not known", suggestion="use file or base64")
        named = {"X-Job-ID": job.id, "X-File-Size": str(content.bytes), **headers}
        return await deliver(request, self._assets, content, named)

    async def _encoded(
        self, request: web.Request, job: Job, content: Content, more: dict[str, Any]
    ) -> web.StreamResponse:
        if content.bytes > BASE64_BYTES:
            raise InputInvalid(
                f"the file has {content.bytes >> 20} MB; at most {BASE64_BYTES >> 20} MB are sent as base64",
                suggestion="fetch it with format=file",
                code="too_large",
            )
        body = {
            "job_id": job.id,
            "filename": content.filename,
            "content_type": content.content_type,
            "file_size_mb": round(content.bytes / (1 << 20), 2),
            **more,
            "download_time": rfc3339(time.time()),
        }
        async with self._encodings:
            raw = await whole(self._assets, content)
            if raw is None:
                detail = "the stored file is not as long as it was when it was made; it is not sent"
                return problem(500, "asset_damaged", detail, request_id_of(request))
            text = await asyncio.to_thread(_data_url, body, content.content_type, raw)
        return web.Response(body=text, content_type="application/json", headers={"Cache-Control": "no-store"})

    async def _job(self, request: web.Request) -> Job:
        return await self._gateway.get(JobId(request.match_info["id"]), viewer_of(request))

    async def _stored(self, key: AssetKey, filename: str) -> Content:
        """A file that the record names by its key alone."""
        asset = await self._assets.stat(key)
        if asset is None:
            raise NotFound("the file is gone; it may have expired", suggestion="send it again")
        name = filename or asset.filename or key.rsplit("/", 1)[-1]
        return Content(key, name, asset.content_type, asset.bytes, asset.sha256, asset.created_at)


def of_output(job: Job, output: Output) -> Content:
    """What is to be sent for one file of a job's result."""
    modified = job.finished_at or job.created_at
    return Content(output.asset, output.name, output.content_type, output.bytes, output.sha256, modified)


def old_type(output: Output) -> str:
    """The content type that existing clients expect: some tell the format of a result by it."""
    return BY_SUFFIX[output.format].content_type if output.format in BY_SUFFIX else output.content_type


def input_picture(job: Job) -> Input | None:
    """The picture that the job was made from, if it was."""
    pictures = [one for one in job.inputs.values() if one.asset and one.content_type.startswith("image/")]
    return job.inputs.get("image") or next(iter(pictures), None)


def _thumbnail(job: Job) -> Output:
    found = next((one for one in job.outputs if one.role == "thumbnail"), None)
    if found is None:
        raise NotFound(f"job {job.id} has no thumbnail", suggestion="a model makes one when it has finished")
    return found


def _completed(job: Job) -> None:
    if job.status is not Status.COMPLETED:
        raise InputInvalid(f"Job {job.id} is not completed. Current status: {job.status.value}", code="not_completed")


def _renamed(request: web.Request, content: Content, prefix: str) -> Content:
    name = request.query.get("filename") or f"{prefix}_{content.filename}"
    return replace(content, filename=name)


def _data_url(body: dict[str, Any], content_type: str, raw: bytes) -> bytes:
    text = base64.b64encode(raw).decode()
    return msgspec.json.encode({**body, "base64_data": f"data:{content_type};base64,{text}"})
