"""The comparison as a picture: one panel for each question, one bar for each system, the range of the rounds on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.harness import HERE, Figure
from bench.peers.measure import Round

PICTURE = HERE / "results" / "peers.png"
PANELS = (
    ("jobs_per_s", "jobs/s, 64 polling clients", "more is better"),
    ("drain_per_s", "jobs/s, backlog of 2,048", "more is better"),
    ("drain_cpu_s", "CPU seconds per 1,000 jobs, backlog", "less is better"),
    ("submit_p50_ms", "submit p50, one client, ms", "less is better"),
    ("submit_64_p99_ms", "submit p99, 64 clients, ms", "less is better"),
    ("visible_p50_ms", "submit to seen done p50, one client, ms", "less is better"),
)
OURS, THEIRS = "#1f6feb", "#9aa4b2"


def draw(found: Mapping[str, Sequence[Round]]) -> None:
    """Write results/peers.png; without matplotlib nothing."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"font.size": 11, "figure.facecolor": "white", "axes.facecolor": "white"})
    figure, grid = pyplot.subplots(2, 3, figsize=(16, 8.5), sharey=True, constrained_layout=True)
    for axes, (field, title, sense) in zip(grid.flat, PANELS, strict=True):
        _panel(axes, found, field, f"{title}\n({sense})")
    figure.suptitle("The same job that does nothing: one HTTP process, one worker, one Redis each, on one machine")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=100)


def _panel(axes: Any, found: Mapping[str, Sequence[Round]], field: str, title: str) -> None:
    names = list(found)[::-1]
    for at, name in enumerate(names):
        values = [getattr(each, field) for each in found[name]]
        if None in values:
            axes.text(0, at, "  no queue", va="center", color="#57606a")
            continue
        figure = Figure.of(values)
        spread = [[figure.median - figure.low], [figure.high - figure.median]]
        is_ours = name.startswith("ours")
        axes.barh(at, figure.median, color=OURS if is_ours else THEIRS, xerr=spread, ecolor="#24292f", capsize=3)
        form = ",.0f" if figure.median >= 1000 else ".3g"
        axes.text(figure.high, at, f"  {figure.median:{form}}", va="center", fontweight="bold" if is_ours else "normal")
    axes.set_yticks(range(len(names)), names)
    axes.set_title(title, fontsize=11)
    axes.margins(x=0.18)
    axes.set_xlim(left=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#d0d7de", lw=0.6)
    axes.set_axisbelow(True)
