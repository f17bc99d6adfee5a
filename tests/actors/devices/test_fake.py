import subprocess
import sys
from pathlib import Path

import pytest

from actors.devices.fake import GIB, NOTE, Fake, FakeSpec, parse
from aigc.core.errors import InputInvalid


def test_a_fake_device_is_as_large_as_it_was_told_and_says_what_it_is():
    device = Fake("1", FakeSpec(24 * GIB)).sample(())
    assert (device.id, device.kind, device.total, device.strangers) == ("fake:1", "cpu", 24 * GIB, 0)
    assert (device.healthy, device.note, device.fault) == (True, NOTE, "")


def test_what_is_reserved_is_in_use():
    probe = Fake("1", FakeSpec(24 * GIB))
    assert probe.sample((), 6 * GIB).used == 6 * GIB
    assert probe.sample((), 60 * GIB).used == 24 * GIB
    assert probe.sample(()).used == 0


def test_it_is_busy_while_our_processes_compute():
    probe = Fake("1", FakeSpec(GIB))
    code = "print('.', flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        probe.sample((process.pid,))
        while (share := probe.sample((process.pid,)).utilisation) == 0.0:
            pass  # the kernel counts in ticks
        process.kill()
    assert share is not None
    assert 0 < share <= 1
    assert probe.sample((process.pid,)).utilisation == 0.0


def test_it_has_an_error_while_there_is_such_a_file(tmp_path: Path):
    faults = tmp_path / "fault"
    probe = Fake("1", FakeSpec(GIB, "", faults))
    assert probe.sample(()).fault == ""
    faults.write_text("Xid 79: it has fallen off the bus\n")
    device = probe.sample(())
    assert (device.healthy, device.fault) == (True, "Xid 79: it has fallen off the bus")
    faults.write_text("")
    assert probe.sample(()).fault == f"simulated error; remove {faults} to mend it"
    faults.unlink()
    assert probe.sample(()).fault == ""


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("fake:24", FakeSpec(24 * GIB)),
        ("fake:0.5", FakeSpec(GIB // 2)),
        ("fake:8#left", FakeSpec(8 * GIB, "left")),
        ("fake:8?faults=/tmp/a b#c", FakeSpec(8 * GIB, "", Path("/tmp/a b#c"))),
        ("fake:8#left-2?faults=/tmp/f", FakeSpec(8 * GIB, "left-2", Path("/tmp/f"))),
    ],
)
def test_what_is_said_of_a_device_is_understood(text: str, spec: FakeSpec):
    assert parse(text) == spec


@pytest.mark.parametrize(
    "text",
    ["fake:", "fake:much", "fake:0", "fake:-1", "fake:nan", "fake:inf", "fake:8#", "fake:8#a b", "fake:8?faults="],
)
def test_what_describes_no_device_is_refused_with_what_does(text: str):
    with pytest.raises(InputInvalid, match="describes no device") as refused:
        parse(text)
    assert "fake:24#left" in refused.value.suggestion
