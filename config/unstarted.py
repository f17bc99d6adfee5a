"""Why a process could not be started: told in the log, and to whoever started it by the exit code."""

import structlog

from aigc.core.errors import InputInvalid
from config.marks import ConfigInvalid
from config.settings import Settings

CANNOT_START, BAD_CONFIG = 1, 2
"""Exit codes: another try may succeed; none will before a person has changed something."""

log = structlog.get_logger()


def unstarted(error: ConfigInvalid | InputInvalid | OSError, settings: Settings) -> int:
    """The exit code for what was raised while settings were read or an address was taken."""
    match error:
        case ConfigInvalid():
            log.error("config.invalid", complaints=[str(complaint) for complaint in error.complaints])
            return BAD_CONFIG
        case InputInvalid():
            log.error("server.unstarted", reason=str(error))
            return BAD_CONFIG
    where = f"{settings.server.host}:{settings.server.port}"
    log.error("server.unstarted", reason=f"cannot listen on {where}: {error.strerror}", do="choose another --port")
    return CANNOT_START
