"""Times as clients write them."""

from datetime import UTC, datetime

from aigc.core.errors import InputInvalid


def instant(text: str, name: str) -> float:
    """Seconds since the epoch; a time without a zone is UTC. Raises InputInvalid."""
    try:
        # A plus sign that a client did not encode arrives as a blank.
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise InputInvalid(
            f"{name} {text[:40]!r} is no date", suggestion="write it like 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
