"""Counters and histograms as rows of numbers: they are counted anywhere, sent, and added up somewhere else."""

from bisect import bisect_left
from collections.abc import Iterable

from msgspec import Struct

from aigc.core.metrics.families import FAMILIES, Family

ROWS_MAX = 300
"""Rows of one metric; whatever else comes is counted as OTHER, so that no caller can fill a time series database."""
OTHER = "other"


class Row(Struct, frozen=True, array_like=True):
    """One metric with its labels' values. Of a histogram: how many in each bucket, the infinite one, and their sum."""

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]


class Tally:
    """What was counted since it was made, or taken the last time."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, tuple[str, ...]], list[float]] = {}
        self._sizes: dict[str, int] = {}

    def add(self, name: str, labels: tuple[str, ...] = (), by: float = 1.0) -> None:
        """The counter has grown."""
        row = self._rows.get((name, labels))
        if row is None:
            row = self._new(name, labels)
        row[0] += by

    def observe(self, name: str, labels: tuple[str, ...], seconds: float) -> None:
        """The histogram has one more observation."""
        row = self._rows.get((name, labels))
        if row is None:
            row = self._new(name, labels)
        row[bisect_left(FAMILIES[name].bounds, seconds)] += 1.0
        row[-1] += seconds

    def merge(self, rows: Iterable[Row]) -> None:
        """What another one counted is counted here too; rows that fit no counter or histogram are left out."""
        for row in rows:
            family = FAMILIES.get(row.name)
            if family is None or family.kind == "gauge":
                continue
            if len(row.labels) != len(family.labels) or len(row.values) != _width(family):
                continue
            mine = self._rows.get((row.name, row.labels))
            if mine is None:
                mine = self._new(row.name, row.labels)
            for place, value in enumerate(row.values):
                mine[place] += max(0.0, value)

    def rows(self) -> tuple[Row, ...]:
        """All of it."""
        return tuple(Row(name, labels, tuple(values)) for (name, labels), values in self._rows.items())

    def take(self) -> tuple[Row, ...]:
        """All of it, and from now on nothing was counted."""
        rows = self.rows()
        self._rows.clear()
        self._sizes.clear()
        return rows

    def _new(self, name: str, labels: tuple[str, ...]) -> list[float]:
        size = self._sizes.get(name, 0)
        if size >= ROWS_MAX:
            labels = (OTHER,) * len(labels)
            if (known := self._rows.get((name, labels))) is not None:
                return known
        self._sizes[name] = size + 1
        row = self._rows[name, labels] = [0.0] * _width(FAMILIES[name])
        return row


def _width(family: Family) -> int:
    return len(family.bounds) + 2 if family.kind == "histogram" else 1
