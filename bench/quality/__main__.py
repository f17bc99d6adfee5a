"""Every feature's default model through a set of cases: a table of measures, and contact sheets."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.harness import HERE
from bench.quality.cases import HELD_OUT, SETS
from bench.quality.sheet import sheet
from bench.quality.sources import install, path_of
from config.catalogue import load
from tests.gltf import gltf_issues

RESULTS = HERE / "results"


def main() -> int:
    """The exit code: 0 if every case gave a valid mesh."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--set", dest="kind", choices=list(SETS), default=HELD_OUT)
    parser.add_argument("--feature", action="append", choices=list(SETS[HELD_OUT]))
    parser.add_argument("--model", help="instead of the feature's default")
    parser.add_argument("--into", type=Path, default=HERE.parent / "quality-output")
    options = parser.parse_args()
    install()
    catalogue = load(None, describe=lambda entry: {})
    summary: dict[str, Any] = {}
    for feature in options.feature or SETS[options.kind]:
        serving = [spec for spec in catalogue.serving(feature) if options.model in (None, spec.id)]
        if not serving:
            print(f"{feature}: no model", flush=True)
            continue
        into = options.into / options.kind / feature
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        spec = serving[0]
        what = ["--set", options.kind, "--feature", feature, "--model", spec.id, "--class", spec.class_path]
        where = ["--init", json.dumps(spec.init), "--into", str(into)]
        subprocess.run([sys.executable, "-m", "bench.quality.trial", *what, *where], check=True)
        summary[feature] = _judged(options.kind, feature, into)
        _tell(feature, summary[feature])
    file = RESULTS / f"quality-{options.kind}.json"
    before = json.loads(file.read_text()) if file.is_file() else {}
    file.write_text(json.dumps(before | summary, indent=1, ensure_ascii=False) + "\n")
    return 1 if any(one["failed"] or one["glTF issues"] for one in summary.values()) else 0


def _judged(kind: str, feature: str, into: Path) -> dict[str, Any]:
    """Medians over the cases, what failed, and the sheet drawn."""
    found = json.loads((into / "cases.json").read_text())
    cases = found["cases"]
    drawn, issues, glbs = [], [], []
    for number, (case, result) in enumerate(zip(SETS[kind][feature], cases, strict=True)):
        main_file = into / f"{number:02}" / result["main"] if "main" in result else None
        drawn.append((case.name, {name: path_of(source) for name, source in case.inputs.items()}, main_file))
        if main_file is not None and main_file.suffix == ".glb":
            glbs.append(main_file.read_bytes())
    if glbs:
        issues = gltf_issues(*glbs)
    sheet(drawn).save(into / "sheet.jpg", quality=85)
    names = dict.fromkeys(name for result in cases for name in result.get("values", {}) if "info." not in name)
    medians = {}
    for name in names:
        values = [result["values"][name] for result in cases if name in result.get("values", {})]
        medians[name] = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {
        "model": found["model"],
        "cases": len(cases),
        "failed": [f"{result['name']}: {result['error']}" for result in cases if "error" in result],
        "glTF issues": len(issues),
        "load_s": found["load_s"],
        "measures": medians,
    }


def _tell(feature: str, judged: dict[str, Any]) -> None:
    print(f"\n== {feature} ({judged['model']}): {judged['cases']} cases, {judged['glTF issues']} glTF issues")
    for name, value in judged["measures"].items():
        print(f"   {name:36} {value['median']:>10.4g}   ({value['least']:.4g} to {value['most']:.4g})")
    for failure in judged["failed"]:
        print(f"   FAILED {failure}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
