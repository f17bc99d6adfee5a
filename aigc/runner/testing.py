"""Run a model without a server: for its author's tests.

::

    def test_a_cube_has_twelve_triangles(tmp_path):
        cube = Cube()
        cube.load("cpu")
        result = run_model(cube, {}, {"edge": 2.0}, tmp_path)
        assert result.outputs[0].stats["triangles"] == 12
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aigc.runner import outputs
from aigc.runner.model import Model, Result
from aigc.runner.progress import Reporter


class Recorder(Reporter):
    """A `Progress` that remembers: `reports` holds the fields of each call that passed, `warnings` the sentences.

    Args:
        folder: where the model may write.
        cancel_at: the call of this number, counted from 1, raises Cancelled, and so does every later one.
    """

    def __init__(
        self, folder: Path, *, cancel_at: int | None = None, model: str = "test", output_format: str = "glb"
    ) -> None:
        self.reports: list[dict[str, Any]] = []
        self._cancel_at = cancel_at
        super().__init__(folder, model, output_format, self._record, self._is_cancelled)

    def _record(self, body: dict[str, Any], is_new_stage: bool) -> None:
        self.reports.append(body)

    def _is_cancelled(self) -> bool:
        return self._cancel_at is not None and len(self.reports) + 1 >= self._cancel_at


def run_model(
    model: Model,
    inputs: dict[str, str],
    params: dict[str, Any],
    folder: Path,
    *,
    cancel_at: int | None = None,
    recorder: Recorder | None = None,
) -> Result:
    """What `model`, which is loaded, makes of these inputs; its outputs passed the checks of a real runner.

    Args:
        folder: the scratch folder of this run; the files that the result names stay there.
        cancel_at: cancel at this call of `progress`, counted from 1.
        recorder: made by the caller to look at the reports afterwards; it brings its own folder and `cancel_at`.
    Raises:
        Cancelled: it was cancelled, and the model let that pass.
        failures.ResultInvalid: what it returned would not be accepted; and whatever the model raises.
    """
    progress = recorder or Recorder(folder, cancel_at=cancel_at)
    result = model.run(inputs, params, progress)
    with tempfile.TemporaryDirectory() as checked:
        outputs.store(result, progress.folder, checked, fsync=False)
    return result
