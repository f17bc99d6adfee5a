from pathlib import Path

from structlog.testing import capture_logs

from config.deeds import SIGNAL, note_signal
from config.settings import load
from config.wiring import people


async def test_what_a_signal_did_stands_in_the_audit_log_or_in_the_servers(tmp_path: Path) -> None:
    settings = load(flags={"storage.data_dir": str(tmp_path)}, environment={}).settings
    await note_signal(settings, "configuration.reloaded", "d1")
    (line,) = await people(settings).audit.recent(10)
    assert (line.name, line.action, line.subject) == (SIGNAL, "configuration.reloaded", "d1")

    settings = load(flags={"storage.data_dir": "/dev/null"}, environment={}).settings
    with capture_logs() as lines:
        await note_signal(settings, "configuration.reloaded", "d2")
    assert [(line["event"], line["subject"]) for line in lines] == [("audit.unwritten", "d2")]
