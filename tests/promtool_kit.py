"""Prometheus' own tool, and what the alert rules and the dashboard ask for."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RULES, BOARD = ROOT / "config" / "prometheus" / "alerts.yml", ROOT / "config" / "grafana" / "aigc.json"
BESIDE = Path(sys.executable).with_name("promtool")  # where install.sh puts it
PROMTOOL = shutil.which("promtool") or (str(BESIDE) if BESIDE.exists() else "")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed; tests/install.sh gets it")


def promtool(*arguments: str | Path, stdin: str = "") -> None:
    done = subprocess.run([PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts() -> dict[str, str]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def questions() -> list[str]:
    panels = json.loads(BOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]
