"""The keys of job records and accounts in Redis, and the scripts that change them: the files in `lua/`."""

from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

from msgspec import Struct

from actors.stores.redis_wire import Command
from aigc.core.job import Status

FORMAT = b"1"
"""Of the keys and what they hold. A store of another format is refused, by greeting and by every script that writes."""

PREFIX = b"3daigc:"
VERSION = PREFIX + b"version"
PENDING = PREFIX + b"queue:pending"
"""Exactly the queued jobs, at every instant: operators and scalers read its cardinality."""
JOBS = PREFIX + b"jobs"
LEADER = PREFIX + b"leader"
BROKERS = PREFIX + b"brokers"
TALLY = PREFIX + b"tally"
"""How many jobs there are by status and feature: of everybody, and under `:owner:NAME` of each owner."""
CANCELS = PREFIX + b"cancels"
"""Hash: open jobs whose end was asked for while no broker answered, to the reason."""
KEPT = PREFIX + b"kept"
ACCOUNTS = PREFIX + b"accounts"
"""Hash: account id to its record; `:names` and `:emails` beside it, in lower case, to id."""
TOKENS = PREFIX + b"tokens"
"""Hash: digest to the token's record; under `:of:ID` the digests of one account, under `:used` when each was used."""
SECRETS = PREFIX + b"secret"
"""What all gateways share and nobody else knows."""
AUDIT = PREFIX + b"audit"
"""Stream of the audit log."""
HEADER_BYTES = 22
"""What stands before each record, for the scripts; see `shared.lua`."""


class Script(Struct, frozen=True):
    """A script as the server knows it once it was loaded."""

    text: str
    sha: str

    def call(self, *arguments: str | bytes | int | float) -> Command:
        """The command that runs it. It takes no KEYS: they only matter in a cluster, which is refused.

        Raises:
            UnicodeEncodeError: here and not on the wire, where it would be everybody's.
        """
        return self.of_sound([one.encode() if isinstance(one, str) else one for one in arguments])

    def of_sound(self, arguments: Sequence[str | bytes | int | float]) -> Command:
        """The same for texts that are known to be sound, such as those of a record that was encoded."""
        return ("EVALSHA", self.sha, 0, *arguments)


def job_key(job: str) -> bytes:
    """The record of one job."""
    return PREFIX + b"job:" + job.encode()


def status_key(status: Status) -> bytes:
    """The jobs of one status by their order of arrival, as in `shared.lua`."""
    return PENDING if status is Status.QUEUED else JOBS + b":" + status.encode()


def finished_key(status: Status) -> bytes:
    """The jobs of one final status by the time of their end."""
    return PREFIX + b"finished:" + status.encode()


def _script(name: str) -> Script:
    folder = Path(__file__).with_name("lua")
    # The first line says what the script may do, and must stay the first.
    flags, _, body = (folder / f"{name}.lua").read_text().partition("\n")
    text = f"{flags}\n{(folder / 'shared.lua').read_text()}\n{body}"
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


CREATE = _script("create")
COMMIT = _script("commit")
DELETE = _script("delete")
CANCEL = _script("cancel")
LEAD = _script("lead")
RENEW = _script("renew")
RESIGN = _script("resign")
PAGE = _script("page")
OPEN = _script("open")
COUNTS = _script("counts")
ACCOUNT = _script("account")
BUCKET = _script("bucket")
SCRIPTS = (CREATE, COMMIT, DELETE, CANCEL, LEAD, RENEW, RESIGN, PAGE, OPEN, COUNTS, ACCOUNT, BUCKET)
