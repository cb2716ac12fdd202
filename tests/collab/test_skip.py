"""A step 2 may hold what its sender is keeping until it has what is missing: clocks are left out before it."""

import pytest

from collab.errors import Refused
from collab.update import STRING, Struct, parse
from collab.wire import CloseCode, Malformed, encode_step_2, encode_update
from tests.collab.authorship import give
from tests.collab.room import Room, sent
from tests.collab.typist import other, string, update

pytestmark = pytest.mark.anyio

SKIP_1 = b"\x0a\x01"
KEPT = bytes.fromhex("0103070884070701690a01840709016b00")  # of client 7: "i" at 8, nothing at 9, "k" at 10


def test_what_is_kept() -> None:
    assert parse(KEPT).structs == [
        Struct(7, 8, 1, STRING, (7, 7), None, None, None, "i"),
        Struct(7, 10, 1, STRING, (7, 9), None, None, None, "k"),
    ]


@pytest.mark.parametrize(
    "structs",
    [
        [SKIP_1],
        [SKIP_1, string("x", left=(1, 0))],
        [string("x"), SKIP_1],
        [string("x"), SKIP_1, SKIP_1, string("y", left=(1, 0))],
        [string("x"), b"\x0a\x00", string("y", left=(1, 0))],
        [string("x"), b"\x0a\xff\xff\xff\xff\xff\xff\xff\x0f", string("y", left=(1, 0))],
        [string("x"), b"\x4a\x01", string("y", left=(1, 0))],
        [other(10, b"\x01")],
    ],
)
def test_what_no_client_leaves_out(structs: list[bytes]) -> None:
    with pytest.raises(Malformed):
        parse(update((1, 0, structs)))


async def test_what_fits_is_taken_and_the_rest_is_asked_for_again(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    await give(room, ada, encode_step_2(update((7, 0, [string("01234567")]))))
    await sent(ada)
    await give(room, bob, encode_step_2(KEPT))
    assert room.live.texts() == {"source": "01234567i"}
    assert await sent(ada) == [encode_update(update((7, 8, [string("i", left=(7, 7))])))]
    await give(room, ada, encode_step_2(update((7, 9, [string("j", left=(7, 8))]))))
    await give(room, bob, encode_step_2(KEPT))
    assert room.live.texts() == {"source": "01234567ijk"}


async def test_nothing_of_it_is_merged_twice_or_without_what_is_missing(room: Room) -> None:
    ada, bob = await room.join("ada"), await room.join("bob")
    await give(room, ada, encode_step_2(update((7, 0, [string("01234567")]))))
    for _ in range(3):
        await give(room, bob, encode_step_2(KEPT))
    assert room.live.texts() == {"source": "01234567i"}
    assert bob.closing is None
    with pytest.raises(Refused) as refused:
        room.live.accept(bob, encode_step_2(update((1, 0, [SKIP_1]))))
    assert refused.value.code is CloseCode.INVALID
