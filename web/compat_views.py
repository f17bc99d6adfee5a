"""A job in the words of existing clients. One key named `status`, whatever else a model or a person wrote into it."""

from typing import Any
from urllib.parse import quote

from aigc.core.job import Job, Output, Status
from web.downloads import input_picture, old_type
from web.signing import Sign, unsigned
from web.urls import API
from web.views import rfc3339

_BESIDE = ("num_parts", "segmentation_info", "segmentation_info_path")
"""What the models of the replaced server put beside `generation_info` instead of into it."""


def job_object(job: Job, origin: str, sign: Sign = unsigned) -> dict[str, Any]:
    """The job itself and its row in the history, which are the same object.

    Args:
        origin: `http://host:port`, put before URLs, because these clients open some of them as they are.
        sign: makes URLs of files that can be fetched, since these clients fetch them without saying who they are.
    """
    picture = input_picture(job)
    main, thumbnail = job.main_output, _thumbnail(job)
    is_complete = job.status is Status.COMPLETED
    found: dict[str, Any] = {
        "job_id": job.id,
        "feature": job.feature,
        "inputs": _inputs(job),
        "model_preference": job.model,
        "priority": job.priority,
        "status": job.status.value,
        "stage": job.stage.value,
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at),
        "completed_at": rfc3339(job.finished_at),
        "failed_at": rfc3339(job.finished_at) if job.status is Status.FAILED else None,
        "processing_time": round(job.timings.running_s, 3) if is_complete else None,
        "metadata": {"feature_type": job.feature},
        "user_id": job.owner or None,
        "timeout_seconds": None if job.deadline_at is None else round(job.deadline_at - job.created_at, 3),
        "progress": 1.0 if is_complete else job.progress.fraction,
        "assigned_model": job.model if job.attempt else None,
        "model_id": job.model,
        "retry_count": job.strikes,
        "max_retries": job.max_attempts,
        "last_retry_at": rfc3339(job.failures[-1].at) if job.failures else None,
        "retry_reason": job.failures[-1].message if job.failures else None,
        "error": _error(job),
        "result": _result(job, main, origin, sign) if is_complete else None,
        "mesh_url": origin + sign(download_url(job, main)) if is_complete and main else None,
        "thumbnail_url": origin + sign(thumbnail_url(job, thumbnail)) if is_complete and thumbnail else None,
        "input_image_url": origin + sign(input_url(job, picture.filename)) if picture else None,
        "output_mesh_path": main.name if is_complete and main else None,
    }
    if picture:
        found["input_image_file_info"] = file_info(picture.filename, picture.bytes, picture.content_type)
    return found


def info_object(job: Job, sign: Sign = unsigned) -> dict[str, Any]:
    """What is known of the result, also of one that was deleted; its URLs are relative here."""
    deleted = next((one for one in job.deleted if one.role == "model"), None)
    main, thumbnail = job.main_output or deleted, _thumbnail(job)
    if job.status is not Status.COMPLETED or main is None:
        message = f"Job has no result; current state: {job.status.value}"
        return {"job_id": job.id, "status": job.status.value, "has_result": False, "message": message}
    file: dict[str, Any] = {"file_exists": False, "error": "the file was deleted or has expired"}
    if main is not deleted:
        made = rfc3339(job.finished_at)
        file = {
            **file_info(main.name, main.bytes, old_type(main)),
            "file_extension": main.format,
            "created_time": made,
            "modified_time": made,
            "file_exists": True,
        }
    download = sign(download_url(job, main))
    picture = sign(thumbnail_url(job, thumbnail)) if thumbnail else ""
    return {
        "job_id": job.id,
        "status": job.status.value,
        "has_result": True,
        "created_at": rfc3339(job.created_at),
        "completed_at": rfc3339(job.finished_at),
        "processing_time": round(job.timings.running_s, 3),
        "file_info": file,
        "generation_info": without_status(job.info),
        "result_metadata": {"success": True, "warnings": job.warnings, "stats": without_status(main.stats)},
        "mesh_download_urls": _ways(download),
        "thumbnail_download_urls": _ways(picture) if picture else {},
    }


def download_url(job: Job, output: Output) -> str:
    """Where the result is; the path ends in its suffix, by which clients know its format."""
    return f"{API}/system/jobs/{job.id}/download/{quote(_with_suffix(output.name, output.format), safe='')}"


def thumbnail_url(job: Job, output: Output) -> str:
    """Where the picture of the result is."""
    return f"{API}/system/jobs/{job.id}/thumbnail/{quote(_with_suffix(output.name, output.format), safe='')}"


def input_url(job: Job, filename: str) -> str:
    """Where the picture is that was put in."""
    return f"{API}/system/jobs/{job.id}/input" + (f"/{quote(filename, safe='')}" if filename else "")


def file_info(filename: str, size: int, content_type: str) -> dict[str, Any]:
    """A file in the words of existing clients; the extension with its dot."""
    return {
        "filename": filename,
        "file_size_bytes": size,
        "file_size_mb": round(size / (1 << 20), 2),
        "content_type": content_type,
        "file_extension": "." + filename.rpartition(".")[2].lower() if "." in filename else "",
    }


def without_status(value: Any) -> Any:
    """The same without any key named `status`: scripts search for that key in the text of a job."""
    if isinstance(value, dict):
        return {name: without_status(one) for name, one in value.items() if name != "status"}
    if isinstance(value, list | tuple):
        return [without_status(one) for one in value]
    return value


def _inputs(job: Job) -> dict[str, Any]:
    """Texts and files under the names that they were sent with, then the parameters."""
    shown: dict[str, Any] = {}
    for name, given in job.inputs.items():
        if given.asset is None:
            shown["text_prompt" if name == "text" else name] = given.text
        elif given.asset.startswith("uploads/"):
            shown[f"{name}_file_id"] = given.asset.split("/")[1]
        else:
            shown[f"{name}_filename"] = given.filename
    return {**shown, **without_status(job.params)}


def _result(job: Job, main: Output | None, origin: str, sign: Sign) -> dict[str, Any]:
    thumbnail = _thumbnail(job)
    info = without_status(job.info)
    beside = {name: info[name] for name in _BESIDE if name in info}
    found: dict[str, Any] = {"success": True, "generation_info": info, **beside}
    if main:
        found |= {
            "output_mesh_path": main.name,
            "mesh_url": origin + sign(download_url(job, main)),
            "mesh_file_info": file_info(main.name, main.bytes, old_type(main)),
            "output_stats": without_status(main.stats),
        }
    if thumbnail:
        found |= {
            "thumbnail_path": thumbnail.name,
            "thumbnail_url": origin + sign(thumbnail_url(job, thumbnail)),
            "thumbnail_file_info": file_info(thumbnail.name, thumbnail.bytes, thumbnail.content_type),
        }
    return found


def _error(job: Job) -> str | None:
    if job.status is Status.CANCELLED:
        return job.cancel_reason or "cancelled"
    if job.failure is None:
        return None
    return f"{job.failure.message}. {job.failure.suggestion}" if job.failure.suggestion else job.failure.message


def _thumbnail(job: Job) -> Output | None:
    return next((one for one in job.outputs if one.role == "thumbnail"), None)


def _with_suffix(name: str, suffix: str) -> str:
    return name if name.lower().endswith(f".{suffix}") else f"{name}.{suffix}"


def _ways(url: str) -> dict[str, str]:
    joint = "&" if "?" in url else "?"
    return {"direct_download": url, "base64_download": f"{url}{joint}format=base64"}
