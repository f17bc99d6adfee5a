"""What is said first on every new connection: who we are, our scripts, and whether this server may keep job records."""

import hiredis
import structlog

from actors.stores.redis_errors import PASSING, code_of, meaning
from actors.stores.redis_scripts import FORMAT, PENDING, SCRIPTS, VERSION
from actors.stores.redis_settings import RedisPlace
from actors.stores.redis_wire import Command, RedisWire, Reply, WireRefused
from aigc.core.errors import StoreBroken

log = structlog.get_logger()

ASKED = ("appendonly", "appendfsync", "maxmemory-policy")
FSYNC = ("no", "everysec", "always")
"""What `appendfsync` may be, from the least durable to the most."""


def login(place: RedisPlace) -> list[Command]:
    """The commands that say who we are; empty for a server that asks nobody."""
    if not place.password:
        return []
    return [("AUTH", place.username, place.password) if place.username else ("AUTH", place.password)]


def refused(reply: Reply, place: RedisPlace) -> Exception | None:
    """What an error among the replies means; None if it is none."""
    if not isinstance(reply, hiredis.ReplyError):
        return None
    return WireRefused(str(reply)) if code_of(str(reply)) in PASSING else meaning(str(reply), place)


class RedisGreeting:
    """Says the first words and judges the answers; one round trip.

    Args:
        durability: the least that the server's `appendfsync` must be.
    """

    def __init__(self, durability: str) -> None:
        self._durability = durability
        self._told = False

    async def say(self, wire: RedisWire, place: RedisPlace) -> None:
        """The connection is ready for our scripts.

        Raises:
            StoreBroken: the server must not be used: a wrong password, other data, less durable than it should be.
            WireRefused: it cannot be used yet.
        """
        introduction = login(place) + ([("SELECT", place.number)] if place.number else [])
        loading: list[Command] = [("SCRIPT", "LOAD", script.text) for script in SCRIPTS]
        questions: list[Command] = [("GET", VERSION), ("EXISTS", PENDING), ("CONFIG", "GET", *ASKED)]
        *replies, configuration = await wire.exchange([*introduction, *loading, *questions])
        for reply in replies:
            if (error := refused(reply, place)) is not None:
                raise error
        version, has_jobs = replies[-2:]
        if version is None and has_jobs:
            raise StoreBroken(
                f"{place} holds another program's jobs under {PENDING.decode()}",
                suggestion="name another database in redis.url, or move that program's keys away",
            )
        if version is not None and version != FORMAT:
            raise meaning(f"VERSION {version.decode(errors='replace')}", place)
        self._judge(configuration, place)

    def _judge(self, configuration: Reply, place: RedisPlace) -> None:
        words = [word.decode() for word in configuration] if isinstance(configuration, list) else []
        found = dict(zip(words[::2], words[1::2], strict=True))
        if not found.keys() >= set(ASKED):
            self._tell(str(configuration), place)
            return
        has_log = found["appendonly"] == "yes"
        fsync = found["appendfsync"] if has_log else "no"
        if FSYNC.index(fsync) < FSYNC.index(self._durability):
            said = f"appendfsync {fsync}" if has_log else "appendonly no"
            raise StoreBroken(
                f"{place} is set to `{said}` and would lose accepted jobs; redis.durability is {self._durability}",
                suggestion=f"set `appendonly yes` and `appendfsync {self._durability}` in its redis.conf and restart it"
                + (", or set redis.durability: everysec" if fsync == "everysec" else ""),
            )
        if found["maxmemory-policy"].startswith("allkeys"):
            raise StoreBroken(
                f"{place} would throw jobs away when its memory is full (maxmemory-policy {found['maxmemory-policy']})",
                suggestion="set `maxmemory-policy noeviction` in its redis.conf, and with CONFIG SET",
            )

    def _tell(self, reason: str, place: RedisPlace) -> None:
        if not self._told:
            self._told = True
            wanted = f"appendonly yes, appendfsync {self._durability}, maxmemory-policy noeviction"
            log.info(
                "records.unverified", server=str(place), reason=reason, do=f"see that its redis.conf says: {wanted}"
            )
