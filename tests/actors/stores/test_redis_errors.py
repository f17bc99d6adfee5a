import pytest

from actors.stores.redis_errors import PASSING, UNAVAILABLE, meaning
from aigc.core.errors import StaleGeneration, StoreBroken, Unavailable

SERVER = "redis://cache:6379/0"


@pytest.mark.parametrize(
    "reply",
    [
        "LOADING Redis is loading the dataset in memory",
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "NOREPLICAS Not enough good replicas to write.",
        "NOSCRIPT No matching script. Please use EVAL.",
        "UNBLOCKED force unblock from blocking operation",
        "ERR max number of clients reached",
    ],
)
def test_what_passes_is_unavailable_and_tells_clients_no_host(reply: str) -> None:
    said = meaning(reply, SERVER)

    assert isinstance(said, Unavailable)
    assert said.retry_after_s >= 1
    assert said.suggestion
    assert "cache" not in str(said)


@pytest.mark.parametrize(
    ("reply", "do"),
    [
        ("NOAUTH Authentication required.", "user and password"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "correct the user"),
        ("NOPERM this user has no permissions to run the 'evalsha' command", "aigc.acl"),
        (
            "ERR The user executing the script can't run this command or subcommand script: 4a, on @user_script:1.",
            "acl",
        ),
        ("DENIED Redis is running in protected mode", "password"),
        ("MOVED 3999 127.0.0.1:6381", "cluster"),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", "another database"),
        ("VERSION 2", "run the version that wrote them"),
        ("ERR AUTH <password> called without any password configured for the default user.", "take the password out"),
        ("ERR DB index is out of range", "databases 16"),
        ("ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'", "7.0"),
        ("ERR something new", "log"),
    ],
)
def test_what_somebody_must_repair_says_how(reply: str, do: str) -> None:
    said = meaning(reply, SERVER)

    assert isinstance(said, StoreBroken)
    assert SERVER in said.message
    assert do in said.suggestion


def test_a_stale_generation_hears_who_leads_or_that_the_store_was_emptied() -> None:
    deposed, emptied = meaning("STALE 3 4", SERVER), meaning("STALE 3 0", SERVER)

    assert isinstance(deposed, StaleGeneration) and isinstance(emptied, StaleGeneration)
    assert str(deposed) == "generation 3 may not write: generation 4 leads now"
    assert "generation 3 may not write: the store knows of no leader" in str(emptied)
    assert "FLUSHALL" in str(emptied)


def test_what_a_new_connection_may_cure_is_never_broken() -> None:
    assert set(UNAVAILABLE) > PASSING
