"""One job at the server, carried by a thread: Blender's own thread starts it, looks at it, and never waits."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

try:
    from .aigc_client import Client, ClientError, JobHandle
except ImportError:  # outside of Blender
    from aigc_client import Client, ClientError, JobHandle


class Making:
    """From a prompt, a picture or a mesh to a file in `folder`.

    `words` and `fraction` say how it is, `path` is where the result lies, `error` is what to tell the user.
    """

    def __init__(self, client: Client, folder: Path, feature: str, **inputs: Any) -> None:
        self.words = "sending"
        self.fraction = 0.0
        self.path: Path | None = None
        self.error = ""
        self._client, self._folder, self._feature, self._inputs = client, folder, feature, inputs
        self._job: JobHandle | None = None
        self._is_unwanted = False
        # A daemon: Blender may be closed at any time, and the job goes on at the server.
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """There is a path or an error, and nothing more will come."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """The job is to end; returns at once."""
        self._is_unwanted = True
        threading.Thread(target=self._stop, daemon=True).start()

    def _carry(self) -> None:
        try:
            job = self._job = self._client.submit(self._feature, **self._inputs)
            if self._is_unwanted:
                self._stop()
            for event in job.events():
                queue = event.queue
                if queue is not None and queue.position is not None:
                    self.words = f"waiting, {queue.position} before it"
                elif event.stage:
                    self.words = event.stage.replace("_", " ")
                self.fraction = event.fraction if event.fraction is not None else self.fraction
            self.path = job.result(to=self._folder / f"{job.id}.glb").path
        except ClientError as error:
            self.error = str(error)
        except OSError as error:
            self.error = f"{error.filename}: {error.strerror}"

    def _stop(self) -> None:
        try:
            if self._job is not None:
                self._job.cancel()
        except ClientError as error:
            self.words = str(error)
