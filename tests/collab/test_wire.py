import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.update import encode_state_vector
from collab.wire import (
    MAX_AWARENESS_BYTES,
    MAX_AWARENESS_ENTRIES,
    MAX_STATE_VECTOR_ENTRIES,
    MAX_VARUINT,
    Awareness,
    AwarenessEntry,
    CloseCode,
    Malformed,
    Message,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    TooLarge,
    Update,
    decode,
    decode_state_vector,
    encode_acknowledgement,
    encode_awareness,
    encode_denial,
    encode_step_1,
    encode_step_2,
    encode_update,
    read_varuint,
    varuint,
)
from tests.collab.typist import Typist

ENTRIES = [AwarenessEntry(7, 1, '{"user":{"name":"Zoë 😀"}}'), AwarenessEntry(MAX_VARUINT, 2**31, "null")]
FRAMES = [
    encode_step_1(b"\x00"),
    encode_step_1(encode_state_vector({7: 300, MAX_VARUINT: 2})),
    encode_step_2(b"\x00\x00"),
    encode_update(bytes(range(200))),
    encode_awareness([]),
    encode_awareness(ENTRIES),
]


@pytest.mark.parametrize("body", [b"", b"\x00", bytes(300)])
def test_sync_messages_come_back(body: bytes) -> None:
    assert decode(encode_step_2(body)) == SyncStep2(body)
    assert decode(encode_update(body)) == Update(body)


@pytest.mark.parametrize("clocks", [{}, {7: 1}, {0: 0, MAX_VARUINT: MAX_VARUINT}, dict.fromkeys(range(1000), 300)])
def test_state_vectors_come_back(clocks: dict[int, int]) -> None:
    state_vector = encode_state_vector(clocks)
    assert decode(encode_step_1(state_vector)) == SyncStep1(state_vector)
    assert decode_state_vector(state_vector) == clocks


def test_presence_comes_back() -> None:
    assert decode(encode_awareness(ENTRIES)) == Awareness(ENTRIES)
    assert decode(encode_awareness([])) == Awareness([])
    assert encode_awareness([]) == b"\x01\x01\x00"
    assert decode(b"\x03") == QueryAwareness()


def test_what_only_the_server_says() -> None:
    assert encode_denial("no") == b"\x02\x00\x02no"
    assert encode_acknowledgement(3) == b"\x08\x03"
    assert encode_acknowledgement(300) == b"\x08\xac\x02"
    for frame in (encode_denial("no"), encode_acknowledgement(3)):
        with pytest.raises(Malformed):
            decode(frame)


def test_pycrdt_writes_the_same() -> None:
    ada = Typist(1)
    ada.insert(0, "x" * 300)
    assert pycrdt.create_sync_message(ada.doc) == encode_step_1(ada.vector())
    assert pycrdt.create_update_message(ada.whole()) == encode_update(ada.whole())
    answer = pycrdt.handle_sync_message(encode_step_1(b"\x00")[1:], ada.doc)
    assert answer == encode_step_2(ada.whole())


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00",
        b"\x00\x00",
        b"\x00\x03\x00",  # no such sync message
        b"\x00\x02\x01",  # shorter than it says
        b"\x00\x02\x00\x00",  # longer than it says
        b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # a length of more than 2**53
        b"\x00\x02\xff\xff\xff\xff\x0f",  # a length of 4 GB
        b"\x01",
        b"\x01\x00",  # no count of entries
        b"\x01\x01\x01",  # an entry that is not there
        b"\x01\x01\x7f",  # more entries than bytes
        b"\x01\x04\x01\x01\x01\x00\x00",  # bytes after the message
        b"\x01\x05\x01\x01\x01\x00\x00",  # bytes after the entries
        b"\x01\x05\x01\x01\x01\x01\xff",  # not UTF-8
        b"\x01\x07\x01\x01\x01\x03\xed\xa0\x80",  # half of a surrogate pair
        b"\x02\x00\x02no",
        b"\x03\x00",
        b"\x04",
        b"\x08\x01",
        b"\x80\x00\x02\x00",
        b"\xff" * 20,
    ],
)
def test_malformed(frame: bytes) -> None:
    with pytest.raises(Malformed):
        decode(frame)


@pytest.mark.parametrize("frame", FRAMES)
def test_every_truncation_and_every_further_byte_is_malformed(frame: bytes) -> None:
    for end in range(len(frame)):
        with pytest.raises(Malformed):
            decode(frame[:end])
    for byte in range(256):
        with pytest.raises(Malformed):
            decode(frame + bytes([byte]))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2**31, 2**32, 2**49 - 1, 2**49, MAX_VARUINT])
def test_numbers(number: int) -> None:
    assert varuint(number) == pycrdt.write_var_uint(number)
    assert read_varuint(b"\xff" + varuint(number) + b"\xff", 1) == (number, 1 + len(varuint(number)))


@pytest.mark.parametrize("data", [varuint(MAX_VARUINT + 1), b"\xff" * 7 + b"\x7f", b"\x80" * 8 + b"\x00", b"\xff" * 9])
def test_numbers_over_53_bits_or_8_bytes(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_varuint(data, 0)


def test_a_number_that_ends_early() -> None:
    for data in (b"", b"\x80", b"\xff" * 7):
        with pytest.raises(IndexError):
            read_varuint(data, 0)


def test_state_vectors() -> None:
    ada = Typist(1)
    ada.insert(0, "hello")
    bob = Typist(MAX_VARUINT, ada.whole())
    bob.insert(5, "😀")
    assert decode_state_vector(bob.vector()) == {1: 5, MAX_VARUINT: 2}
    assert decode_state_vector(b"\x00") == {}


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01\x01", b"\x00\x00", b"\x7f\x01\x01", b"\xff" * 9, b"\x01\x01\x80"]
)
def test_malformed_state_vectors(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_state_vector(data)
    with pytest.raises(Malformed):
        decode(encode_step_1(data))


def test_as_many_as_one_message_may_hold() -> None:
    entries = [AwarenessEntry(number, 1, "{}") for number in range(MAX_AWARENESS_ENTRIES)]
    assert decode(encode_awareness(entries)) == Awareness(entries)
    bytes_left = MAX_AWARENESS_BYTES - len(b"\x01\x07\x01") - len(varuint(MAX_AWARENESS_BYTES))
    assert isinstance(decode(encode_awareness([AwarenessEntry(7, 1, "x" * bytes_left)])), Awareness)
    clocks = dict.fromkeys(range(MAX_STATE_VECTOR_ENTRIES), 1)
    assert isinstance(decode(encode_step_1(encode_state_vector(clocks))), SyncStep1)
    for frame in (
        encode_awareness([*entries, entries[0]]),
        encode_awareness([AwarenessEntry(7, 1, "x" * (bytes_left + 1))]),
        encode_step_1(encode_state_vector(clocks | {MAX_VARUINT: 1})),
    ):
        with pytest.raises(TooLarge):
            decode(frame)


def test_a_long_number_costs_nothing() -> None:
    with pytest.raises(Malformed):
        decode(b"\x00\x02" + b"\x80" * 1_000_000)
    with pytest.raises(Malformed):
        decode(encode_awareness([])[:1] + varuint(1_000_000) + b"\xff" * 1_000_000)
    with pytest.raises(Malformed):
        decode(encode_step_1(b"\x01" + b"\x80" * 1_000_000))


def test_close_codes_of_the_contract() -> None:
    assert [code.value for code in CloseCode] == [1009, 1012, 4400, 4401, 4403, 4404, 4413, 4423, 4508, 4510, 4529]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=64), st.tuples(st.sampled_from(FRAMES), st.binary(max_size=8)).map(b"".join)))
def test_any_bytes(frame: bytes) -> None:
    try:
        message = decode(frame)
    except Malformed:
        return
    assert decode(_encode(message)) == message


def _encode(message: Message) -> bytes:
    match message:
        case SyncStep1(body):
            return encode_step_1(body)
        case SyncStep2(body):
            return encode_step_2(body)
        case Update(body):
            return encode_update(body)
        case Awareness(entries):
            return encode_awareness(entries)
        case QueryAwareness():
            return b"\x03"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40))
def test_any_state_vector(data: bytes) -> None:
    try:
        clocks = decode_state_vector(data)
    except Malformed:
        with pytest.raises(Malformed):
            decode(encode_step_1(data))
        return
    assert decode(encode_step_1(data)) == SyncStep1(data)
    assert all(0 <= number <= MAX_VARUINT for pair in clocks.items() for number in pair)
