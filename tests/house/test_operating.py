"""What operators do while the server runs, and what they see of it: over HTTP and with the `aigc` command."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.client import Refused
from config import cli
from tests.house.kit import UP, Gate, House, Server, eventually, mainly

pytestmark = pytest.mark.parametrize("mode", mainly(UP), indirect=True)
"""What is looked at here is the same code in both modes, with more between its parts in this one."""


def aigc(*arguments: str | Path, server: Server) -> tuple[int, str, str]:
    """Exit code, output and messages of the command, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run([*map(str, arguments), "--url", server.url])
    return code, out.getvalue(), err.getvalue()


def worker(server: Server) -> dict[str, Any]:
    """The only one; it may still be on its way when the page is open."""
    eventually(lambda: server.client.workers()["workers"])
    (found,) = server.client.workers()["workers"]
    return dict(found)


def states(server: Server) -> dict[str, str]:
    """Which residencies are in memory, and what they do."""
    return {resident["residency"]: resident["state"] for resident in worker(server)["residents"]}


@pytest.fixture(scope="module")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose data folder is named in its file, so that the file says all that must agree."""
    folder = tmp_path_factory.mktemp("operating")
    with house(folder, settings={"storage": {"data_dir": str(folder / "data")}}) as started:
        yield started


@pytest.fixture
def running(server: Server) -> Iterator[str]:
    """A job that runs until the test is over."""
    job = server.submit("noop", sleep_s=1000, steps=10_000)["id"]
    begun(server, job)
    yield job
    server.client.cancel(job)
    server.client.wait(job)


def begun(server: Server, job: str) -> None:
    """Return once its model works on it."""
    assert any(event.get("stage") == "sampling" for event in server.client.events(job))


def test_a_model_is_loaded_pinned_and_unloaded_and_each_is_seen(server: Server) -> None:
    name = worker(server)["id"]
    code, out, _ = aigc("models", "load", "other", server=server)
    assert (code, out.startswith(f"{name}: other loads, in about ")) == (0, True)
    eventually(lambda: states(server).get("other") == "idle")
    assert aigc("models", "load", "other", server=server)[1] == f"{name}: other is loaded already\n"
    assert "idle on" in next(
        line for line in aigc("models", server=server)[1].splitlines() if line.startswith("  other ")
    )

    code, out, _ = aigc("models", "pin", "other", "--worker", name, "--json", server=server)
    assert (code, json.loads(out)["workers"][0]["begun"]) == (0, True)
    eventually(lambda: [one["pinned"] for one in worker(server)["residents"] if one["residency"] == "other"] == [True])
    assert "pinned" in aigc("workers", "show", name, server=server)[1]
    aigc("models", "unpin", "other", server=server)
    aigc("models", "unload", "other", server=server)
    eventually(lambda: "other" not in states(server))


def test_what_cannot_be_done_is_refused_with_the_reason(server: Server) -> None:
    for arguments, says in (
        (("models", "load", "nooop"), "did you mean noop?"),
        (("models", "load", "noop", "--worker", "nobody"), "there is no worker nobody"),
        (("workers", "drain", "nobody"), "there is no worker nobody"),
        (("workers", "show", "nobody"), "there is no worker 'nobody'"),
        (("workers", "forget", worker(server)["id"]), "drain it and end its process"),
    ):
        code, out, err = aigc(*arguments, server=server)
        assert (code, out) == (2, "")
        assert says in err


def test_a_drained_worker_lets_its_job_end_and_takes_the_waiting_one_when_it_is_resumed(
    server: Server, running: str
) -> None:
    name = worker(server)["id"]
    waiting = server.submit("noop")["id"]
    code, out, _ = aigc("workers", "drain", name, server=server)
    assert (code, out) == (0, f"{name}: takes no more jobs; 1 job still runs\n")
    assert "drains" in aigc("workers", server=server)[1]
    server.client.cancel(running)
    assert server.client.wait(running)["status"] == "cancelled"
    eventually(lambda: states(server) == {})
    assert server.client.job(waiting)["status"] == "queued"
    assert f"no worker that offers noop takes jobs: {name} is drained" in aigc("status", server=server)[1]
    assert aigc("workers", "resume", name, server=server)[1] == f"{name}: takes jobs again\n"
    record = server.client.wait(waiting)
    assert (record["status"], record["failures"]) == ("completed", [])


def test_the_status_says_what_runs_where_what_waits_and_why_and_who_leads(server: Server, running: str) -> None:
    waiting = [server.submit("other")["id"] for _ in range(2)]
    system = server.client.system()
    (lease,) = system["waiting"]["running"]
    assert (lease["id"], lease["model"], lease["worker"], lease["running_s"] >= 0) == (
        running, "noop", worker(server)["id"], True,
    )  # fmt: skip
    assert system["waiting"]["by_feature"] == {"text_to_raw_mesh": 2}
    assert system["waiting"]["reasons"] == [{"reason": "waits for its turn", "jobs": 2, "models": ["other"]}]
    assert [broker["leads"] for broker in system["brokers"]] == [True]
    code, out, _ = aigc("status", server=server)
    assert code == 0
    assert "2 waiting, 1 running" in out and "leads as generation" in out
    assert f"job {running}  noop  runs for" in out and "2 jobs for other: waits for its turn" in out
    for job in waiting:
        server.client.cancel(job)


def test_a_job_that_is_leased_ahead_says_where_it_is_next_and_not_that_it_has_begun(
    server: Server, running: str
) -> None:
    ahead = server.submit("noop")["id"]
    record = server.until(ahead, "processing")
    assert (record["stage"], record["progress"]["message"]) == ("waiting", f"next on {worker(server)['id']}")
    eventually(  # what is told of workers may be a second old
        lambda: (
            [(one["stage"], one["running_s"]) for one in worker(server)["leases"] if one["id"] == ahead]
            == [("waiting", None)]
        )
    )
    server.client.cancel(ahead)
    assert server.client.wait(ahead)["status"] == "cancelled"


def test_the_command_s_answer_as_json_is_that_of_the_server(server: Server) -> None:
    for arguments in (("workers", "--json"), ("--json", "workers")[::-1]):
        assert json.loads(aigc(*arguments, server=server)[1])["workers"][0]["id"] == worker(server)["id"]
    shown = json.loads(aigc("workers", "--json", "show", worker(server)["id"], server=server)[1])
    assert shown["boot"] == worker(server)["boot"]


# Another catalogue.


class File:
    """The catalogue's file; it is as it was, and in force, when the test is over."""

    def __init__(self, server: Server) -> None:
        self.path = server.folder / "models.yaml"
        self.text = self.path.read_text()

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """`change` is done to its models."""
        catalogue = yaml.safe_load(self.text)
        change(catalogue["models"]["text_to_raw_mesh"])
        self.path.write_text(yaml.safe_dump(catalogue))


@pytest.fixture
def file(server: Server) -> Iterator[File]:
    file = File(server)
    yield file
    file.path.write_text(file.text)
    server.client.reload()


def test_a_model_is_added_and_used_and_one_that_runs_is_removed_while_it_runs(
    server: Server, file: File, gate: Gate
) -> None:
    job = server.submit("stepping", gate=gate.path)["id"]
    begun(server, job)
    waiting = server.submit("other")["id"]

    def change(models: dict[str, Any]) -> None:
        models["newcomer"] = models["noop"]
        del models["stepping"], models["other"]

    file.edit(change)
    code, out, err = aigc("config", "reload", server=server)
    assert (code, err) == (0, "")
    assert "added: newcomer" in out and "removed: other, stepping" in out
    failed = server.client.wait(waiting)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "model_removed")
    assert "not in the catalogue any more" in failed["error"]["message"]
    eventually(lambda: "newcomer" in aigc("models", server=server)[1])
    gate.open()
    assert server.client.wait(server.submit("newcomer")["id"])["status"] == "completed"
    record = server.client.wait(job)
    assert (record["status"], record["attempt"]) == ("completed", 1)
    with pytest.raises(Refused, match="stepping"):
        server.submit("stepping")
    eventually(lambda: "stepping" not in states(server))


def test_a_bad_catalogue_is_refused_whole_with_every_place(server: Server, file: File) -> None:
    before = server.client.models()["digest"]

    def spoil(models: dict[str, Any]) -> None:
        models["third"] = {**models["noop"], "memory_gb": -1}
        models["fourth"] = {**models["noop"], "load_s": 0}

    file.edit(spoil)
    code, out, err = aigc("config", "reload", server=server)
    assert (code, out) == (2, "")
    assert err.count("models.yaml:") == 2
    assert "memory_gb" in err and "load_s" in err and "what was in force still is" in err
    assert server.client.models()["digest"] == before


def test_a_server_is_compared_with_this_machine_s_files(server: Server, file: File) -> None:
    check = ("config", "check", "--config", server.settings_file)

    def differences() -> list[str]:
        code, out, _ = aigc(*check, "--json", server=server)
        answer = json.loads(out)
        assert (code, answer["ok"]) == ((1, False) if answer["differences"] else (0, True))
        return [str(line) for line in answer["differences"]]

    assert differences() == []

    def change(models: dict[str, Any]) -> None:
        models["noop"]["run_s"] = 9
        del models["trespassing"]

    file.edit(change)
    expected = ["model noop is another one there: run_s 9.0 here, 0.1 there", "model trespassing is only there"]
    assert differences() == expected
    assert expected[0] in aigc(*check, server=server)[1]
    assert aigc("config", "reload", server=server)[0] == 0
    assert differences() == []
