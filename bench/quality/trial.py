"""One model through its cases, in a process of its own: `python -m bench.quality.trial` is what `__main__` starts."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from aigc.mesh.read import read_mesh
from aigc.runner.classpath import load_class
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from bench.quality.cases import SETS, Case
from bench.quality.measures import MEASURES, Made, common
from bench.quality.sources import path_of


def main() -> None:
    """Write `<into>/cases.json` and what was made beside it."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality.trial")
    parser.add_argument("--set", dest="kind", required=True)
    parser.add_argument("--feature", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--class", dest="class_path", required=True)
    parser.add_argument("--init", default="{}")
    parser.add_argument("--into", type=Path, required=True)
    options = parser.parse_args()
    cases = SETS[options.kind][options.feature]
    prepared = [{name: path_of(source) for name, source in case.inputs.items()} for case in cases]
    began = time.perf_counter()
    model = load_class(options.class_path)(**json.loads(options.init))
    model.load("cpu")
    load_s = time.perf_counter() - began
    found = []
    for number, (case, inputs) in enumerate(zip(cases, prepared, strict=True)):
        found.append(_tried(model, options, _placed(case, inputs), inputs, options.into / f"{number:02}"))
    text = json.dumps({"model": options.model, "load_s": load_s, "cases": found}, indent=1, ensure_ascii=False)
    (options.into / "cases.json").write_text(text + "\n")


class Listener(Recorder):
    """Notes the longest time between two reports."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.silence_s, self._heard_at = 0.0, time.perf_counter()
        super().__init__(folder, **more)

    def _record(self, body: dict[str, Any], is_new_stage: bool) -> None:
        super()._record(body, is_new_stage)
        self.note()

    def note(self) -> None:
        """Something was heard now."""
        now = time.perf_counter()
        self.silence_s, self._heard_at = max(self.silence_s, now - self._heard_at), now


def _placed(case: Case, inputs: dict[str, str]) -> Case:
    """The case with its region, a share of the mesh's box, in the mesh's own metres."""
    if "region" not in case.expected:
        return case
    meshes = read_mesh(inputs["mesh"])
    low, high = (np.array([mesh.bounds[k] for mesh in meshes]) for k in (0, 1))
    corner, size = low.min(axis=0), high.max(axis=0) - low.min(axis=0)
    box = [(corner + size * np.array(share)).tolist() for share in case.expected["region"]]
    middle, lengths = (np.array(box[0]) + box[1]) / 2, np.array(box[1]) - box[0]
    if "target_image" in inputs:  # the pictures themselves say where
        return Case(case.name, case.inputs, case.params, {**case.expected, "box": box})
    where = {"mask_type": "bbox", "mask_center": middle.tolist(), "mask_size": lengths.tolist()}
    return Case(case.name, case.inputs, {**case.params, **where}, {**case.expected, "box": box})


def _tried(model: Any, options: argparse.Namespace, case: Case, inputs: dict[str, str], into: Path) -> dict[str, Any]:
    into.mkdir(parents=True)
    # The kernel's high-water mark of this process starts anew.
    Path("/proc/self/clear_refs").write_text("5")
    with tempfile.TemporaryDirectory() as scratch:
        recorder = Listener(Path(scratch), model=options.model, output_format=case.params.get("output_format", "glb"))
        began, cpu = time.perf_counter(), time.process_time()
        try:
            result = run_model(model, inputs, dict(case.params), recorder.folder, recorder=recorder)
        except InputInvalid as problem:
            return {"name": case.name, "error": f"{problem.message}; {problem.suggestion}"}
        except Exception:  # noqa: BLE001 - one case of many; the table shows it as failed
            return {"name": case.name, "error": traceback.format_exc(limit=-3)}
        recorder.note()
        took, used, peak = time.perf_counter() - began, time.process_time() - cpu, _peak_mb()
        files = {}
        for output in result.outputs:
            data = output.data if output.data is not None else Path(scratch, str(output.path)).read_bytes()
            files[output.name] = (output.role, data)
            (into / output.name).write_bytes(data)
    made = Made(case, inputs, files, result.info)
    main = next(name for name, (role, _) in files.items() if role == "model")
    values = {"seconds": took, "CPU seconds": used, "peak, MB": peak, "longest silence, s": recorder.silence_s}
    values |= {f"info.{key}": value for key, value in result.info.items() if isinstance(value, int | float)}
    try:
        values |= common(made) | MEASURES[options.feature](made)
    except Exception:  # noqa: BLE001 - a file that cannot be measured is a finding
        return {"name": case.name, "error": traceback.format_exc(limit=-3), "values": values, "main": main}
    return {"name": case.name, "values": values, "warnings": recorder.warnings, "main": main}


def _peak_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
