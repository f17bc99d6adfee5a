import msgspec
import pytest

from actors.stores.record import encoded
from aigc.core.errors import InputInvalid
from aigc.core.job import Job
from tests.actors.stores.store_kit import job


def test_a_record_can_be_read_again_and_what_cannot_be_kept_is_named() -> None:
    made = job(params={"seed": 7})
    assert msgspec.msgpack.decode(encoded(made), type=Job) == made
    for value in ("half a character \ud800", 1 << 64):
        with pytest.raises(InputInvalid, match=f"job {made.id} holds a value that cannot be stored"):
            encoded(msgspec.structs.replace(made, params={"x": value}))
