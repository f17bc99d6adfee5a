from pathlib import Path

import psutil

from web.host import Host


def test_the_processors_share_is_of_the_time_since_it_was_asked_last(tmp_path: Path) -> None:
    host = Host(str(tmp_path))
    since_boot = host.told()["cpu_usage"]
    assert 0 < since_boot < 100
    before = psutil.cpu_times().user
    while psutil.cpu_times().user < before + 0.1:  # a core computes; the kernel counts in hundredths of a second
        sum(range(10_000))
    assert 0 < host.told()["cpu_usage"] <= 100


def test_memory_and_disk_are_those_of_the_host_and_the_folder(tmp_path: Path) -> None:
    told = Host(str(tmp_path)).told()
    assert told["memory"]["total"] == psutil.virtual_memory().total
    assert told["disk"]["total"] == psutil.disk_usage(str(tmp_path)).total
