"""One server of each mode with a model for every feature that answers at once, and the wire to it, byte by byte."""

import http.client
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

from aigc.features import FEATURES
from tests.conformance.models.answering import MESHES, png
from tests.house.kit import Server

API = "/api/v1"
MODELS = Path(__file__).parent / "models"
GLB, OBJ, PNG = MESHES["glb"], MESHES["obj"], png(2, 2)
BOUNDARY = "----contract"

NUMBERS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "seed": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 42, "description": "Start."},
        "resolution": {"type": "integer", "enum": [512, 1024, 1536], "default": 1024, "description": "Edge."},
        "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5, "description": "How much."},
    },
}
"""Parameters of every kind that a web client draws a box for: text_to_raw_mesh has them."""


def model_of(feature: str) -> str:
    """The id of the only model of a feature."""
    return f"answer-{feature.replace('_', '-')}"


def catalogue() -> dict[str, Any]:
    """One model for each feature; all of them share a runner."""

    def entry(feature: str) -> dict[str, Any]:
        known = FEATURES[feature].parameters
        schema = NUMBERS if feature == "text_to_raw_mesh" else f"{known.__module__}:{known.__name__}"
        return {
            "class": "answering:Answering", "path": [str(MODELS)], "parameters": schema, "family": "answering",
            "description": f"Answers {feature}.", "memory_gb": 0.05, "load_s": 0.2, "run_s": 0.1, "devices": ["cpu"],
            "licence": "Apache-2.0",
        }  # fmt: skip

    return {"models": {feature: {model_of(feature): entry(feature)} for feature in FEATURES}}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Wire:
    """Requests as the replaced server's clients send them: a new connection each; redirects are not followed."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        file: tuple[str, bytes] | None = None,
        **headers: str,
    ) -> Answer:
        """`path` below the API, or from the root if it begins with `/`, or a whole URL; `file` becomes a form."""
        parts = urlsplit(path if "://" in path else self.url + (path if path[:1] == "/" else f"{API}/{path}"))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        data: bytes | None = None
        if file is not None:
            data = form(*file)
            sent["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        elif body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, data, sent)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Any:
        """The body of an answer that must be 200."""
        return self._good(self("GET", path, **headers))

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """The body of an answer that must be 200."""
        return self._good(self("POST", path, body, **more))

    @staticmethod
    def _good(answer: Answer) -> Any:
        assert answer.status == 200, answer.raw
        return answer.body


def form(name: str, content: bytes, content_type: str = "application/octet-stream", field: str = "file") -> bytes:
    """A multipart body with one file."""
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n{kind}\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


class Replaced(Server):
    """A server in the place of the one that it replaces; tests share it, so each makes what it changes."""

    def __init__(self, folder: Path, mode: str, **more: Any) -> None:
        self.inputs = folder / "inputs"
        self.inputs.mkdir()
        (self.inputs / "allowed.obj").write_bytes(OBJ)
        settings = {"security": {"input_folders": [str(self.inputs)]}, "worker": {"memory_gb": 8, "drain_s": 1}}
        super().__init__(folder, mode=mode, settings=settings | more)
        (folder / "models.yaml").write_text(yaml.safe_dump(catalogue()))

    @property
    def wire(self) -> Wire:
        return Wire(self.url)

    @cached_property
    def files(self) -> dict[str, str]:
        """A `file_id` of each kind."""
        image = self.wire.post("file-upload/image", file=("my cat.png", PNG))
        mesh = self.wire.post("file-upload/mesh", file=("thing.obj", OBJ))
        return {"image": image["file_id"], "mesh": mesh["file_id"]}

    @cached_property
    def done(self) -> dict[str, str]:
        """A completed job of each feature, as an old client asks for it."""
        jobs = {feature: self.submit_old(feature) for feature in SUBMITS}
        for job in jobs.values():
            self.finished(job)
        return jobs

    def ask(self, feature: str, **more: Any) -> Answer:
        """The answer to a request for a job, with `more` in its body."""
        path, body = SUBMITS[feature]
        return self.wire("POST", path, body(self.files) | more)

    def submit_old(self, feature: str, **more: Any) -> str:
        """The id of a new job."""
        answer = self.ask(feature, **more)
        assert answer.status == 200, answer.raw
        return str(answer.body["job_id"])

    def finished(self, job: str) -> dict[str, Any]:
        """The job's record when it is final; it is heard of through our own API, and read through the old one."""
        self.client.wait(job)
        found: dict[str, Any] = self.wire.get(f"system/jobs/{job}")
        return found


House = Callable[[str], Replaced]
"""The server of a mode."""


def _mesh(files: dict[str, str]) -> dict[str, Any]:
    return {"mesh_file_id": files["mesh"]}


_BOX = {"center": [0, 0, 0], "dimensions": [1, 1, 1]}
SUBMITS: dict[str, tuple[str, Callable[[dict[str, str]], dict[str, Any]]]] = {
    "text_to_raw_mesh": ("mesh-generation/text-to-raw-mesh", lambda files: {"text_prompt": "a chair"}),
    "text_to_textured_mesh": ("mesh-generation/text-to-textured-mesh", lambda files: {"text_prompt": "a chair"}),
    "text_mesh_painting": ("mesh-generation/text-mesh-painting", lambda files: {"text_prompt": "red", **_mesh(files)}),
    "image_to_raw_mesh": ("mesh-generation/image-to-raw-mesh", lambda files: {"image_file_id": files["image"]}),
    "image_to_textured_mesh": (
        "mesh-generation/image-to-textured-mesh",
        lambda files: {"image_file_id": files["image"]},
    ),
    "image_mesh_painting": (
        "mesh-generation/image-mesh-painting",
        lambda files: {"image_file_id": files["image"], **_mesh(files)},
    ),
    "text_mesh_editing": (
        "mesh-editing/text-mesh-editing",
        lambda files: {"source_prompt": "a", "target_prompt": "b", "mask_bbox": _BOX, **_mesh(files)},
    ),
    "image_mesh_editing": (
        "mesh-editing/image-mesh-editing",
        lambda files: {
            "source_image_file_id": files["image"], "target_image_file_id": files["image"],
            "mask_image_file_id": files["image"], "mask_bbox": _BOX, **_mesh(files),
        },
    ),
    "auto_rig": ("auto-rigging/generate-rig", _mesh),
    "mesh_segmentation": ("mesh-segmentation/segment-mesh", _mesh),
    "mesh_retopology": ("mesh-retopology/retopologize-mesh", _mesh),
    "uv_unwrapping": ("mesh-uv-unwrapping/unwrap-mesh", _mesh),
    "part_completion": ("mesh-generation/part-completion", _mesh),
}  # fmt: skip
"""Feature -> path, and the least that a client sends there: no model, no parameters."""
