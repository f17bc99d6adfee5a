import tracemalloc

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.transport.kit import Answer, Ask, Data, News, ToDealer, ToRouter, dealer_codec, router_codec
from transport.envelope import MESSAGES_PER_FRAME, BadFrame, Codec, Envelope, Reason
from transport.errors import MessageTooLarge

pack = msgspec.msgpack.encode
messages = st.lists(st.builds(Ask, st.integers(-(2**63), 2**63 - 1)) | st.builds(Data, st.just(1), st.binary()))


def reason(codec: Codec[ToDealer, ToRouter], frame: bytes) -> Reason:
    bad = codec.decode(frame)
    assert isinstance(bad, BadFrame)
    assert bad.detail
    return bad.reason


@given(
    messages,
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.integers(0, 2**63),
    st.integers(0, 2**63),
    st.text(st.characters(max_codepoint=126), max_size=128),
)
def test_what_is_sent_is_what_arrives(
    sent: list[ToRouter], boot: str, sequence: int, correlation: int, trace: str
) -> None:
    frame = dealer_codec().encode(sent, boot=boot, sequence=sequence, correlation=correlation, trace=trace)
    assert router_codec().decode(frame) == Envelope(1, boot, sequence, correlation, trace, sent)


def test_a_message_of_the_other_direction_is_of_unknown_kind() -> None:
    own = router_codec().encode([Answer(1), News(2)], boot="b")
    assert reason(router_codec(), own) is Reason.KIND
    assert isinstance(dealer_codec().decode(own), Envelope)


def test_one_unknown_kind_drops_the_frame_but_its_number_is_known() -> None:
    frame = pack((1, "b", 7, 0, "", [(1, 5), (99, 1, 2, 3), (1, 6)]))
    assert router_codec().decode(frame) == BadFrame(Reason.KIND, "Invalid value 99 - at `$[5][1][0]`", 7)


def test_an_unknown_version_is_named_whatever_follows_it() -> None:
    for rest in (("b", 1, 0, "", []), ("b", 1, 0, "", [(77, 1)]), ("b", 1, {"a": 1})):
        bad = router_codec().decode(pack((2, *rest)))
        assert bad == BadFrame(Reason.VERSION, "version 2, this end speaks 1")
    assert isinstance(Codec(ToRouter, version=2).decode(pack((2, "b", 1, 0, "", []))), Envelope)


@pytest.mark.parametrize(
    "frame",
    [
        pack(None),
        pack(1),
        pack({"version": 1}),
        pack([]),
        pack((1, "b", 1, 0, "")),
        pack(("1", "b", 1, 0, "", [])),
        pack((1, 5, 1, 0, "", [])),
        pack((1, "b", -1, 0, "", [])),
        pack((1, "b", 1, -1, "", [])),
        pack((1, "b", 1, 0, "", [(1, "five")])),
        pack((1, "b", 1, 0, "", [(1,)])),
        pack((1, "b", 1, 0, "", [5])),
        pack((1, "b" * 65, 1, 0, "", [])),
        pack((1, "b", 1, 0, "t" * 129, [])),
        pack((1, "b", 1, 0, "", [(1, 5)] * (MESSAGES_PER_FRAME + 1))),
    ],
)
def test_a_frame_of_another_shape_is_refused(frame: bytes) -> None:
    assert reason(router_codec(), frame) is Reason.SHAPE


def test_every_truncation_is_refused() -> None:
    whole = dealer_codec().encode([Ask(5), Data(6, b"payload" * 20)], boot="boot", trace="trace")
    for length in range(len(whole)):
        assert reason(router_codec(), whole[:length]) is Reason.TRUNCATED


def test_bytes_after_the_end_are_garbage() -> None:
    assert reason(router_codec(), dealer_codec().encode([], boot="b") + b"\0") is Reason.GARBAGE


def test_a_text_that_is_no_utf8_is_garbage() -> None:
    assert reason(router_codec(), b"\x96\x01\xa2\xff\xfe\x01\x00\xa0\x90") is Reason.GARBAGE


def test_an_oversized_frame_is_not_even_looked_at() -> None:
    assert reason(router_codec(max_bytes=100), b"\xc1" * 101) is Reason.OVERSIZED
    assert reason(router_codec(max_bytes=100), b"\xc1" * 100) is Reason.GARBAGE


@pytest.mark.parametrize("depth", [2_000, 500_000])
def test_deep_nesting_is_refused_wherever_it_stands(depth: int) -> None:
    anything: Codec[ToDealer, object] = Codec(msgspec.msgpack.Ext | list[object])
    deep = b"\x91" * depth + b"\x01"
    bad = anything.decode(b"\x96\x01\xa1b\x01\x00\xa0\x91" + deep)
    assert isinstance(bad, BadFrame)
    assert bad.reason is Reason.NESTED
    assert isinstance(router_codec().decode(deep), BadFrame)
    assert isinstance(router_codec().decode(b"\x97\x01\xa1b\x01\x00\xa0\x90" + deep), BadFrame)


@pytest.mark.parametrize(
    "lie", [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"]
)
def test_a_length_that_lies_takes_no_memory(lie: bytes) -> None:
    codec = router_codec()
    frames = [lie, b"\x96\x01\xa1b\x01\x00\xa0" + lie, b"\x96\x01\xa1b\x01\x00\xa0\x91\x93\x02\x01" + lie]
    tracemalloc.start()
    try:
        for frame in frames:
            assert isinstance(codec.decode(frame + b"\x01" * 100), BadFrame)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xd6\xff\xff\xff\xff\xff")  # a timestamp
def test_no_bytes_make_a_codec_raise(frame: bytes) -> None:
    router_codec().decode(frame)


@given(messages, st.data())
def test_no_damage_makes_a_codec_raise(sent: list[ToRouter], data: st.DataObject) -> None:
    frame = bytearray(dealer_codec().encode(sent, boot="b", sequence=3, trace="t"))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    router_codec().decode(bytes(frame))


def test_a_type_that_raises_on_its_own_is_refused_like_any_shape() -> None:
    class Fussy(msgspec.Struct, array_like=True, tag=1):
        n: int

        def __post_init__(self) -> None:
            raise {0: KeyError("n"), 1: RuntimeError("n")}.get(self.n) or ValueError("n")

    codec: Codec[Fussy, Fussy] = Codec(Fussy)
    for n in range(3):
        assert isinstance(codec.decode(pack((1, "b", 1, 0, "", [(1, n)]))), BadFrame)


def test_a_message_that_fits_no_frame_is_refused_where_it_is_sent() -> None:
    codec = dealer_codec(max_bytes=2_000)
    longest = Data(1, b"x" * (2_000 - 512 - 6))
    assert isinstance(
        router_codec(max_bytes=2_000).decode(codec.encode([longest], boot="b" * 64, trace="t" * 128)), Envelope
    )
    with pytest.raises(MessageTooLarge, match="Data takes 1489 bytes, a message may take 1488"):
        codec.pack(Data(1, longest.payload + b"x"))
