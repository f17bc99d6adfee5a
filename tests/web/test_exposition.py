from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families as parse

from aigc.core.metrics.tally import Tally
from web.exposition import Exposition


def test_a_histogram_is_told_in_growing_buckets_up_to_infinity() -> None:
    tally = Tally()
    for seconds in (0.02, 3.0, 1e5):
        tally.observe("aigc_job_run_seconds", ("rig", "m"), seconds)
    (family,) = [f for f in parse(generate_latest(Exposition(tally.rows())).decode()) if f.samples]
    counts = {sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")}
    assert (counts["0.01"], counts["0.05"], counts["3600.0"], counts["+Inf"]) == (0.0, 1.0, 2.0, 3.0)
    assert {s.name: s.value for s in family.samples if "bucket" not in s.name} == {
        "aigc_job_run_seconds_count": 3.0, "aigc_job_run_seconds_sum": 100003.02,
    }  # fmt: skip
