"""What the replaced server's web client does, section 4 step by step: it polls, completes URLs, guesses formats."""

from typing import Any
from urllib.parse import urlsplit

from tests.conformance.kit import Answer, Wire

ORIGIN = "http://localhost:3000"
POLLED = ("queued", "processing")
"""Rule 2: a task in any other state is never looked at again."""
LOADERS = ("glb", "gltf", "obj", "fbx", "ply")
FEATURES = (
    "text_to_raw_mesh", "text_to_textured_mesh", "image_to_raw_mesh", "image_to_textured_mesh", "text_mesh_painting",
    "image_mesh_painting", "mesh_segmentation", "text_mesh_editing", "image_mesh_editing",
)  # fmt: skip


class Studio:
    """One browser window at one server. Asserts what the client takes for granted.

    Args:
        token: kept from an earlier login.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.url, self.token = url, token
        self._wire = Wire(url)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The answer's body; every request names its page, and says that it is JSON even without a body (rule 10)."""
        login = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self._wire(method, path, body, Origin=ORIGIN, Accept="application/json", **login, **more)
        if answer.status != 200:
            raise Told(answer)
        assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN)
        return answer.body

    def must_log_in(self) -> bool:
        """App.tsx: whether the panel for logging in is shown."""
        assert self.ask("GET", "/health")["status"] == "healthy"
        return bool(self.ask("GET", "system/auth-status")["user_auth_enabled"] and not self.token)

    def log_in(self, how: str, **body: str) -> dict[str, Any]:
        """AuthPanel.tsx: `register` or `login`; who one is now."""
        told = self.ask("POST", f"users/{how}", body)
        self.token = told["token"]
        return {name: told["user"][name] for name in ("user_id", "username", "email", "role")}

    def start(self) -> list[dict[str, Any]]:
        """App.tsx and taskPersistence.ts: is it there, and what was made before."""
        assert not self.must_log_in()
        assert self.ask("GET", "system/status")
        return [_restored(row) for row in self.ask("GET", "system/jobs/history?limit=100&offset=0")["jobs"]]

    def look(self) -> tuple[dict[str, list[str]], dict[str, int]]:
        """BottomBar.tsx and useFeatureAvailability.ts: models by feature, and the counters below."""
        features, models = self.ask("GET", "system/features"), self.ask("GET", "system/models")
        assert {one["name"] for one in features["features"]} >= set(FEATURES)
        queue = self.ask("GET", "system/jobs/queue/stats")["data"]
        counters = {
            "features": features["total_features"], "models": models["total_models"],
            "pending": queue["pending_jobs"], "processing": queue["processing_jobs"],
        }  # fmt: skip
        return models["available_models"], counters

    def untouched(self, model: str) -> dict[str, Any]:
        """AdvancedParameters.tsx: what its boxes hold, and so what it sends, as soon as the model is chosen."""
        schema = self.ask("GET", f"system/models/{model}/parameters")["schema"]["parameters"]
        return {name: field["default"] for name, field in schema.items() if field["default"] is not None}

    def boxes(self, model: str) -> dict[str, Any]:
        """The same, one of them cleared."""
        schema = self.ask("GET", f"system/models/{model}/parameters")["schema"]["parameters"]
        values = self.untouched(model)
        number = next((name for name, field in schema.items() if field["type"] in ("integer", "number")), None)
        return values | ({number: None} if number else {})  # rule 8

    def upload(self, kind: str, name: str, data: bytes) -> str:
        """The id of a file."""
        return str(self.ask("POST", f"file-upload/{kind}", file=(name, data))["file_id"])

    def submit(self, path: str, **body: Any) -> str:
        """The id of a new task."""
        answer = self.ask("POST", path, body)
        assert answer["status"] == "queued"
        return str(answer["job_id"])

    def poll(self, job: str) -> dict[str, Any] | None:
        """useTaskPolling.ts: the task's result, or None while it has to be polled again."""
        told = self.ask("GET", f"system/jobs/{job}")
        if told["status"] in POLLED:
            return None
        assert told["status"] == "completed", told
        info = self.ask("GET", f"system/jobs/{job}/info")
        link = info["mesh_download_urls"]["direct_download"]
        return {
            "mesh": link if "://" in link else self.url + link,
            "direct": told["result"]["mesh_url"],
            "thumbnail": told["result"]["thumbnail_url"],
            "input": told["input_image_url"],
            "format": info["file_info"]["file_extension"],
            "size_mb": info["file_info"]["file_size_mb"],
            "seconds": told["processing_time"],
            "model": told["model_preference"],
            "generation": told["result"]["generation_info"],
        }

    def open(self, url: str) -> bytes:
        """A three.js loader or an img tag: no header but the page's (rule 5), and readable for another origin."""
        answer = self._wire("GET", url, Origin=ORIGIN)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
        return answer.raw

    def reuse(self, url: str) -> str:
        """The button "use as input": the result becomes an upload, named after its content type (rule 12)."""
        answer = self._wire("GET", url, Origin=ORIGIN)
        kind = answer.headers["content-type"]
        suffix = next((name for name in ("gltf", "obj", "fbx", "ply") if name in kind), "")
        assert suffix, kind
        return self.upload("mesh", f"model.{'glb' if suffix == 'gltf' else suffix}", answer.raw)


class Told(Exception):
    """What the client shows of an error: `detail`, else `message` (rule 6)."""

    def __init__(self, answer: Answer) -> None:
        self.status, body = answer.status, answer.body
        self.text = body.get("detail") or body["message"]
        super().__init__(self.status, self.text)


def _restored(row: dict[str, Any]) -> dict[str, Any]:
    """A task as the client makes it from a row of the history, from what stands at its top alone (rule 4)."""
    task = {"id": row["job_id"], "feature": row["feature"], "status": row["status"], "created": row["created_at"]}
    assert task["created"].endswith("Z")  # new Date() would take it for local time
    if task["status"] == "completed" and row["output_mesh_path"]:  # not if somebody has deleted the result
        suffix = urlsplit(row["mesh_url"]).path.rpartition(".")[2]
        assert suffix in LOADERS, row["mesh_url"]
        assert row["completed_at"] and row["processing_time"] is not None
        task |= {"mesh": row["mesh_url"], "thumbnail": row["thumbnail_url"], "format": suffix}
    return task
