"""The alert rules and the dashboard, as Prometheus' own tool and a real answer of the server see them."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.exposition import generate_latest

from aigc.core.metrics.families import FAMILIES
from tests.promtool_kit import ROOT, RULES, alerts, needs_promtool, promtool, questions
from web.exposition import Exposition


@needs_promtool
def test_promtool_takes_the_rules_the_configuration_and_the_names() -> None:
    promtool("check", "config", RULES.with_name("prometheus.yml"))  # and the rules that it names
    promtool("check", "metrics", stdin=generate_latest(Exposition(())).decode())


@needs_promtool
def test_each_alert_fires_where_it_should_and_none_where_it_should_not() -> None:
    told = Path(__file__).with_name("alerts_test.yml")
    assert set(alerts()) <= set(re.findall(r"Aigc[A-Z]\w+", told.read_text())), "each of them is tried"
    promtool("test", "rules", told)


@needs_promtool
def test_promtool_takes_every_question_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {
            "record": f"question:{number}",
            "expr": question.replace("$__rate_interval", "5m").replace("$__interval", "1m"),
        }
        for number, question in enumerate(questions())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)


@pytest.mark.parametrize("where", ["alerts", "dashboard"])
def test_whatever_is_asked_for_is_told_with_those_labels(where: str) -> None:
    for question in alerts().values() if where == "alerts" else questions():
        names = [re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\baigc_\w+", question)]
        assert names or question.startswith("up{"), question
        labels = {label for name in names for label in FAMILIES[name].labels} | {"le"}
        asked = {label for found in re.findall(r"by \(([^)]*)\)", question) for label in found.split(", ")}
        asked |= {
            label for found in re.findall(r"aigc_\w+\{([^}]*)\}", question) for label in re.findall(r"(\w+)[=!]", found)
        }
        assert asked <= labels, question


def test_every_metric_is_drawn_somewhere() -> None:
    drawn = " ".join(questions())
    assert [name for name in FAMILIES if name not in drawn] == []


def test_every_metric_and_every_alert_is_explained() -> None:
    explained = (ROOT / "docs" / "observing.md").read_text()
    assert [name for name in (*FAMILIES, *alerts()) if f"`{name}`" not in explained] == []
