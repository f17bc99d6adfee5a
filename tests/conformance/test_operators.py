"""What operators do: the log, rows 23 to 25, and the server's end, row 26; W-S4 and W-S6 are not copied."""

import stat

from tests.conformance.kit import Replaced, Wire
from tests.conformance.models.answering import MESHES
from tests.conformance.studio import POLLED, Studio
from tests.house.kit import SERVE, alive, eventually

LOGS = "system/logs"


def test_row_23_the_log_is_that_of_every_process(server: Replaced) -> None:
    assert server.done  # a runner was started
    told = server.wire.get(f"{LOGS}?lines=5000")
    assert set(told) == {"logs", "total_entries", "file", "available_files", "filters_applied"}
    assert told["total_entries"] == len(told["logs"]) > 0
    assert {"timestamp", "logger", "level", "message", "raw"} <= set(told["logs"][0])
    roles = {line["process"].partition("-")[0] for line in told["logs"]}
    assert roles == ({"serve"} if server.mode == SERVE else {"up", "web", "broker", "worker"})
    times = [line["timestamp"] for line in told["logs"]]
    assert times == sorted(times)
    assert any(line["message"].startswith("server.ready") for line in told["logs"])


def test_row_23_the_log_is_filtered_by_level_logger_and_time(wire: Wire) -> None:
    for level in ("info", "ERROR", "warning"):
        wire.post(f"{LOGS}/test?level={level}&count=2")
    lines = wire.get(f"{LOGS}?lines=5000&logger_name=log")["logs"]
    assert {line["logger"] for line in lines} == {"log"}
    (*_, last) = lines
    for level, above in (("info", {"INFO", "WARNING", "ERROR"}), ("error", {"ERROR"})):
        told = wire.get(f"{LOGS}?lines=5000&logger_name=log&level={level}")
        assert {line["level"] for line in told["logs"]} == above
        assert told["filters_applied"]["level"] == level.upper()
    later = wire.get(f"{LOGS}?logger_name=log&since={last['timestamp']}")["logs"]
    assert later == [last]
    assert len(wire.get(f"{LOGS}?lines=1")["logs"]) == 1
    for query in ("level=loud", "since=never"):
        assert wire("GET", f"{LOGS}?{query}").status == 400
    assert wire("GET", f"{LOGS}?lines=many").status == 422


def test_row_24_files_are_listed_read_and_deleted_but_not_while_they_are_written(server: Replaced) -> None:
    wire, folder = server.wire, server.data / "logs"
    former = folder / "20260101T000000000000Z-web-1.jsonl"
    former.write_text('{"event":"web.drained","level":"info","timestamp":"2026-01-01T00:00:00Z"}\nhalf a line')
    told = wire.get(f"{LOGS}/files")
    assert told["total_files"] == len(told["files"])
    shown = {file["name"]: file for file in told["files"]}[former.name]
    assert set(shown) == {"name", "path", "size_bytes", "size_mb", "modified", "created"}
    assert (shown["path"], shown["created"]) == (former.name, "2026-01-01T00:00:00Z")
    one = wire.get(f"{LOGS}/files/{former.name}")
    assert [line["message"] for line in one["logs"]] == ["web.drained"]
    assert (one["filename"], one["total_entries"], one["file_info"]["name"]) == (former.name, 1, former.name)
    assert wire("DELETE", f"{LOGS}/files/{former.name}").body["deleted_file"] == former.name
    assert not former.exists()
    assert wire("DELETE", f"{LOGS}/files/{former.name}").status == 404
    for file in told["files"]:
        if file["name"] != former.name:
            assert wire("DELETE", f"{LOGS}/files/{file['name']}").status == 409
            assert stat.S_IMODE((folder / file["name"]).stat().st_mode) == 0o600


def test_w_s6_a_name_leads_to_no_other_file_and_no_path_or_secret_is_shown(server: Replaced) -> None:
    wire = server.wire
    (server.data / "logs" / "link.jsonl").unlink(missing_ok=True)
    (server.data / "logs" / "link.jsonl").symlink_to(server.settings_file)
    for name in ("link.jsonl", "..%2fjobs.db", "..%2f..%2fsystem.yaml", "%2e%2e", "app.log", "%00", "x" * 300):
        for method in ("GET", "DELETE"):
            assert wire(method, f"{LOGS}/files/{name}").status == 404, name
    assert server.settings_file.exists()
    for path in (f"{LOGS}/files", f"{LOGS}/config"):
        assert str(server.folder).encode() not in wire("GET", path).raw


def test_w_s4_pages_of_other_servers_reach_neither_the_log_nor_the_end_of_the_server(server: Replaced) -> None:
    for method, path in (("GET", LOGS), ("DELETE", f"{LOGS}/files/x"), ("PUT", f"{LOGS}/level?level=debug"),
                         ("POST", "system/shutdown")):  # fmt: skip
        answer = server.wire(method, path, Origin="https://evil.example")
        assert (answer.status, answer.body["code"]) == (403, "origin_refused")
    assert server.wire("GET", LOGS, Origin=server.url).status == 200
    assert server.wire.get("/health")["status"] == "healthy"


def test_row_25_a_level_is_changed_while_the_server_runs_and_test_lines_are_written(wire: Wire) -> None:
    config = wire.get(f"{LOGS}/config")
    assert set(config) == {"loggers", "available_levels", "logs_directory", "config_source"}
    assert config["loggers"]["aigc"]["level"] == "INFO"
    assert wire.post(f"{LOGS}/test?level=debug&count=3")["count"] == 3
    before = len(wire.get(f"{LOGS}?lines=5000&logger_name=log")["logs"])
    changed = wire("PUT", f"{LOGS}/level?level=debug").body
    assert (changed["old_level"], changed["new_level"]) == ("INFO", "DEBUG")
    wire.post(f"{LOGS}/test?level=debug&count=99")
    assert len(wire.get(f"{LOGS}?lines=5000&logger_name=log")["logs"]) == before + 51  # 50 at most, and the change
    assert wire("PUT", f"{LOGS}/level?level=info&logger_name=aigc").body["old_level"] == "DEBUG"
    assert wire("PUT", f"{LOGS}/level?logger_name=asyncio&level=critical").status == 200
    assert wire("PUT", f"{LOGS}/level?logger_name=nobody&level=info").status == 404
    assert wire("PUT", f"{LOGS}/level").status == 400


def test_row_26_a_shutdown_drains_the_server_loses_no_job_and_the_history_is_right_after_the_next_start(
    server: Replaced,
) -> None:
    done = dict(server.done)
    running = server.submit_old("text_to_raw_mesh", text_prompt="wait")
    eventually(lambda: server.wire.get(f"system/jobs/{running}")["status"] == "processing", 60)
    family = server.family()
    answer = server.wire("POST", "system/shutdown")
    assert (answer.status, "end" in answer.body["message"]) == (200, True)
    assert server.ended() == 0
    assert not any(alive(pid) for pids in family.values() for pid in pids)
    server.start()
    studio = Studio(server.url)
    tasks = {task["id"]: task for task in studio.start()}
    for feature, job in done.items():
        assert (tasks[job]["status"], tasks[job]["feature"]) == ("completed", feature)
        assert studio.open(tasks[job]["mesh"]) == MESHES[tasks[job]["format"]]
    assert tasks[running]["status"] in POLLED
    assert server.wire("DELETE", f"system/jobs/{running}").body["deleted"] is True
