"""A job's record as the stores keep it: msgpack."""

import msgspec

from aigc.core.errors import InputInvalid
from aigc.core.job import Job

_encode = msgspec.msgpack.Encoder().encode


def encoded(job: Job) -> bytes:
    """The record. To be made before its group is: what cannot be encoded is its sender's trouble alone.

    Raises InputInvalid for a lone surrogate, or an integer beyond 64 bits.
    """
    try:
        return _encode(job)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputInvalid(
            f"job {job.id} holds a value that cannot be stored: {error}",
            suggestion="send valid Unicode text and numbers of at most 64 bits",
        ) from error
