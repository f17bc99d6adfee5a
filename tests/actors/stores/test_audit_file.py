import stat
from pathlib import Path

import pytest

from actors.stores import audit_file
from actors.stores.audit_file import FileAuditLog
from aigc.core.accounts import AuditEntry


async def test_a_line_that_a_crash_has_cut_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    log = FileAuditLog(path)
    await log.open()
    await log.add(AuditEntry(at=1.0, action="one"))
    with path.open("ab") as file:
        file.write(b'{"at": 2.0, "acti\n')
    await log.add(AuditEntry(at=3.0, action="three"))
    assert [line.action for line in await log.recent(9)] == ["three", "one"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_file, "FILE_BYTES", 200)
    path = tmp_path / "audit.jsonl"
    log = FileAuditLog(path)
    await log.open()
    for number in range(30):
        await log.add(AuditEntry(at=float(number), action="x" * 20))
    kept = await log.recent(99)
    assert [line.at for line in kept] == [29.0 - at for at in range(len(kept))] and 4 <= len(kept) < 20
    assert sum(len(name.read_bytes()) for name in (path, path.with_name("audit.jsonl.1"))) < 900
