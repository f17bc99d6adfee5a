"""The job object, its states, the history and what deletes a job: sections 1.3 and 1.4, rules 2, 3 and 4."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.kit import Replaced, model_of
from tests.house.kit import eventually

ROW = (
    "job_id feature status created_at completed_at processing_time model_preference input_image_url output_mesh_path "
    "mesh_url thumbnail_url"
)
"""What the web client reads of a row of the history (section 4.1), at the top of it."""

ALWAYS = (
    "job_id feature inputs model_preference priority status created_at metadata user_id timeout_seconds progress "
    "assigned_model model_id started_at completed_at failed_at result error retry_count max_retries last_retry_at "
    "retry_reason processing_time"
)
"""Every key that either mode of the replaced server has, in any state."""


def history(server: Replaced, query: str = "") -> Any:
    return server.wire.get(f"system/jobs/history{query}")


def test_rule_3_a_job_is_compact_json_with_one_key_named_status(server: Replaced) -> None:
    for job in server.done.values():
        text = server.wire("GET", f"system/jobs/{job}").raw.decode()
        assert text.count('"status":"completed"') == text.count('"status"') == 1
        assert text == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def test_rule_2_a_job_goes_through_the_words_that_clients_poll_on_and_every_key_is_there_in_each(
    server: Replaced,
) -> None:
    wire = server.wire
    job = server.submit_old("text_to_raw_mesh", text_prompt="wait")
    seen = []

    def runs() -> bool:
        seen.append(wire.get(f"system/jobs/{job}"))
        return bool(seen[-1]["status"] == "processing" and seen[-1]["progress"] > 0)

    eventually(runs, 60)
    assert {one["status"] for one in seen} <= {"queued", "processing"}
    assert wire("DELETE", f"system/jobs/{job}").body["job_info"]["status"] == "processing"  # it is stopped first
    assert wire("GET", f"system/jobs/{job}").status == 404
    assert wire("DELETE", f"system/jobs/{job}").status == 404

    failed = server.finished(server.submit_old("text_to_raw_mesh", text_prompt="fail"))
    assert (failed["status"], failed["result"], failed["mesh_url"]) == ("failed", None, None)
    assert "the prompt says fail" in failed["error"]
    cancelled = server.submit_old("text_to_raw_mesh", text_prompt="wait")
    server.client.cancel(cancelled)
    ended = server.finished(cancelled)
    assert (ended["status"], ended["failed_at"]) == ("cancelled", None)
    for record in (*seen, failed, ended, wire.get(f"system/jobs/{server.done['auto_rig']}")):
        assert set(ALWAYS.split()) <= set(record), record["status"]


def test_section_1_3_times_have_a_zone_and_a_completed_job_its_duration(server: Replaced) -> None:
    record = server.wire.get(f"system/jobs/{server.done['mesh_segmentation']}")
    times = [record[name] for name in ("created_at", "started_at", "completed_at")]
    assert all(text.endswith("Z") for text in times)
    assert times == sorted(times)
    assert record["processing_time"] >= 0
    assert (record["progress"], record["error"]) == (1.0, None)
    assert record["assigned_model"] == record["model_preference"] == model_of("mesh_segmentation")
    assert record["result"]["num_parts"] == 1  # of segmentation, beside generation_info
    assert record["result"]["success"] is True


def test_rule_4_a_row_of_the_history_is_the_job_itself_with_its_links_at_the_top(server: Replaced) -> None:
    rows = {row["job_id"]: row for row in history(server, "?limit=100&offset=0")["jobs"]}
    for feature, job in server.done.items():
        row = rows[job]
        assert row == server.wire.get(f"system/jobs/{job}")
        assert set(ROW.split()) <= set(row)
        assert (row["status"], row["feature"]) == ("completed", feature)
        assert all(row[name] for name in ("mesh_url", "thumbnail_url", "output_mesh_path", "completed_at"))
        assert bool(row["input_image_url"]) is ("image" in feature)


def test_row_13_the_history_filters_by_status_and_feature_and_counts_what_it_found(server: Replaced) -> None:
    assert server.done
    server.finished(server.submit_old("text_to_raw_mesh", text_prompt="fail"))
    for status in ("completed", "failed", "queued", "processing", "cancelled"):
        page = history(server, f"?status={status}&limit=500")
        assert {row["status"] for row in page["jobs"]} <= {status}
        assert page["pagination"]["total"] == len(page["jobs"])
        assert page["filters"] == {"status": status, "feature": None, "start_date": None, "end_date": None}
    assert history(server, "?status=failed")["jobs"]
    page = history(server, "?status=completed&feature=auto_rig")
    assert {row["feature"] for row in page["jobs"]} == {"auto_rig"}
    assert history(server, "?feature=nothing")["jobs"] == []
    wrong = history(server, "?status=running")
    assert (wrong["jobs"], "running" in wrong["error"]) == ([], True)  # 200 with an error, as ever


def test_row_13_pages_join_without_a_gap_newest_first(server: Replaced) -> None:
    assert server.done
    whole = [row["job_id"] for row in history(server, "?limit=500")["jobs"]]
    dates = [row["created_at"] for row in history(server, "?limit=500")["jobs"]]
    assert dates == sorted(dates, reverse=True)
    paged, offset, more = [], 0, True
    while more:
        page = history(server, f"?limit=5&offset={offset}")
        paged += [row["job_id"] for row in page["jobs"]]
        pagination = page["pagination"]
        assert (pagination["limit"], pagination["offset"], pagination["total"]) == (5, offset, len(whole))
        offset, more = offset + 5, pagination["has_more"]
    assert paged == whole
    assert history(server, "?limit=0")["pagination"]["limit"] == 1
    assert history(server, "?limit=9999")["pagination"]["limit"] == 500


def test_row_13_dates_with_and_without_a_zone_bound_the_history(server: Replaced) -> None:
    job = server.done["auto_rig"]
    made = datetime.fromisoformat(server.wire.get(f"system/jobs/{job}")["created_at"])
    zones = [
        lambda at: at.replace(tzinfo=None).isoformat(),
        lambda at: at.isoformat().replace("+00:00", "Z"),
        lambda at: (at + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "%2B02:00",
    ]
    for written in zones:
        before, after = written(made - timedelta(seconds=1)), written(made + timedelta(seconds=1))
        assert job in _ids(history(server, f"?limit=500&start_date={before}&end_date={after}"))
        assert job not in _ids(history(server, f"?limit=500&start_date={after}"))
        assert job not in _ids(history(server, f"?limit=500&end_date={before}"))
    assert server.wire("GET", "system/jobs/history?start_date=yesterday").status == 400
    today = datetime.now(UTC).date().isoformat()
    assert "pagination" in history(server, f"?start_date={today}")


def _ids(page: Any) -> list[str]:
    return [row["job_id"] for row in page["jobs"]]


def test_rows_11_12_counts_are_those_of_the_history_in_every_place(server: Replaced) -> None:
    assert server.done
    completed = history(server, "?status=completed&limit=1")["pagination"]["total"]
    stats = server.wire.get("system/jobs/queue/stats")["data"]
    scheduler = server.wire.get("system/scheduler-status")
    status = server.wire.get("system/status")
    assert stats["completed_jobs"] == completed
    assert stats["max_queue_size"] == 10_000
    eventually(lambda: server.wire.get("system/scheduler-status")["completed_jobs"] == completed)
    assert scheduler["scheduler"]["running"] is True
    assert {"pending", "processing", "total_jobs", "queued_jobs", "processing_jobs", "completed_jobs"} <= set(
        scheduler["scheduler"]["queue_status"]
    )
    assert isinstance(scheduler["scheduler"]["gpu_status"], list)  # in both modes
    eventually(lambda: server.wire.get("system/status")["queue"]["completed_jobs"] == completed)
    assert status["models"]["available"] == 13
