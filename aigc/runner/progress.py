"""How a model speaks while it works, and how it hears that nobody wants the result any more."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aigc.runner.model import STAGES, Cancelled
from aigc.runner.protocol import plain

PREVIEW_NAME = ".preview.png"
PREVIEW_BYTES = 1 << 20
WARNINGS = 50
_TEXT_CHARS = 500
_PNG = b"\x89PNG\r\n\x1a\n"


class Reporter:
    """The `Progress` of one attempt.

    Args:
        folder: the attempt's scratch folder.
        model: name in the catalogue.
        output_format: what the request wants.
        send: gets the body of each report, and whether it must not be replaced by a later one.
        is_interrupted: asked at each report; if true, it raises.
        preview_folder: where the latest preview is left as `PREVIEW_NAME`; empty: previews are ignored.
    """

    def __init__(
        self,
        folder: Path,
        model: str,
        output_format: str,
        send: Callable[[dict[str, Any], bool], None],
        is_interrupted: Callable[[], bool],
        preview_folder: str = "",
    ) -> None:
        self.folder = folder
        self.model = model
        self.output_format = output_format
        self.warnings: list[str] = []
        self._send = send
        self._is_interrupted = is_interrupted
        self._preview_folder = preview_folder
        self._fraction = 0.0
        self._stage = ""

    def __call__(
        self,
        fraction: float,
        stage: str,
        step: int = 0,
        steps: int = 0,
        message: str = "",
        preview: bytes | None = None,
    ) -> None:
        """See `model.Progress`."""
        if self._is_interrupted():
            raise Cancelled
        known = stage if stage in STAGES else self._stage or STAGES[0]
        body: dict[str, Any] = {
            "fraction": self._forward(fraction),
            "stage": known,
            "step": int(step),
            "steps": int(steps),
            "message": str(message or (stage if stage != known else ""))[:_TEXT_CHARS],
        }
        if preview is not None and self._keep_preview(bytes(preview)):
            body["preview"] = PREVIEW_NAME
        is_new_stage, self._stage = known != self._stage, known
        self._send(body, is_new_stage)

    def warn(self, message: str) -> None:
        """See `model.Progress`; beyond 50 warnings the others are dropped."""
        if len(self.warnings) < WARNINGS:
            self.warnings.append(str(plain(message))[:_TEXT_CHARS])

    def _forward(self, fraction: float) -> float:
        """`fraction` between 0 and 1, never less than before."""
        value = float(fraction)
        if math.isfinite(value):
            self._fraction = max(self._fraction, min(1.0, value))
        return self._fraction

    def _keep_preview(self, image: bytes) -> bool:
        if not self._preview_folder or not image.startswith(_PNG) or len(image) > PREVIEW_BYTES:
            return False
        folder = Path(self._preview_folder)
        unfinished = folder / f"{PREVIEW_NAME}.part"
        unfinished.write_bytes(image)
        os.replace(unfinished, folder / PREVIEW_NAME)  # whoever reads it meanwhile has the old one, whole
        return True
