"""The commands that talk to a server, each told what it says where and what it ends with; and the pages about them."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete

from config import cli
from config.commands.given import grouped, meant
from tests.house.kit import REPOSITORY, SAMPLES, Server, eventually

DONE, FAILED, REFUSED, AWAY, TIMED_OUT, NOT_ALLOWED, BUSY = range(7)
AIGC = Callable[..., tuple[int, str, str]]


@pytest.fixture
def aigc(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> AIGC:
    """Runs a command in a folder of its own: its exit code, and what it printed on each stream."""
    monkeypatch.setenv("AIGC_URL", server.url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("cats and dogs")
    for name in ("cat.png", "dog.png"):
        shutil.copy(SAMPLES / "robot.png", tmp_path / name)

    def run(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.run(list(words))
        out, err = capfd.readouterr()
        return code, out, err

    return run


def completed(*words: str) -> list[str]:
    """What a shell is proposed for the last word."""
    *before, last = words
    return [item.value for item in ShellComplete(cli.root, {}, "aigc", "_AIGC_COMPLETE").get_completions(before, last)]


# Running.


def test_a_line_is_enough_from_input_to_mesh(aigc: AIGC, tmp_path: Path) -> None:
    code, out, err = aigc("run", "text-to-textured-mesh", "a red chair", "--seed", "7", "--no-tidy", "-o", "chair.glb")
    assert (code, out) == (DONE, "chair.glb\n") and "completed  text_to_textured_mesh" in err
    assert (tmp_path / "chair.glb").read_bytes()[:4] == b"glTF"
    code, out, _ = aigc(
        "run", "mesh-retopology", "chair.glb", "--poly-type=quad", "--center", "[0, 1]", "--ratio", "0.5", "-p",
        'model="x"', "--json", "--tag", "t", "--metadata", "shot=12",
    )  # fmt: skip
    job = json.loads(out)
    assert (
        code == DONE
        and {"poly_type": "quad", "center": [0, 1], "ratio": 0.5, "model": "x"}.items() <= job["params"].items()
    )
    assert (job["tags"], job["metadata"]) == (["t"], {"shot": "12"})


def test_several_inputs_are_several_jobs_with_results_under_their_names(aigc: AIGC, tmp_path: Path) -> None:
    code, out, err = aigc("run", "image-to-textured-mesh", "cat.png", "dog.png", "cat.png", "-o", "made/")
    assert code == DONE and sorted(out.split()) == ["made/cat-2.glb", "made/cat.glb", "made/dog.glb"]
    assert "dog: completed" in err
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["cat-2.glb", "cat.glb", "dog.glb"]
    code, out, _ = aigc("run", "image-to-textured-mesh", "cat.png", "dog.png", "--json", "--all", "-o", "all")
    assert code == DONE and [json.loads(line)["status"] for line in out.splitlines()] == ["completed"] * 2
    assert (tmp_path / "all" / "dog" / "noop.glb").is_file()
    assert aigc("run", "image-to-textured-mesh", "cat.png", "dog.png", "-o", "cat.png")[0] == REFUSED


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "no-such-thing", "x"], "known are"),
        (["run", "text-to-textured-mesh"], "each job needs text"),
        (["run", "text-to-textured-mesh", "x", "--seed", "100"], "0<=x<=99"),
        (["run", "text-to-textured-mesh", "x", "--center", "middle"], "not JSON"),
        (["run", "mesh-retopology", "nowhere.glb"], "no job's id"),
        (["run", "mesh-retopology", "abcdef0"], "none of the newest jobs"),
        (["run", "mesh-retopology", "list.txt"], "mesh takes glb"),
        (["upload", "cat.png", "list.txt"], "list.txt: a file that ends in .txt"),
        (["lst"], "did you mean list?"),
        (["models", "loda", "noop"], "did you mean load?"),
        (["list", "--since", "yesterday"], "2026-01-31"),
        (["show", "abc"], "by their first 6 characters"),
        (["run", "mesh-retopology", "--mesh", "cat.png", "dog.png"], "too many"),
        (["run", "text-to-textured-mesh", "x", "-o", "nowhere/x.glb"], "does not exist"),
        (["run", "text-to-textured-mesh", "x", "-m", "no-such-model"], "no-such-model"),
        (["move", "no-such-job", "--priority", "3"], "no-such-job"),
        (["delete", "no-such-job"], "no-such-job"),
    ],
)
def test_wrong_lines_are_refused_with_what_is_right(aigc: AIGC, words: list[str], said: str) -> None:
    code, out, err = aigc(*words)
    assert (code, out) == (REFUSED, "") and said in err


def test_a_failed_job_shows_its_evidence(aigc: AIGC) -> None:
    code, out, _ = aigc("run", "text-to-raw-mesh", "x", "-m", "raising", "-p", "at=1", "--json")
    job = json.loads(out)["id"]
    assert code == FAILED
    code, out, _ = aigc("show", job, "--evidence")
    assert code == DONE and "Traceback" in out and "attempt 1" in out and "x" in out.splitlines()[0]
    assert json.loads(aigc("show", job, "--evidence", "--json")[1])
    assert aigc("download", job)[0] == aigc("wait", job)[0] == FAILED


def test_what_others_wrote_moves_no_cursor(aigc: AIGC) -> None:
    words = "a chair\x1b[2J\x9b1m \u202e\nanother"
    job = aigc("run", "text-to-raw-mesh", words, "--no-wait")[1].strip()
    told = [
        aigc("watch", job),
        aigc("watch", job, "--json"),
        aigc("list"),
        aigc("show", job),
        aigc("show", job, "--json"),
    ]
    for _, out, err in told:
        assert not any(char in out + err for char in "\x1b\x9b\u202e")
    assert json.loads(told[-1][1])["inputs"]["text"]["text"] == words
    assert told[3][1].splitlines()[0] == r"text: a chair\x1b[2J\x9b1m \u202e\nanother"


def test_a_job_is_named_by_how_its_id_begins(aigc: AIGC) -> None:
    job = aigc("run", "text-to-raw-mesh", "x", "--no-wait")[1].strip()
    assert aigc("wait", job[:8])[1].startswith(job)
    assert aigc("show", job[:13].upper(), "--json")[0] == DONE
    for word in (job[:8], f"{job[:8]}/noop.glb"):
        code, out, _ = aigc("run", "text-mesh-painting", "like a facade", word, "--json")
        assert (code, json.loads(out)["inputs"]["mesh"]["filename"]) == (DONE, "noop.glb")
    code, _, err = aigc("show", job[:-1] + "x")
    assert code == REFUSED and f"did you mean {job}?" in err


def test_a_job_made_of_anothers_result_is_called_as_that_one_is(aigc: AIGC) -> None:
    source = aigc("run", "text-to-raw-mesh", "a chair like no other", "--no-wait")[1].strip()
    aigc("wait", source)
    made = aigc("run", "mesh-retopology", source, "--no-wait")[1].strip()
    lines = {line.split()[0]: line for line in aigc("list")[1].splitlines()}
    assert lines[source].endswith("a chair like no other") and lines[made].endswith("a chair like no other")
    assert aigc("show", made)[1].splitlines()[0] == "mesh: noop.glb, of: a chair like no other"


def test_jobs_are_found_by_words_in_any_order(aigc: AIGC) -> None:
    sought = aigc("run", "text-to-raw-mesh", "a purple chair", "--no-wait")[1].strip()
    aigc("run", "text-to-raw-mesh", "a purple table", "--no-wait")
    found = [line.split()[0] for line in aigc("list", "--search", "CHAIR purple")[1].splitlines()]
    assert found == [sought]
    assert "no such job" in aigc("list", "--search", "purple elephant")[2]


def test_a_drained_worker_says_so_and_how_it_works_again(aigc: AIGC) -> None:
    _, _, err = aigc("workers", "drain", "worker-0")
    assert "aigc workers resume worker-0" in err
    assert "drain" in aigc("workers")[1]
    assert aigc("workers", "resume", "worker-0")[0] == DONE
    assert "drain" not in aigc("workers")[1]


def test_there_is_nothing_to_log_in_to_without_accounts(aigc: AIGC) -> None:
    code, out, err = aigc("login")
    assert (code, out) == (DONE, "") and "nobody has to log in" in err


def test_a_running_job_is_shown_with_where_it_is(aigc: AIGC) -> None:
    aigc("run", "text-to-raw-mesh", "x", "-m", "noop")  # nothing is foreseen of what was never seen
    job = aigc("run", "text-to-raw-mesh", "x", "-m", "noop", "--sleep-s", "60", "--steps", "600", "--no-wait")[
        1
    ].strip()
    eventually(lambda: re.search(r"^  sampling, \d+%, about \d+ s left$", aigc("show", job)[1], re.MULTILINE))
    assert aigc("cancel", job)[0] == DONE


def test_a_wait_that_is_too_short_has_its_own_code(aigc: AIGC) -> None:
    _, job, _ = aigc("run", "text-to-raw-mesh", "x", "--sleep-s", "60", "--steps", "600", "--no-wait")
    assert aigc("wait", job.strip(), "--timeout", "0.1")[0] == TIMED_OUT
    assert aigc("cancel", job.strip())[0] == DONE
    assert aigc("wait", job.strip(), "--timeout", "60")[0] == FAILED


def test_words_find_the_inputs_that_they_are_for(tmp_path: Path) -> None:
    mesh = tmp_path / "a.glb"
    mesh.write_bytes(b"")
    needed = {"text": {"formats": ["text"]}, "mesh": {"formats": ["glb"]}}
    for words in ([str(mesh), "red"], ["red", str(mesh)]):
        assert grouped(words, needed) == [{"text": "red", "mesh": str(mesh)}]
    before, after = tmp_path / "before.PNG", tmp_path / "after.png"
    for picture in (before, after):
        picture.touch()
    kinds = {"image": {"formats": ["png"]}, "edited": {"formats": ["png"]}, "mesh": {"formats": ["glb"]}}
    for place in range(3):
        words = [str(before), str(after)]
        words.insert(place, str(mesh))
        assert grouped(words, kinds) == [{"image": str(before), "edited": str(after), "mesh": str(mesh)}]
    assert grouped(["a", "b"], {"text": {"formats": ["text"]}}) == [{"text": "a"}, {"text": "b"}]
    assert grouped([], {}) == [{}]
    job = "68b8105c-df6b-4bcd-925f-6db1fa0a393d"
    whole = {job: job, job[:6]: job}.__getitem__
    assert meant(job, is_text=False, job=whole) == {"job": job, "output": "model"}
    assert meant(f"{job[:6]}/part 1.glb", is_text=False, job=whole) == {"job": job, "output": "part 1.glb"}
    assert meant(job, is_text=True, job=whole) == job
    for words in (["facade", job[:6]], [job[:6], "facade"]):
        assert grouped(words, needed) == [{"text": "facade", "mesh": job[:6]}]


# Completing.


def test_a_shell_completes_what_the_server_knows(aigc: AIGC) -> None:
    _, job, _ = aigc("run", "text-to-raw-mesh", "x", "--no-wait")
    assert "text-to-raw-mesh" in completed("run", "text")
    assert completed("submit", "image-to-t") == ["image-to-textured-mesh"]
    assert completed("run", "mesh-retopology", "--poly-type", "") == ["tri", "quad"]
    assert "--no-tidy" in completed("run", "mesh-retopology", "--no-")
    assert completed("run", "text-to-raw-mesh", "x", "-m", "rai") == ["raising"]
    assert job.strip() in completed("show", "") and job.strip() not in completed("watch", job.strip(), "")
    assert completed("models", "load", "noop-r") == ["noop-rig"]
    assert completed("workers", "drain", "") == ["worker-0"]
    assert completed("do") == ["download", "doctor"]


def test_a_shell_is_told_nothing_while_the_server_is_away(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIGC_URL", "http://127.0.0.1:9")
    for line in (["show", ""], ["run", ""], ["run", "text-to-raw-mesh", "--se"], ["models", "load", ""]):
        assert completed(*line) == []
    assert capfd.readouterr() == ("", "")


def test_the_script_for_bash_is_sound_and_completes(aigc: AIGC, tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(aigc("completion", "bash")[1])
    (tmp_path / "aigc").write_text(f'#!/bin/sh\nexec {sys.executable} -m aigc "$@"\n')
    (tmp_path / "aigc").chmod(0o755)
    typed = (
        f"PATH={tmp_path}:$PATH; source {script}; COMP_WORDS=(aigc run text-to-r); COMP_CWORD=2;"
        ' _aigc_completion aigc; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["text-to-raw-mesh"], done.stderr
    for shell in ("zsh", "fish"):
        assert "_AIGC_COMPLETE" in aigc("completion", shell)[1]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_ids_with_all_that_is_said_of_them(aigc: AIGC, tmp_path: Path) -> None:
    job = aigc("run", "text-to-raw-mesh", "x", "--no-wait")[1].strip()
    aigc("wait", job)
    script = tmp_path / "aigc.fish"
    script.write_text(aigc("completion", "fish")[1])
    (tmp_path / "aigc").write_text(f'#!/bin/sh\nexec {sys.executable} -m aigc "$@"\n')
    (tmp_path / "aigc").chmod(0o755)
    typed = f"set -p PATH {tmp_path}; source {script}; complete -C 'aigc show {job[:6]}'"
    done = subprocess.run(["fish", "--no-config", "-c", typed], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{job}\tcompleted, text to raw mesh, "), done.stderr


# The pages.


def blocks(page: str, language: str) -> list[str]:
    """The fenced examples of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", (REPOSITORY / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)


def test_every_line_of_the_page_about_the_command_line_works(aigc: AIGC, tmp_path: Path) -> None:
    (tmp_path / "meshes").mkdir()
    values: dict[str, str] = {}
    lines = [line for block in blocks("command-line.md", "sh") for line in block.splitlines()]
    assert len(lines) > 30
    for line in lines:
        name, _, asked = line.rpartition("=$(") if "=$(" in line else ("", "", line)
        words = [re.sub(r"\$(\w+)", lambda found: values[found[1]], word) for word in shlex.split(asked.rstrip(")"))]
        assert words[0] == "aigc"
        code, out, err = aigc(*words[1:])
        assert code == DONE, (line, out, err)
        if name:
            values[name] = out.strip()
        if words[1] == "cancel":  # what is cancelled ends before the next line looks
            aigc("wait", *words[2:])


def test_every_example_of_the_page_about_python_works(
    aigc: AIGC, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    examples = blocks("python.md", "python")
    assert len(examples) > 6
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), names)
    assert "/params/poly_typ" in capfd.readouterr().out
    assert {"chair.glb", "light.glb", "blue.glb", "cat.glb"} <= {path.name for path in tmp_path.iterdir()}
