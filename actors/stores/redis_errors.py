"""What a Redis server's errors mean to a person, and which of them a fresh connection may cure."""

from aigc.core.errors import AigcError, StaleGeneration, StoreBroken, Unavailable

PASSING = frozenset({"LOADING", "MASTERDOWN", "NOSCRIPT", "READONLY", "UNBLOCKED"})
"""Codes that a connection made anew may not meet: the server starts, or another one is the master by now."""

UNAVAILABLE = {
    "BUSY": ("is held up by a script", 5.0),
    "LOADING": ("is starting", 5.0),
    "MASTERDOWN": ("has lost its master", 2.0),
    "MISCONF": ("cannot write to its disk", 30.0),
    "NOREPLICAS": ("has too few replicas connected", 5.0),
    "NOSCRIPT": ("forgot our scripts", 1.0),
    "OOM": ("is out of memory", 30.0),
    "READONLY": ("is a replica now", 2.0),
    "UNBLOCKED": ("is being replaced", 2.0),
}
"""Codes of a server that will do again what it refuses now, each with the seconds after which to come again."""

_CLUSTER = "a Redis cluster cannot be used: name one server, or the sentinels of a master and its replicas"
_REPAIR = {
    "NOAUTH": "put user and password into its URL: redis://user:password@host:6379/0",
    "WRONGPASS": "correct the user or the password in its URL",
    "NOPERM": "give the user the rights of config/redis/aigc.acl",
    "DENIED": "give the Redis server a password, or let it listen on loopback only",
    "MOVED": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
    "WRONGTYPE": "another program uses keys that begin with 3daigc: there; name another database in redis.url",
}
_REPAIR_OF_PHRASE = {
    "user executing the script": _REPAIR["NOPERM"],
    "without any password configured": "take the password out of redis.url, or give the Redis server one",
    "DB index": "name a database that the server has in redis.url; its redis.conf says how many: `databases 16`",
    "compiling script": "use Redis 7.0 or later, or Valkey",
    "unknown command": "use Redis 7.0 or later, or Valkey, and rename no commands in its redis.conf",
}
_LOOK = "look at the Redis server's log"


def code_of(reply: str) -> str:
    """The first word of an error, which tells its kind."""
    return reply.partition(" ")[0]


def unavailable(what: str, *, retry_after_s: float = 2.0, code: str = "") -> Unavailable:
    """Clients read these words, so they name no host; the log does."""
    return Unavailable(
        f"the server that keeps the job records {what}",
        retry_after_s=retry_after_s,
        suggestion="try again; accepted jobs are not affected",
        code=code,
    )


def meaning(reply: str, server: object) -> AigcError:
    """What an error means to us, with what somebody can do about it.

    Args:
        reply: as the server, or one of our scripts, said it.
        server: which one, for operators.
    """
    code = code_of(reply)
    if code == "STALE":
        return _stale(reply)
    if code in UNAVAILABLE:
        what, after_s = UNAVAILABLE[code]
        return unavailable(what, retry_after_s=after_s, code="store_full" if code == "OOM" else "")
    if "max number of clients" in reply:
        return unavailable("has too many clients", retry_after_s=5)
    if code == "VERSION":
        return StoreBroken(
            f"{server} holds records of another version (format {reply.partition(' ')[2]})",
            suggestion="run the version that wrote them everywhere, or name another database number in redis.url",
        )
    known = _REPAIR.get(code)
    said = known or next((repair for phrase, repair in _REPAIR_OF_PHRASE.items() if phrase in reply), _LOOK)
    return StoreBroken(f"{server} refused: {reply}", suggestion=said)


def _stale(reply: str) -> StaleGeneration:
    _, asked, leads = reply.split(" ")
    if leads != "0":
        return StaleGeneration(f"generation {asked} may not write: generation {leads} leads now")
    return StaleGeneration(
        f"generation {asked} may not write: the store knows of no leader",
        suggestion="if one led before, the store was emptied (FLUSHALL, a server without its data, another database "
        "number): put back a backup, or let a broker lead anew without the jobs that were in it",
    )
