from pathlib import Path

import pytest

from actors.devices.cgroup import MemoryLimit, memory_limit


def group(folder: Path, limit: str, current: int = 0, inactive: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{current}\n")
    (folder / "memory.stat").write_text(f"anon {current - inactive}\ninactive_file {inactive}\nfile 7\n")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "cgroup"
    file.write_text("0::/system.slice/aigc.service\n")
    return file


def test_without_a_limit_there_is_none(tmp_path: Path, own: Path):
    group(tmp_path / "root" / "system.slice" / "aigc.service", "max")
    assert memory_limit(tmp_path / "root", own) is None


def test_page_cache_does_not_count_as_used(tmp_path: Path, own: Path):
    group(tmp_path / "root" / "system.slice" / "aigc.service", "8000", current=5000, inactive=2000)
    assert memory_limit(tmp_path / "root", own) == MemoryLimit(8000, 3000)


def test_of_several_limits_the_one_with_least_room_counts(tmp_path: Path, own: Path):
    group(tmp_path / "root" / "system.slice" / "aigc.service", "8000", current=1000)
    group(tmp_path / "root" / "system.slice", "9000", current=6000)
    assert memory_limit(tmp_path / "root", own) == MemoryLimit(9000, 6000)


def test_the_root_of_a_container_is_looked_at_too(tmp_path: Path):
    own = tmp_path / "cgroup"
    own.write_text("0::/\n")
    group(tmp_path / "root", "4000", current=1000)
    assert memory_limit(tmp_path / "root", own) == MemoryLimit(4000, 1000)


def test_a_group_outside_our_view_does_not_lead_out_of_the_root(tmp_path: Path):
    own = tmp_path / "cgroup"
    own.write_text("0::/../elsewhere\n")
    group(tmp_path / "elsewhere", "1")
    assert memory_limit(tmp_path / "root", own) is None


def test_a_system_without_these_groups_has_no_limit(tmp_path: Path):
    own = tmp_path / "cgroup"
    assert memory_limit(tmp_path, own) is None
    own.write_text("4:memory:/docker/abc\n")
    assert memory_limit(tmp_path, own) is None


def test_what_cannot_be_read_is_no_limit(tmp_path: Path, own: Path):
    folder = tmp_path / "root" / "system.slice" / "aigc.service"
    group(folder, "a lot")
    assert memory_limit(tmp_path / "root", own) is None
    group(folder, "8000")
    (folder / "memory.current").unlink()
    assert memory_limit(tmp_path / "root", own) is None
