from pathlib import Path

import pytest

from transport import errors


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            errors.AddressInvalid("ftp://x", "is not an address", "write tcp://host:port"),
            "ftp://x: is not an address; write tcp://host:port",
        ),
        (
            errors.AddressInUse("ipc:///x", "somebody answers there"),
            "cannot listen at ipc:///x: somebody answers there; stop the process that holds it or choose another",
        ),
        (
            errors.MessageTooLarge("Data", 2_000, 1_000),
            "Data takes 2000 bytes, a message may take 1000; store the payload and send its reference",
        ),
        (
            errors.Overloaded("worker-0", 10_000, 512),
            "worker-0 does not take what it is sent: 10000 messages (512 bytes) wait; send less, or give up on it",
        ),
        (
            errors.KeysInvalid(Path("keys/own.key"), "this machine has no key", "make one"),
            "keys/own.key: this machine has no key; make one",
        ),
        (errors.PeerUnreachable("worker-0", "it is lost"), "worker-0 cannot be reached: it is lost"),
        (
            errors.NoReply("inproc://broker", 2.5),
            "inproc://broker did not answer within 2.5 s; it may still carry the request out",
        ),
    ],
)
def test_an_error_says_what_was_wrong_and_where(error: errors.TransportError, sentence: str) -> None:
    assert str(error) == sentence
    assert isinstance(error, errors.TransportError)
