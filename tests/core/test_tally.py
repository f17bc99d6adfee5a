from aigc.core.metrics.tally import OTHER, ROWS_MAX, Row, Tally

SUBMITTED, REQUESTS = "aigc_jobs_submitted_total", "aigc_http_request_duration_seconds"


def test_what_was_taken_is_counted_once_wherever_it_is_added_up() -> None:
    here, there = Tally(), Tally()
    here.add(SUBMITTED, ("rig", "m"))
    here.observe(REQUESTS, ("GET", "/", "200"), 0.02)
    there.merge(here.take())
    here.add(SUBMITTED, ("rig", "m"), 2)
    there.merge(here.take())
    there.merge(here.take())
    counted = {row.name: row.values for row in there.rows()}
    assert counted[SUBMITTED] == (3.0,)
    assert (sum(counted[REQUESTS][:-1]), counted[REQUESTS][-1]) == (1.0, 0.02)


def test_an_observation_lies_in_the_first_bucket_that_holds_it() -> None:
    tally = Tally()
    for seconds in (0.001, 0.0011, 31.0):
        tally.observe(REQUESTS, ("GET", "/", "200"), seconds)
    (row,) = tally.rows()
    assert (row.values[0], row.values[1], row.values[-2]) == (1.0, 1.0, 1.0)


def test_nobody_fills_a_time_series_database_with_names() -> None:
    tally = Tally()
    for number in range(ROWS_MAX + 50):
        tally.add(SUBMITTED, ("rig", f"m{number}"))
    rows = {row.labels: row.values[0] for row in tally.rows()}
    assert (len(rows), rows[OTHER, OTHER]) == (ROWS_MAX + 1, 50.0)


def test_what_another_process_sends_is_not_believed_before_its_shape_was_seen() -> None:
    tally = Tally()
    rows = (
        Row("nonsense", (), (1.0,)),
        Row("aigc_worker_up", ("w",), (1.0,)),
        Row(SUBMITTED, ("rig",), (1.0,)),
        Row(SUBMITTED, ("rig", "m"), (1.0, 2.0)),
        Row(SUBMITTED, ("rig", "m"), (-5.0,)),
    )
    tally.merge(rows)
    assert tally.rows() == (Row(SUBMITTED, ("rig", "m"), (0.0,)),)
