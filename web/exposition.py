"""Metrics in Prometheus' text format, or in OpenMetrics."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from aigc.core.metrics.families import FAMILIES, Family
from aigc.core.metrics.tally import Row


def exposed(rows: Iterable[Row], accepted: str) -> tuple[bytes, str]:
    """Body and content type of the answer to who accepts that."""
    encode, content_type = choose_encoder(accepted)
    return encode(Exposition(rows)), content_type


class Exposition(Collector):
    """Rows as prometheus_client's encoders want them: every family there is, those without a row too."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[str, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row.name, []).append(row)

    def collect(self) -> Iterator[Metric]:
        """The families in the order of the table."""
        for family in FAMILIES.values():
            yield _metric(family, self._rows.get(family.name, ()))


def _metric(family: Family, rows: Sequence[Row]) -> Metric:
    name = family.name.removesuffix("_total") if family.kind == "counter" else family.name
    metric = Metric(name, family.text, family.kind)
    for row in rows:
        labels = dict(zip(family.labels, row.labels, strict=True))
        if family.kind != "histogram":
            metric.add_sample(family.name, labels, row.values[0])
            continue
        counts = list(accumulate(row.values[:-1]))
        for bound, count in zip((*map(str, family.bounds), "+Inf"), counts, strict=True):
            metric.add_sample(f"{name}_bucket", {**labels, "le": bound}, count)
        metric.add_sample(f"{name}_count", labels, counts[-1])
        metric.add_sample(f"{name}_sum", labels, row.values[-1])
    return metric
