"""What is done at the machine itself and not over HTTP, as the audit log has it."""

import time

import structlog

from aigc.core.accounts import AuditEntry, AuditLog
from aigc.core.errors import AigcError
from config.settings import Settings
from config.wiring import people

SIGNAL = "the operator's signal"

log = structlog.get_logger()


async def note(audit: AuditLog, who: str, action: str, subject: str = "", detail: str = "") -> None:
    """Write down that `who` has done this. Raises as `AuditLog`."""
    await audit.add(AuditEntry(at=time.time(), action=action, name=who, subject=subject, detail=detail))


async def note_signal(settings: Settings, action: str, subject: str = "") -> None:
    """The same of whoever has sent this process a signal; the server's log has what cannot be written."""
    audit = people(settings).audit
    try:
        await audit.open()
        try:
            await note(audit, SIGNAL, action, subject)
        finally:
            await audit.close()
    except AigcError as error:
        log.error("audit.unwritten", reason=str(error), action=action, subject=subject, name=SIGNAL)
