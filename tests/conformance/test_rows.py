"""Every method and path of the replaced server's own table, by its row: what it answers, and with which keys."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conformance.kit import SUBMITS, Replaced, Wire, model_of


@dataclass(frozen=True)
class Row:
    """One line of section 1.1.

    Args:
        number: of the row there.
        keys: that the body must have, `a.b` for one within another.
        status: the answer's.
        body: to send; the name of a feature stands for the least that is sent for a job of it.
    """

    number: int
    method: str
    path: str
    keys: str = ""
    status: int = 200
    body: Any = field(default=None, hash=False)

    def __str__(self) -> str:
        return f"row{self.number}-{self.method}-{self.path.strip('/').replace('/', '.') or 'root'}"


JOB = "job_id feature inputs model_preference priority status created_at metadata.feature_type user_id"
MORE = (
    "timeout_seconds progress assigned_model model_id started_at completed_at result error retry_count max_retries "
    "last_retry_at retry_reason processing_time mesh_url thumbnail_url output_mesh_path"
)
FILE = "filename file_size_bytes file_size_mb content_type file_extension"
UPLOAD = "file_id filename file_type file_size_mb upload_time expires_at"
FORMATS = "input_formats output_formats"
AVAILABLE = "available_models models_details"
INFO = (
    "job_id status has_result created_at completed_at processing_time generation_info result_metadata "
    "mesh_download_urls.direct_download mesh_download_urls.base64_download thumbnail_download_urls.direct_download "
    + " ".join(f"file_info.{key}" for key in f"{FILE} created_time modified_time file_exists".split())
)
ENCODED = "job_id filename content_type file_size_mb base64_data download_time"
JOBS = "system/jobs"

ROWS = [
    Row(1, "GET", "/", "name version description docs_url health_url"),
    Row(2, "GET", "/health", "status timestamp version"),
    Row(3, "GET", "/openapi.json", "openapi info.title info.version paths"),
    Row(4, "GET", "system/health", "status timestamp uptime"),
    Row(
        5,
        "GET",
        "system/auth-status",
        "user_auth_enabled api_key_required mode description features.job_isolation features.user_management "
        "features.role_based_access timestamp",
    ),
    Row(
        6,
        "GET",
        "system/info",
        "system.platform system.python_version system.cpu_count system.memory_total system.memory_available "
        "application.version application.environment application.debug",
    ),
    Row(
        7,
        "GET",
        "system/status",
        "timestamp system.cpu_usage system.memory.total system.memory.available system.memory.used "
        "system.memory.percent system.disk.total system.disk.free system.disk.used system.disk.percent gpu "
        "models.loaded models.available models.total_vram_used queue.pending_jobs queue.processing_jobs "
        "queue.completed_jobs",
    ),
    Row(8, "GET", "system/models", "available_models.auto_rig total_features total_models"),
    Row(8, "GET", "system/models?feature=auto_rig", "feature models"),
    Row(9, "GET", "system/features", "features total_features"),
    Row(
        10,
        "GET",
        f"system/models/{model_of('text_to_raw_mesh')}/parameters",
        "model_id feature_type vram_requirement schema.parameters.seed timestamp",
    ),
    Row(
        11,
        "GET",
        "system/scheduler-status",
        "scheduler.running scheduler.queue_status scheduler.gpu_status scheduler.models scheduler.features.auto_rig "
        "adapters_registered active_jobs queued_jobs completed_jobs",
    ),
    Row(
        12,
        "GET",
        f"{JOBS}/queue/stats",
        "success data.pending_jobs data.processing_jobs data.completed_jobs data.max_queue_size "
        "data.queue_utilization data.timestamp",
    ),
    Row(
        13,
        "GET",
        f"{JOBS}/history",
        "jobs pagination.limit pagination.offset pagination.total pagination.has_more filters.status filters.feature "
        "filters.start_date filters.end_date timestamp",
    ),
    Row(14, "GET", f"{JOBS}/{{job}}", f"{JOB} {MORE}"),
    Row(15, "GET", f"{JOBS}/{{job}}/info", INFO),
    Row(16, "GET", f"{JOBS}/{{job}}/download?format=base64", f"{ENCODED} generation_info"),
    Row(17, "GET", f"{JOBS}/{{job}}/thumbnail?format=base64", f"{ENCODED} generation_info"),
    Row(18, "GET", f"{JOBS}/{{pictured}}/input?format=base64", ENCODED),
    Row(19, "DELETE", f"{JOBS}/{{spare}}", "job_id message deleted job_info.status job_info.feature"),
    Row(20, "DELETE", f"{JOBS}/{{spare}}/result", "job_id message deleted freed_space_mb deleted_file"),
    Row(21, "GET", "system/adapters"),
    Row(21, "GET", "system/available-adapters"),
    Row(22, "GET", "system/supported-formats", f"{FORMATS} output_formats.download content_types.mesh.glb"),
    Row(23, "GET", "system/logs", "logs total_entries file available_files filters_applied"),
    Row(23, "GET", "system/logs/files", "files total_files"),
    Row(23, "GET", "system/logs/files/{log}", "filename logs total_entries file_info"),
    Row(23, "GET", "system/logs/config", "loggers available_levels logs_directory config_source"),
    Row(24, "DELETE", "system/logs/files/{old_log}", "message deleted_file"),
    Row(25, "POST", "system/logs/test?level=info&count=1"),
    Row(25, "PUT", "system/logs/level?level=info", "message logger_name old_level new_level"),
    Row(27, "POST", "file-upload/image", status=422),
    Row(27, "POST", "file-upload/mesh", status=422),
    Row(28, "GET", "file-upload/metadata/{image}", f"{UPLOAD} is_available"),
    Row(28, "GET", "file-upload/list", "files count total_files"),
    Row(28, "GET", "file-upload/supported-formats"),
    Row(29, "DELETE", "file-upload/{upload}", "file_id message filename"),
    *(
        Row(number, "POST", SUBMITS[feature][0], "job_id status message", body=feature)
        for number, feature in (
            (30, "text_to_raw_mesh"),
            (31, "text_to_textured_mesh"),
            (32, "text_mesh_painting"),
            (33, "image_to_raw_mesh"),
            (34, "image_to_textured_mesh"),
            (35, "image_mesh_painting"),
            (37, "text_mesh_editing"),
            (37, "image_mesh_editing"),
            (39, "auto_rig"),
            (41, "mesh_segmentation"),
            (43, "mesh_retopology"),
            (45, "uv_unwrapping"),
            (0, "part_completion"),  # no row: orig had it, and its clients still ask
        )
    ),
    Row(0, "POST", "auto-rig/generate-rig", "job_id status message", body="auto_rig"),
    Row(
        36,
        "GET",
        "mesh-generation/supported-formats",
        "input_formats.text input_formats.image input_formats.mesh input_formats.base64 output_formats.mesh "
        "output_formats.texture upload_limits.image_max_size_mb upload_limits.mesh_max_size_mb "
        "upload_limits.image_max_resolution",
    ),
    Row(38, "GET", "mesh-editing/supported-masks", "mask_types.bbox.name mask_types.ellipsoid.parameters constraints"),
    Row(40, "GET", "auto-rigging/supported-formats", FORMATS),
    Row(42, "GET", "mesh-segmentation/supported-formats", FORMATS),
    Row(44, "GET", "mesh-retopology/supported-formats", FORMATS),
    Row(44, "GET", "mesh-retopology/available-models", AVAILABLE),
    Row(46, "GET", "mesh-uv-unwrapping/supported-formats", FORMATS),
    Row(46, "GET", "mesh-uv-unwrapping/pack-methods", "pack_methods.blender.description"),
    Row(46, "GET", "mesh-uv-unwrapping/available-models", AVAILABLE),
    # Where nobody has to log in, section 1.6 says 503; with accounts they are asked in test_users.py.
    Row(47, "POST", "users/register", "detail", 503, {"username": "ada", "email": "a@b.example", "password": "secret"}),
    Row(47, "POST", "users/login", "detail", 503, {"username": "ada", "password": "secret"}),
    Row(48, "GET", "users/me", "detail", 503),
    Row(48, "PUT", "users/me/password", "detail", 503, {"old_password": "secret", "new_password": "secrets"}),
    Row(49, "GET", "users/tokens", "detail", 503),
    Row(49, "POST", "users/tokens", "detail", 503, {"token_name": "x"}),
    Row(49, "DELETE", "users/tokens/abcdefgh", "detail", 503),
    Row(50, "GET", "users/admin/users", "detail", 503),
    Row(50, "GET", "users/admin/users/user_0", "detail", 503),
    Row(50, "DELETE", "users/admin/users/user_0", "detail", 503),
]


END = Row(26, "POST", "system/shutdown")
"""Asked for in test_operators.py."""


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_answers(server: Replaced, row: Row) -> None:
    wire = server.wire
    submits = row.body in SUBMITS if isinstance(row.body, str) else False
    body = SUBMITS[row.body][1](server.files) if submits else row.body
    answer = wire(row.method, row.path.format_map(_Named(server)), body)
    assert answer.status == row.status, answer.raw
    assert not re.search(r"\s", re.sub(r'"(?:\\.|[^"\\])*"', "", answer.raw.decode()))  # rule 3: compact
    for key in row.keys.split():
        assert _has(answer.body, key), (key, answer.body)
    if submits:  # rule 1, section 1.2
        assert set(answer.body) == {"job_id", "status", "message"}
        assert answer.body["status"] == "queued"


class _Named(dict[str, str]):
    """What a path names, made when it is asked for."""

    def __init__(self, server: Replaced) -> None:
        self._server = server

    def __missing__(self, name: str) -> str:
        server = self._server
        match name:
            case "job":
                return server.done["mesh_segmentation"]
            case "pictured":
                return server.done["image_to_raw_mesh"]
            case "spare":
                job = server.submit_old("text_to_raw_mesh")
                return str(server.finished(job)["job_id"])
            case "upload":
                return str(
                    server.wire.post("file-upload/mesh", file=("a.obj", b"v 0 0 0\nv 1 0 0\nf 1 2 1\n"))["file_id"]
                )
            case "log":
                return str(server.wire.get("system/logs/files")["files"][0]["name"])
            case "old_log":
                (server.data / "logs" / "20260101T000000000000Z-web-1.jsonl").touch()
                return "20260101T000000000000Z-web-1.jsonl"
            case _:
                return server.files[name]


def _has(body: Any, key: str) -> bool:
    for step in key.split("."):
        if not isinstance(body, dict) or step not in body:
            return False
        body = body[step]
    return True


def test_the_table_has_all_67_pairs() -> None:
    pairs = {(row.method, row.path.partition("?")[0]) for row in (*ROWS, END) if row.number not in (0, 3)}
    assert len(pairs) == 67


def test_row_3_the_pages_of_documentation_answer(wire: Wire) -> None:
    for path in ("/docs", "/redoc"):
        assert wire("GET", path).headers["content-type"].startswith("text/html"), path


def test_rule_11_the_api_has_the_name_and_the_version_that_clients_compare(wire: Wire) -> None:
    told = wire.get("/")
    assert (told["name"], told["version"]) == ("3D Generative Models API", "1.0.0")
    assert told["description"] == "Scalable 3D AI model inference server"
    assert (told["docs_url"], told["health_url"]) == ("/docs", "/health")
    assert wire.get("/health")["version"] == "1.0.0"


def test_every_path_and_method_of_the_table_is_in_the_openapi_document(wire: Wire) -> None:
    document = wire.get("/openapi.json")
    assert (document["info"]["title"], document["info"]["version"]) == ("3D Generative Models API", "1.0.0")  # rule 11
    for row in (*ROWS, END):
        if row.number not in (0, 1, 3):  # the pages and the document itself
            path = row.path if row.path[0] == "/" else f"/api/v1/{row.path}"
            assert row.method.lower() in _entry(document["paths"], path.partition("?")[0]), row


def _entry(paths: dict[str, Any], path: str) -> dict[str, Any]:
    """The entries of every template that this path fits."""
    steps = path.split("/")
    found: dict[str, Any] = {}
    for template, entry in paths.items():
        parts = template.split("/")
        if len(parts) == len(steps) and all(
            part == step or part.startswith("{") for part, step in zip(parts, steps, strict=True)
        ):
            found |= entry
    return found
