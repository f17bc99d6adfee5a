import errno
import itertools
import math
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.stores.asset_files import AssetFiles
from actors.stores.durable import write_file
from aigc.core.errors import Conflict, NotFound, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset

KEY = AssetKey("uploads/a/mesh.glb")


@pytest.fixture
def files(tmp_path: Path) -> Iterator[AssetFiles]:
    files = AssetFiles(tmp_path / "assets")
    yield files
    files.close()


def finished(files: AssetFiles, key: str = KEY, content: bytes = b"content", **fields: Any) -> tuple[Path, Asset]:
    """A file in the workspace that is ready to be installed."""
    path = files.workspace.fresh()
    write_file(path, content)
    return path, Asset(key=AssetKey(key), bytes=len(content), sha256="", content_type="x/y", **fields)


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_a_file_and_its_sidecar_stand_where_the_layout_says(files: AssetFiles, tmp_path: Path) -> None:
    files.install([finished(files, expires_at=1.5)])

    root, place = tmp_path / "assets", files.path(KEY).name.partition("+")[0]
    assert tree(root / "files") == ["uploads/ca/.a+mesh.glb.json", f"uploads/ca/{place}+a+mesh.glb"]
    assert tree(root / "expiry") == ["000000000/000000000001500+uploads+a+mesh.glb"]
    assert files.path(KEY) == root / f"files/uploads/ca/{place}+a+mesh.glb"
    assert tree(files.workspace.folder) == []


@pytest.mark.parametrize("cut", ["sidecar", "data"])
def test_a_half_that_a_crash_left_is_no_file_and_goes_when_its_time_comes(
    files: AssetFiles, tmp_path: Path, cut: str
) -> None:
    files.install([finished(files, expires_at=10.0)])
    path = files.path(KEY)
    (path if cut == "data" else path.with_name(".a+mesh.glb.json")).unlink()
    path.with_name("89abcdef+a+mesh.glb").write_text("of a third, which died before its sidecar")

    assert files.read(KEY) is None
    assert files.newest("uploads", 9) == []
    with pytest.raises(NotFound):
        files.path(KEY)
    assert files.expired(11.0, 9) == []
    assert tree(tmp_path / "assets") == [f"tmp/{files.workspace.folder.name}.lock"]


@pytest.mark.parametrize("change", [b"cont", b"content and more"])
def test_a_file_of_another_size_is_no_file(files: AssetFiles, change: bytes) -> None:
    files.install([finished(files)])
    files.path(KEY).write_bytes(change)

    assert files.read(KEY) is None
    with pytest.raises(NotFound, match="damaged"):
        files.path(KEY)


def test_a_sidecar_that_cannot_be_read_makes_no_file(files: AssetFiles) -> None:
    files.install([finished(files)])
    files.path(KEY).with_name(".a+mesh.glb.json").write_bytes(b'{"key": 5')

    assert files.read(KEY) is None


def test_what_is_stored_under_the_key_of_a_missing_half_is_not_mixed_up_with_it(files: AssetFiles) -> None:
    files.install([finished(files)])
    half = files.path(KEY)
    half.with_name(".a+mesh.glb.json").unlink()

    files.install([finished(files, content=b"again")])

    assert files.path(KEY).read_bytes() == b"again"
    assert half.read_bytes() == b"content"


@pytest.mark.parametrize("place", ["../../../../outside", "", "0123456", "x/"])
def test_a_sidecar_that_names_another_place_makes_no_file(files: AssetFiles, tmp_path: Path, place: str) -> None:
    files.install([finished(files)])
    (tmp_path / "outside+a+mesh.glb").write_bytes(b"content")
    sidecar = files.path(KEY).with_name(".a+mesh.glb.json")
    sidecar.write_bytes(sidecar.read_bytes().replace(files.path(KEY).name[:8].encode(), place.encode()))

    assert files.read(KEY) is None


def test_who_comes_second_under_a_key_keeps_its_file_and_leaves_the_first(files: AssetFiles) -> None:
    first, second = finished(files, content=b"first"), finished(files, content=b"second")
    files.install([first])

    with pytest.raises(Conflict, match="already"):
        files.install([second])

    assert files.path(KEY).read_bytes() == b"first"
    assert second[0].read_bytes() == b"second"


def test_a_file_that_is_deleted_while_it_is_touched_is_gone(files: AssetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    files.install([finished(files, expires_at=1.0)])
    rename = os.rename

    def deleted_before(path: str, target: str) -> None:
        files.remove(KEY)
        rename(path, target)

    monkeypatch.setattr(os, "rename", deleted_before)
    files.touch(KEY, 2.0)

    assert files.read(KEY) is None
    assert files.newest("uploads", 9) == []
    assert files.expired(9.0, 9) == []  # and so its rest has gone
    monkeypatch.undo()
    files.install([finished(files)])


def test_of_several_files_all_or_none_are_installed(files: AssetFiles, tmp_path: Path) -> None:
    files.install([finished(files, "jobs/j/1/b")])
    before = tree(tmp_path / "assets/files")

    with pytest.raises(Conflict, match="jobs/j/1/b"):
        files.install([finished(files, "jobs/j/1/a"), finished(files, "jobs/new/1/x"), finished(files, "jobs/j/1/b")])

    assert tree(tmp_path / "assets/files") == before


def test_an_error_at_any_step_of_installing_leaves_nothing(files: AssetFiles, tmp_path: Path) -> None:
    for step in itertools.count(1):
        items = [finished(files, "jobs/j/1/a", expires_at=5.0), finished(files, "jobs/j/1/b")]
        with pytest.MonkeyPatch.context() as patch:
            calls = itertools.count(1)

            def failing(real: Any, calls: Any = calls, step: int = step) -> Any:
                def call(*arguments: Any, **named: Any) -> Any:
                    if next(calls) == step:
                        raise OSError(errno.ENOSPC, "No space left on device")
                    return real(*arguments, **named)

                return call

            for name in ("fsync", "rename", "mkdir", "link"):
                patch.setattr(os, name, failing(getattr(os, name)))
            try:
                files.install(items)
            except OSError as error:
                assert error.errno == errno.ENOSPC
            else:
                if next(calls) <= step:  # there was no such step any more
                    break
                files.remove("jobs")  # a reminder got its name in another way

        assert tree(tmp_path / "assets/files") == []
        assert {path for path, _ in items} >= set(files.workspace.folder.iterdir())
        assert files.expired(9.0, 9) == []
        for path, _ in items:
            path.unlink(missing_ok=True)

    assert step > 8
    assert len(files.newest("jobs", 9)) == 2


def test_nothing_is_seen_before_it_is_durable(files: AssetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    files.install([finished(files, "jobs/j/1/first")])
    story: list[tuple[str, int]] = []
    sync = os.fsync

    def told(descriptor: int) -> None:
        sync(descriptor)
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        story.append((name if name.startswith(".") else name.partition("+")[2] or name, len(files.newest("jobs/j", 9))))

    monkeypatch.setattr(os, "fsync", told)
    files.install([finished(files, "jobs/j/1/a"), finished(files, "jobs/j/1/b")])

    folder = files.path(AssetKey("jobs/j/1/a")).parent.name
    assert [seen for _, seen in story] == [1, 1, 1, 3]
    assert {"j+1+a", "j+1+b"} <= {name for name, _ in story[:3]}
    assert story[3] == (folder, 3)


def test_files_that_are_stored_at_once_share_a_sidecar_and_are_changed_and_removed_one_by_one(
    files: AssetFiles,
) -> None:
    one, two, three = (AssetKey(f"{place}/j/1/a") for place in ("jobs", "uploads", "meshes"))
    files.install([finished(files, key, key.encode(), created_at=5.0) for key in (one, two, three)])

    sidecars = [files.path(key).with_name(".j+1+a.json").stat() for key in (one, two, three)]
    assert len({sidecar.st_ino for sidecar in sidecars}) == 1
    assert [files.path(key).read_text() for key in (one, two, three)] == [one, two, three]

    files.touch(one, 9.0)
    files.remove(three)

    assert [found and found.expires_at for found in map(files.read, (one, two, three))] == [9.0, None, None]
    assert files.read(two) is not None
    assert files.read(three) is None
    assert list(files.workspace.folder.iterdir()) == []


def test_of_two_under_one_key_that_are_stored_at_once_one_is_refused(files: AssetFiles) -> None:
    first, second = finished(files, content=b"first"), finished(files, content=b"second")
    with closing(files.page()) as page:
        stored, refused = files.together([files.installing([first], page), files.installing([second], page)])

    assert stored is None
    assert isinstance(refused, Conflict)
    assert files.path(KEY).read_bytes() == b"first"
    assert second[0].read_bytes() == b"second"


def test_links_inside_are_never_followed(files: AssetFiles, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    files.install([finished(files, "uploads/a/one"), finished(files, "uploads/b/two")])
    one, two = files.path(AssetKey("uploads/a/one")), files.path(AssetKey("uploads/b/two"))
    one.unlink()
    one.symlink_to(outside / "secret")
    two.parent.rename(outside / "b")
    two.parent.symlink_to(outside / "b")

    assert files.read(AssetKey("uploads/a/one")) is None
    assert files.read(AssetKey("uploads/b/two")) is None
    assert files.newest("uploads", 9) == []
    assert files.newest("uploads/b", 9) == []
    with pytest.raises(NotFound):
        files.path(AssetKey("uploads/b/two"))
    with pytest.raises(Unavailable, match="symbolic link"):
        files.install([finished(files, "uploads/b/three")])
    files.remove("uploads")
    assert tree(outside) == sorted(["b/.b+two.json", f"b/{two.name}", "secret"])


def test_a_root_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "assets").symlink_to(tmp_path / "disk")
    files = AssetFiles(tmp_path / "assets")
    files.install([finished(files)])

    assert files.path(KEY).read_bytes() == b"content"
    files.close()


def test_deleting_takes_what_lies_there_without_being_known(files: AssetFiles, tmp_path: Path) -> None:
    files.install([finished(files, "jobs/j/1/a"), finished(files, "jobs/j2/1/a")])
    folder = files.path(AssetKey("jobs/j/1/a")).parent
    (folder / "01234567+j+1+stray").write_text("x")
    (folder / "01234567+j+1+link").symlink_to(tmp_path)

    assert files.remove("jobs/j") == 1
    other = files.path(AssetKey("jobs/j2/1/a"))
    assert tree(tmp_path / "assets/files") == sorted(["jobs/a4/.j2+1+a.json", f"jobs/a4/{other.name}"])
    assert tmp_path.exists()


def test_a_file_of_the_workspace_that_is_gone_is_an_error_not_a_loop(files: AssetFiles) -> None:
    path, asset = finished(files)
    path.unlink()

    with pytest.raises(FileNotFoundError):
        files.install([(path, asset)])


def test_touching_often_leaves_only_reminders_that_go_by_themselves(files: AssetFiles, tmp_path: Path) -> None:
    files.install([finished(files, expires_at=1.0)])
    for at in range(2, 50):
        files.touch(KEY, float(at))

    assert [asset.expires_at for asset in files.expired(100.0, 9)] == [49.0]
    assert len(tree(tmp_path / "assets/expiry")) == 1


@pytest.mark.parametrize("act", ["install", "touch"])
def test_a_look_at_what_expires_does_not_disturb_what_is_on_its_way(
    files: AssetFiles, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    tomorrow = time.time() + 86_400
    if act == "touch":
        files.install([finished(files)])
    item = finished(files, expires_at=tomorrow)
    rename = Path.rename

    def looked_at_before(path: Path, target: Path) -> Path:
        files.expired(math.inf, 9)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", looked_at_before)
    if act == "touch":
        files.touch(KEY, tomorrow)
    else:
        files.install([item])

    assert files.path(KEY).read_bytes() == b"content"
    assert [asset.key for asset in files.expired(math.inf, 9)] == [KEY]
