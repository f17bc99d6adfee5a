"""Put the figures of the last runs into README.md: every table between `<!-- NAME -->` and `<!-- end -->` is made anew.

python -m bench.report
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import fanout, idle, load, recovery, silence
from bench.harness import HERE, Line
from bench.peers import __main__ as peers
from bench.peers.measure import Round

README = HERE / "README.md"
RESULTS = HERE / "results"
PLACE = re.compile(r"<!-- (?P<name>[a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)


def goals(lines: Sequence[Line]) -> list[list[str]]:
    """A table of what was measured, what it should be, and by how much it is not."""
    head = ["#", "What", "Median (lowest to highest round)", "Goal", ""]
    return [head, *([line.number, line.what, str(line.reached), line.goal, line.verdict] for line in lines)]


def markdown(table: Sequence[Sequence[str]]) -> str:
    """The table with its first row as heading."""
    head, *rows = (f"| {' | '.join(cells)} |" for cells in table)
    return "\n".join([head, "|" + " --- |" * len(table[0]), *rows])


QUALITY = (
    "silhouette overlap",
    "colour error, ΔE",
    "watertight",
    "uv coverage",
    "uv stretch, octaves",
    "mean distance, ‰ of the diagonal",
    "parts",
    "stability, turned",
    "stability, half the faces",
    "closed parts",
    "joints inside",
    "weights sum to one",
    "left against right, % of the height",
    "kept outside",
    "triangles",
    "CPU seconds",
    "peak, MB",
)
"""Measures of models in the order in which they are told; those that a feature has not are left out."""


def quality(found: dict[str, Any]) -> list[list[str]]:
    """A row for each feature: what failed, and the median of each measure with the least and the most."""
    rows = [["Feature", "Model", "Cases", "Failed", "glTF issues", "Median (least to most)"]]
    for feature, one in found.items():
        told = [
            f"{name} {value['median']:.3g} ({value['least']:.3g} to {value['most']:.3g})"
            for name in QUALITY
            if (value := one["measures"].get(name)) is not None
        ]
        failed = "; ".join(each.split(": ", 1)[0] for each in one["failed"]) or "0"
        rows.append([feature, one["model"], str(one["cases"]), failed, str(one["glTF issues"]), "; ".join(told)])
    return rows


def _peers(found: dict[str, Any]) -> peers.Rounds:
    return {name: [Round(**each) for each in rounds] for name, rounds in found.items()}


TABLES: dict[str, Callable[[Any], Sequence[Sequence[str]]]] = {
    "peers": lambda found: peers.table(_peers(found)),
    "peers-goals": lambda found: goals(peers.lines(_peers(found))),
    **{f"load-{mode}": lambda found: goals(load.lines(found)) for mode in ("single", "multi")},
    **{f"idle-{mode}": lambda found: goals(idle.lines(found)) for mode in ("single", "multi")},
    **{f"quality-{kind}": quality for kind in ("held-out", "tuning")},
    "recovery": recovery.table,
    "silence": silence.table,
    "fanout": lambda found: goals(fanout.lines(found)),
}


def filled(text: str, results: Path) -> str:
    """`text` with its tables made from what lies in `results`; a table without results stays as it is."""

    def made(place: re.Match[str]) -> str:
        name = place["name"]
        file = results / f"{name.removesuffix('-goals')}.json"
        if name not in TABLES or not file.is_file():
            return place[0]
        return f"<!-- {name} -->\n{markdown(TABLES[name](json.loads(file.read_text())))}\n<!-- end -->"

    return PLACE.sub(made, text)


def main() -> None:
    """Rewrite README.md."""
    README.write_text(filled(README.read_text(), RESULTS))


if __name__ == "__main__":
    main()
