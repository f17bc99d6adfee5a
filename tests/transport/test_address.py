import pytest

from transport.address import IPC_PATH_BYTES, Address, Scheme
from transport.errors import AddressInvalid
from transport.keys import KeyPair


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inproc://broker", Address(Scheme.INPROC, "broker")),
        ("ipc:///run/aigc/broker", Address(Scheme.IPC, "/run/aigc/broker")),
        ("ipc://relative/broker", Address(Scheme.IPC, "relative/broker")),
        ("tcp://127.0.0.1:5555", Address(Scheme.TCP, "127.0.0.1", 5555)),
        ("tcp://127.8.9.1:1", Address(Scheme.TCP, "127.8.9.1", 1)),
        ("tcp://localhost:65535", Address(Scheme.TCP, "localhost", 65535)),
        ("tcp://[::1]:5555", Address(Scheme.TCP, "::1", 5555)),
        ("tcp://127.0.0.1:*", Address(Scheme.TCP, "127.0.0.1", 0)),
    ],
)
def test_an_address_is_parsed_and_written_back(text: str, expected: Address) -> None:
    assert Address.parse(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "broker",
        "127.0.0.1:5555",
        "http://127.0.0.1:5555",
        "TCP://127.0.0.1:5555",
        "udp://127.0.0.1:5555",
        "inproc://",
        "inproc://a\nb",
        "ipc://",
        "ipc:// /tmp/x",
        "ipc:///run/aigc/",
        "ipc://*",
        "ipc:///tmp/a\0b",
        "ipc://@abstract",
        "tcp://127.0.0.1",
        "tcp://:5555",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:-1",
        "tcp://127.0.0.1:५५५५",
        "tcp://::1:5555",
        "tcp://127.0.0.1:5555;127.0.0.1:6666",
        "tcp://user@127.0.0.1:5555",
    ],
)
def test_what_is_no_address_is_refused_with_the_text_and_what_to_write(text: str) -> None:
    with pytest.raises(AddressInvalid) as caught:
        Address.parse(text, allow_plain_tcp=True)
    assert str(caught.value).startswith(f"{text}: ")
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "tcp://10.0.0.5:5555",
        "tcp://0.0.0.0:5555",
        "tcp://*:5555",
        "tcp://[::]:5555",
        "tcp://gpu-3.example:5555",
        "tcp://localhost.example:5555",
        "tcp://127.0.0.1.example:5555",
        "tcp://[::ffff:10.0.0.5]:5555",
    ],
)
def test_plain_tcp_beyond_loopback_needs_to_be_allowed_in_words(text: str) -> None:
    with pytest.raises(AddressInvalid, match="beyond loopback"):
        Address.parse(text)
    assert str(Address.parse(text, allow_plain_tcp=True)) == text


def test_with_a_key_tcp_may_leave_this_machine_since_it_is_encrypted() -> None:
    key = KeyPair.new().public
    for text in ("tcp://10.0.0.5:5555", "tcp://*:5555", "tcp://127.0.0.1:5555", "tcp://[fd00::1]:5555"):
        address = Address.parse(text, key=key)
        assert address.key == key
        assert str(address) == text
    assert Address.parse("tcp://127.0.0.1:5555", key=key) != Address.parse("tcp://127.0.0.1:5555")


@pytest.mark.parametrize("text", ["inproc://broker", "ipc:///run/aigc/broker"])
def test_only_tcp_is_encrypted(text: str) -> None:
    with pytest.raises(AddressInvalid, match="only tcp is encrypted"):
        Address.parse(text, key=KeyPair.new().public)


@pytest.mark.parametrize("key", ["x", "x" * 41, "~" * 40, " " * 40])
def test_a_key_that_is_none_is_refused_with_where_to_find_one(key: str) -> None:
    with pytest.raises(AddressInvalid, match="is not a public key; give what `aigc keys show` prints"):
        Address.parse("tcp://10.0.0.5:5555", key=key)


def test_an_ipc_path_may_have_107_bytes_and_no_more() -> None:
    longest = "/" + "x" * (IPC_PATH_BYTES - 1)
    assert Address.parse(f"ipc://{longest}").place == longest
    with pytest.raises(AddressInvalid, match="108 bytes long, 107 are possible"):
        Address.parse(f"ipc://{longest}x")


def test_an_ipc_path_is_measured_in_bytes_not_in_characters() -> None:
    with pytest.raises(AddressInvalid, match="121 bytes long"):
        Address.parse("ipc:///" + "ä" * 60)
