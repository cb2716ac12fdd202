"""What a struct may hold: each kind takes its own bytes, and there are no others."""

import pytest

from collab.update import ANY, DELETED, STRING, Struct, Update, parse
from collab.wire import Malformed, varuint
from tests.collab.typist import other, string, update, values

NULL = b"\x7e"

VALUES = [
    *(b"\x7f", b"\x7e", b"\x79", b"\x78"),  # undefined, null, false, true
    *(b"\x7d\x00", b"\x7d\x7f", b"\x7d\x80\x01", b"\x7d\xff\xff\x7f", b"\x7d" + b"\xff" * 7 + b"\x7f"),  # integers
    b"\x7c" + b"\x01" * 4,  # float
    b"\x7b" + b"\x01" * 8,  # double
    *(b"\x77\x00", b"\x77\x02\xc3\xa9"),
    *(b"\x76\x00", b"\x76\x02\x01a\x7e\x01b\x78"),  # an object
    *(b"\x75\x00", b"\x75\x02\x7e\x7d\x05"),  # an array
]


@pytest.mark.parametrize("value", VALUES, ids=bytes.hex)
def test_a_value_takes_its_own_bytes(value: bytes) -> None:
    two = Struct(7, 0, 2, ANY, None, None, "files", "k", None)
    assert parse(update((7, 0, [values(value, NULL, key="k")]))) == Update([two], [])
    assert not _is_accepted(value[:-1])
    assert not _is_accepted(value + b"\x00")


def test_there_is_no_other_kind_of_value() -> None:
    for kind in set(range(256)) - {value[0] for value in VALUES}:
        for value in VALUES:
            assert not _is_accepted(bytes([kind]) + value[1:])


def test_there_is_no_other_kind_of_content() -> None:
    for kind in set(range(32)) - {DELETED, STRING, ANY}:
        for body in (b"", b"\x01", b"\x01x", b"\x01" + NULL):
            with pytest.raises(Malformed):
                parse(update((7, 0, [other(kind, body)])))


def test_depth_of_values() -> None:
    deepest = max(n for n in range(1, 64) if _is_accepted(b"\x75\x01" * n + NULL))
    assert deepest == 8
    assert _is_accepted(b"\x76\x01\x01k" * 8 + NULL)
    assert not _is_accepted(b"\x76\x01\x01k" * 9 + NULL)
    assert not _is_accepted(b"\x75\x01" * 100_000 + NULL)


def _is_accepted(value: bytes) -> bool:
    try:
        parse(update((7, 0, [values(value, key="k")])))
    except Malformed:
        return False
    return True


def left_out(clocks: int) -> bytes:
    return b"\x0a" + varuint(clocks)


def test_clocks_that_are_left_out() -> None:
    """Between what the sender keeps until it has them, and only there."""
    a, b, c = string("aa"), string("b", left=(7, 3)), string("c", left=(7, 300))
    parsed = parse(update((7, 0, [a, left_out(2), b, left_out(300), c]), (8, 1, [a, b, left_out(1), c])))
    assert [(struct.client, struct.clock) for struct in parsed.structs] == [
        (7, 0),
        (7, 4),
        (7, 305),
        (8, 1),
        (8, 3),
        (8, 5),
    ]
    for structs in (
        [left_out(1)],
        [left_out(1), a],
        [a, left_out(1)],
        [a, left_out(1), left_out(1), b],
        [a, left_out(1), b, left_out(1), left_out(1), c],
        [a, left_out(0), b],
    ):
        with pytest.raises(Malformed):
            parse(update((7, 0, structs)))
