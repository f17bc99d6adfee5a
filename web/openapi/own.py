"""Our own API, route by route: who reads a line here finds what may be sent and what comes back."""

from __future__ import annotations

from aigc.core.job import Status
from web.control import ACTIONS, Where
from web.jobs import PAGE_LIMIT, WAIT_LIMIT_S, MoveRequest, RetryRequest
from web.openapi import people, shapes
from web.openapi.operation import Answer, Operation, Query
from web.queue import ORDERS, Ending
from web.queue import PAGE_LIMIT as QUEUE_LIMIT

JOBS, FILES, MODELS, UPLOADS, EVENTS, OPERATING = "Jobs", "Results", "Models", "Uploads", "Events", "Operating"
TAGS = {
    JOBS: "Ask for a mesh, follow it, cancel it.",
    FILES: "What a job has made; by range and by ETag.",
    MODELS: "What can be asked for.",
    UPLOADS: "Files to be used as inputs; they are kept for a day.",
    EVENTS: "What happens, as it happens.",
    OPERATING: "Devices, workers, health.",
    people.TAG: people.ABOUT,
}

_WAIT = Query("wait", {"type": "number"}, f"Seconds to wait for the job's end, at most {WAIT_LIMIT_S:g}.")
_PREFER = Query("Prefer", {"type": "string"}, "`wait=N` (RFC 7240) is another way to say `?wait=N`.", "header")
_KEY = Query(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
    "A second request with the same key and body gets the first one's job; with another body 422.",
    "header",
)
_INSTANT = {"type": "string"}
_FILE = {"type": "string", "format": "binary"}
_NEXT = {name: {"id": "$response.body#/id"} for name in ("getJob", "cancelJob", "deleteJob")}
_JOB = Answer("The job.", shapes.Job)
_BEGUN = {200: Answer("All is so already.", shapes.Begun), 202: Answer("It was begun.", shapes.Begun)}
_ACCEPTED = {
    200: Answer("The job was finished in the time that the client waits.", shapes.Job, links=_NEXT),
    202: Answer("The job is accepted, durably; `Location` names it.", shapes.Job, links=_NEXT),
}
_RANGE = Query("Range", {"type": "string"}, "Part of the file: `bytes=0-1023`.", "header")
_SENT = {
    200: Answer("The file.", _FILE, "*/*"),
    206: Answer("The part that was asked for.", _FILE, "*/*"),
    304: Answer("The client has it already (`If-None-Match`, `If-Modified-Since`)."),
}

OPERATIONS: dict[str, Operation] = {
    "POST /api/v1/jobs": Operation(
        "createJob", JOBS, _ACCEPTED, (_WAIT, _PREFER, _KEY), errors=(409, 413, 415, 422, 429, 503)
    ),
    "GET /api/v1/jobs": Operation(
        "listJobs",
        JOBS,
        {200: Answer("A page; `Link: rel=next` and `next_cursor` lead to the next.", shapes.Jobs)},
        (
            Query("status", {"type": "string", "enum": list(Status)}, "Only jobs with this status."),
            Query("feature", {"type": "string"}, "Only jobs of this feature."),
            Query("tag", {"type": "string"}, "Only jobs with this tag."),
            Query(
                "words",
                {"type": "string"},
                "Only jobs in whose prompt, files, name, model, feature, formats or tags all these words are. A page "
                "may then hold few jobs, or none, and still have a `next_cursor`; its `total` is null.",
            ),
            Query("created_after", _INSTANT, "RFC 3339, or seconds since 1970."),
            Query("created_before", _INSTANT, "RFC 3339, or seconds since 1970."),
            Query("limit", {"type": "number", "default": 50}, f"Jobs in a page, 1 to {PAGE_LIMIT}."),
            Query("cursor", {"type": "string"}, "`next_cursor` of the page before."),
        ),
        errors=(422, 503),
    ),
    "GET /api/v1/jobs/{id}": Operation("getJob", JOBS, {200: _JOB}, (_WAIT, _PREFER), errors=(404, 422)),
    "PATCH /api/v1/jobs/{id}": Operation(
        "moveJob", JOBS, {200: _JOB}, body=MoveRequest, errors=(404, 409, 415, 422, 503), example={"priority": 9}
    ),
    "DELETE /api/v1/jobs/{id}": Operation(
        "deleteJob", JOBS, {200: Answer("The job as it was.", shapes.Job)}, errors=(404, 409, 503)
    ),
    "POST /api/v1/jobs/{id}/cancel": Operation(
        "cancelJob",
        JOBS,
        {
            200: Answer("It has ended.", shapes.Job),
            202: Answer("It will stop; at once, or when a broker leads again.", shapes.Job),
        },
        errors=(404, 503),
    ),
    "POST /api/v1/jobs/{id}/retry": Operation(
        "retryJob",
        JOBS,
        _ACCEPTED,
        (_WAIT, _PREFER),
        body=RetryRequest,
        body_optional=True,
        errors=(404, 409, 415, 422, 429, 503),
        example={"seed": 7},
    ),
    "GET /api/v1/jobs/{id}/evidence": Operation(
        "getEvidence", JOBS, {200: Answer("One file with all of it.", shapes.Evidence)}, errors=(404, 503)
    ),
    "GET /api/v1/jobs/{id}/events": Operation(
        "followJob",
        EVENTS,
        {
            200: Answer("Server-sent events until the job is finished.", {}, "text/event-stream"),
            204: Answer("The reader has heard the last event already."),
        },
        (Query("Last-Event-ID", {"type": "string"}, "Events after this one; `?since=` says the same.", "header"),),
        errors=(404, 422),
    ),
    "GET /api/v1/events": Operation(
        "watch",
        EVENTS,
        {
            101: Answer(
                "A WebSocket for any number of jobs; web/events.py tells its messages. Who comes back says `after`."
            )
        },
        errors=(400, 403),
    ),
    "GET /api/v1/jobs/{id}/outputs/{name}": Operation("getOutput", FILES, _SENT, (_RANGE,), errors=(404, 416)),
    "GET /api/v1/jobs/{id}/inputs/{name}": Operation("getInput", FILES, _SENT, (_RANGE,), errors=(404, 416)),
    "GET /api/v1/jobs/{id}/thumbnail": Operation("getThumbnail", FILES, _SENT, (_RANGE,), errors=(404, 416)),
    "GET /api/v1/jobs/{id}/preview": Operation(
        "getPreview",
        FILES,
        {**_SENT, 204: Answer("The job has no picture now: not every model sends one, and it goes when the job ends.")},
        (_RANGE,),
        errors=(404, 416),
    ),
    "GET /api/v1/features": Operation("listFeatures", MODELS, {200: Answer("All features.", shapes.Features)}),
    "GET /api/v1/models": Operation(
        "listModels",
        MODELS,
        {200: Answer("All models, or those of one feature.", shapes.Models)},
        (Query("feature", {"type": "string"}, "Only models of this feature."),),
    ),
    "GET /api/v1/models/{id}": Operation("getModel", MODELS, {200: Answer("The model.", shapes.Model)}, errors=(404,)),
    "POST /api/v1/models/{id}/{action}": Operation(
        "controlModel",
        OPERATING,
        _BEGUN,
        body=Where,
        body_optional=True,
        errors=(404, 409, 415, 422, 503),
        example={"worker": "cpu-0"},
    ),
    "GET /api/v1/workers": Operation(
        "listWorkers", OPERATING, {200: Answer("All workers.", shapes.Workers)}, errors=(503,)
    ),
    "GET /api/v1/workers/{id}": Operation(
        "getWorker", OPERATING, {200: Answer("The worker.", shapes.Worker)}, errors=(404, 503)
    ),
    "DELETE /api/v1/workers/{id}": Operation("forgetWorker", OPERATING, _BEGUN, errors=(404, 409, 503)),
    "POST /api/v1/workers/{id}/drain": Operation("drainWorker", OPERATING, _BEGUN, errors=(404, 409, 503)),
    "DELETE /api/v1/workers/{id}/drain": Operation("undrainWorker", OPERATING, _BEGUN, errors=(404, 409, 503)),
    "POST /api/v1/workers/{id}/resume": Operation("resumeWorker", OPERATING, _BEGUN, errors=(404, 409, 503)),
    "GET /api/v1/system/queue": Operation(
        "listQueue",
        OPERATING,
        {200: Answer("A page.", shapes.QueuePage)},
        (
            Query("owner", {"type": "string"}, "Only this one's; without it everybody's."),
            Query("model", {"type": "string"}, "Only jobs of this model."),
            Query("words", {"type": "string"}, "To be found in the name, id, owner, model or feature."),
            Query("order", {"type": "string", "enum": list(ORDERS), "default": "place"}, "Equal ones by age."),
            Query("reverse", {"type": "boolean", "default": False}, "The last first."),
            Query("offset", {"type": "number", "default": 0}, "So many are left out before the page."),
            Query("limit", {"type": "number", "default": 100}, f"Jobs in a page, 1 to {QUEUE_LIMIT}."),
        ),
        errors=(422, 503),
    ),
    "POST /api/v1/system/queue/cancel": Operation(
        "cancelOwnersJobs",
        OPERATING,
        {200: Answer("How many were ended or asked to end.", shapes.EndedJobs)},
        body=Ending,
        errors=(415, 422, 503),
        example={"owner": "nobody that there is", "waiting_only": True},
    ),
    "GET /api/v1/system/configuration": Operation(
        "getConfiguration", OPERATING, {200: Answer("All settings; secrets are hidden.", shapes.Configuration)}
    ),
    "POST /api/v1/system/reload": Operation(
        "reloadCatalogue", OPERATING, {200: Answer("What is new.", shapes.Reloaded)}, errors=(422, 503)
    ),
    "GET /health": Operation(
        "health", OPERATING, {200: Answer("Jobs are accepted and will be run.", shapes.Health)}, errors=(503,)
    ),
    "GET /ready": Operation(
        "ready",
        OPERATING,
        {200: Answer("Each part was tried and works.", shapes.Ready)},
        (Query("worker", {"type": "string", "enum": ["0", "1"]}, "1: a worker is needed too."),),
        errors=(422, 503),
    ),
    "GET /metrics": Operation(
        "metrics",
        OPERATING,
        {200: Answer("What is counted, in Prometheus' text format.", {"type": "string"}, "text/plain")},
    ),
    "POST /api/v1/uploads": Operation(
        "uploadForm",
        UPLOADS,
        {201: Answer("The file is kept.", shapes.Upload)},
        body={"type": "object", "properties": {"file": _FILE}, "required": ["file"]},
        body_media="multipart/form-data",
        errors=(400, 408, 413, 415, 422, 507),
    ),
    "PUT /api/v1/uploads": Operation(
        "upload",
        UPLOADS,
        {201: Answer("The file is kept.", shapes.Upload)},
        (Query("filename", {"type": "string"}, "Its ending says what it is."),),
        body=_FILE,
        body_media="application/octet-stream",
        errors=(400, 408, 413, 415, 422, 507),
    ),
    "GET /api/v1/uploads": Operation(
        "listUploads",
        UPLOADS,
        {200: Answer("Files, newest first.", shapes.Uploads)},
        (
            Query("file_type", {"type": "string"}, "`image` or `mesh`: only these."),
            Query("limit", {"type": "number", "default": 100}, "At most so many, 1 to 1000."),
        ),
        errors=(422,),
    ),
    "GET /api/v1/uploads/{id}": Operation(
        "getUpload", UPLOADS, {200: Answer("What is known of it.", shapes.Upload)}, errors=(404,)
    ),
    "DELETE /api/v1/uploads/{id}": Operation(
        "deleteUpload", UPLOADS, {200: Answer("It is gone.", shapes.ForgottenUpload)}, errors=(404,)
    ),
    **people.OPERATIONS,
}
"""`METHOD path` -> what is to be known of it."""

CHOICES = {"action": list(ACTIONS)}
"""Path parameters that are one of a few words."""
