import re

from aigc.core.metrics.families import FAMILIES


def test_names_say_their_unit_and_kind_as_prometheus_wants_it() -> None:
    for family in FAMILIES.values():
        assert re.fullmatch(r"aigc_[a-z_]+", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert bool(family.bounds) == (family.kind == "histogram"), family.name
        assert list(family.bounds) == sorted(set(family.bounds)), family.name


def test_no_label_can_grow_with_the_work() -> None:
    labels = {label for family in FAMILIES.values() for label in family.labels}
    assert not labels & {"job", "job_id", "owner", "user", "prompt", "path", "attempt"}


def test_work_is_told_apart_from_ten_milliseconds_to_an_hour() -> None:
    bounds = FAMILIES["aigc_job_run_seconds"].bounds
    assert (bounds[0], bounds[-1]) == (0.01, 3600.0)
