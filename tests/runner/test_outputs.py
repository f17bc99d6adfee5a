import hashlib
import os

import pytest

from aigc.runner import outputs
from aigc.runner.failures import ResultInvalid
from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb
from tests.runner_models.stepping import png

GLB = triangle_glb()


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "staging").mkdir()
    return tmp_path / "staging"


def store(result, scratch, folder, **options):
    return outputs.store(result, scratch, folder, fsync=False, **options)


def refusal(result, scratch, folder, **options):
    with pytest.raises(ResultInvalid) as refused:
        store(result, scratch, folder, **options)
    assert list(folder.iterdir()) == []
    return str(refused.value)


def main(**fields):
    return Output(**{"name": "a.glb", "role": "model", **({"data": GLB} if "path" not in fields else {}), **fields})


def test_data_and_files_are_stored_and_measured(scratch, folder):
    (scratch / "deep").mkdir()
    (scratch / "deep" / "b").write_bytes(png())
    result = Result(
        [
            main(stats={"triangles": 1, "area": float("nan")}),
            Output("thumb.PNG", "thumbnail", path=scratch / "deep" / "b"),
            Output("part.glb", "part", data=memoryview(bytearray(GLB))),
        ]
    )
    stored = store(result, scratch, folder)
    assert stored[0] == {
        "name": "a.glb",
        "role": "model",
        "format": "glb",
        "content_type": "model/gltf-binary",
        "bytes": len(GLB),
        "sha256": hashlib.sha256(GLB).hexdigest(),
        "stats": {"triangles": 1, "area": None},
    }
    assert (stored[1]["format"], stored[1]["content_type"]) == ("png", "image/png")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a.glb": GLB,
        "thumb.PNG": png(),
        "part.glb": GLB,
    }


def test_a_relative_path_counts_from_the_scratch_folder(scratch, folder):
    (scratch / "a").write_bytes(GLB)
    store(Result([main(path="a")]), scratch, folder)
    assert (folder / "a.glb").read_bytes() == GLB


def test_a_file_that_is_changed_afterwards_does_not_change_the_result(scratch, folder):
    (scratch / "a").write_bytes(GLB)
    store(Result([main(path=scratch / "a")]), scratch, folder)
    (scratch / "a").write_bytes(b"changed")
    assert (folder / "a.glb").read_bytes() == GLB


def test_every_file_and_then_the_folder_are_synced(scratch, folder, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")))
    result = Result([main(), Output("b.png", "thumbnail", data=png())])
    outputs.store(result, scratch, folder)
    assert synced == [str(folder / "a.glb"), str(folder / "b.png"), str(folder)]


@pytest.mark.parametrize("result", [None, {}, Result(None), "a.glb"])
def test_what_is_no_result_is_refused(scratch, folder, result):
    assert "not a Result" in refusal(result, scratch, folder)


@pytest.mark.parametrize("count", [0, outputs.FILES + 1])
def test_too_few_and_too_many_outputs_are_refused(scratch, folder, count):
    files = [Output(f"{number}.png", "part", data=png()) for number in range(count)]
    assert f"has {count} outputs" in refusal(Result(files), scratch, folder)


@pytest.mark.parametrize(
    "name", ["", "a", ".glb", "../a.glb", "a/b.glb", "/a.glb", "a.glb\0", "a\n.glb", "..", "a b.glb", "ü.glb", None,
             "x" * 200 + ".glb", ".hidden.glb", "a.glb\n"],
)  # fmt: skip
def test_names_that_are_no_plain_file_names_are_refused(scratch, folder, name):
    assert "not a plain file name" in refusal(Result([main(name=name)]), scratch, folder)


def test_two_outputs_of_one_name_are_refused(scratch, folder):
    twice = Result([main(), Output("A.glb", "part", data=GLB)])
    assert "two outputs" in refusal(twice, scratch, folder)


def test_a_role_that_nobody_knows_is_refused(scratch, folder):
    assert "its role is" in refusal(Result([main(), Output("b.png", "hero", data=png())]), scratch, folder)


@pytest.mark.parametrize("roles", [["part"], ["model", "model"]])
def test_exactly_one_output_is_the_model(scratch, folder, roles):
    result = Result([Output(f"{number}.glb", role, data=GLB) for number, role in enumerate(roles)])
    assert "exactly one must" in refusal(result, scratch, folder)


def test_data_and_path_exclude_each_other_and_one_is_needed(scratch, folder):
    for output in (main(data=None), main(path=scratch / "a", data=GLB)):
        assert "set data or path" in refusal(Result([output]), scratch, folder)


def test_data_that_are_no_bytes_are_refused(scratch, folder):
    assert "not bytes" in refusal(Result([main(data="text")]), scratch, folder)


def test_an_empty_file_is_refused(scratch, folder):
    (scratch / "a").touch()
    assert "is empty" in refusal(Result([main(path=scratch / "a")]), scratch, folder)
    assert "is empty" in refusal(Result([main(data=b"")]), scratch, folder)


def test_a_broken_file_is_refused_and_the_sound_ones_go_with_it(scratch, folder):
    result = Result([main(), Output("b.png", "thumbnail", data=GLB)])
    assert refusal(result, scratch, folder).startswith("output b.png: it does not begin")


def test_paths_that_lead_out_of_the_scratch_folder_are_refused(scratch, folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(GLB)
    (scratch / "door").symlink_to(outside)
    (scratch / "link").symlink_to(outside / "a")
    (scratch / "own").write_bytes(GLB)
    (scratch / "own_link").symlink_to(scratch / "own")
    for path, words in [
        (outside / "a", "not in progress.folder"),
        (scratch / "door" / "a", "not in progress.folder"),
        (scratch / ".." / "outside" / "a", "has .. in it"),
        (scratch / "link", "is a link"),
        (scratch / "own_link", "is a link"),
        (scratch / "missing", "cannot be read"),
        (scratch / "nul\0", "cannot be read"),
    ]:
        assert words in refusal(Result([main(path=path)]), scratch, folder)


def test_pipes_and_folders_are_refused_without_waiting(scratch, folder):
    os.mkfifo(scratch / "pipe")
    (scratch / "folder").mkdir()
    for name in ("pipe", "folder"):
        assert "not a regular file" in refusal(Result([main(path=scratch / name)]), scratch, folder)


def test_the_limit_is_that_of_all_files_together(scratch, folder):
    result = Result([main(), Output("b.glb", "part", data=GLB)])
    assert len(store(result, scratch, folder, limit=2 * len(GLB))) == 2
    for path in folder.iterdir():
        path.unlink()
    assert "output b.glb: the result is larger" in refusal(result, scratch, folder, limit=2 * len(GLB) - 1)


def test_a_disk_error_leaves_nothing_behind(scratch, folder, monkeypatch):
    def full(fd, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        store(Result([main()]), scratch, folder)
    assert list(folder.iterdir()) == []
