"""Put the figures of the last runs into README.md: every table between `<!-- NAME -->` and `<!-- end -->` is made anew.

python -m bench.report
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import fanout, idle, load
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


def _peers(found: dict[str, Any]) -> peers.Rounds:
    return {name: [Round(**each) for each in rounds] for name, rounds in found.items()}


TABLES: dict[str, Callable[[Any], Sequence[Sequence[str]]]] = {
    "peers": lambda found: peers.table(_peers(found)),
    "peers-goals": lambda found: goals(peers.lines(_peers(found))),
    **{f"load-{mode}": lambda found: goals(load.lines(found)) for mode in ("single", "multi")},
    **{f"idle-{mode}": lambda found: goals(idle.lines(found)) for mode in ("single", "multi")},
    **{f"fanout-{mode}": lambda found: goals(fanout.lines(found)) for mode in ("single", "multi")},
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
