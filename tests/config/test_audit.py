import asyncio
from pathlib import Path

from click.testing import CliRunner

from actors.stores.audit_file import FileAuditLog
from aigc.core.accounts import AuditEntry
from config.commands.audit import command


def test_a_name_under_which_somebody_failed_to_log_in_writes_no_line_and_moves_no_cursor(tmp_path: Path) -> None:
    async def write() -> None:
        log = FileAuditLog(tmp_path / "audit.jsonl")
        await log.open()
        await log.add(AuditEntry(at=0.0, action="login.failed", subject="zoë\n1970 adam\x1b[2J\u202e"))
        await log.close()

    asyncio.run(write())
    (tmp_path / "accounts.db").touch()
    done = CliRunner().invoke(command, ["--data", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == ["1970-01-01 00:00:00  -: login.failed zoë\\n1970 adam\\x1b[2J\\u202e"]
