"""A failure made small: moves are left out, then bytes, for as long as it stays the same failure."""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tests.support.fuzz_room import SERVER, Failed, Move, Room
from tests.support.fuzz_yjs import Witness
from tests.support.wire import read_bytes, write_bytes

T = TypeVar("T")
_SHRINK_S = 90.0


async def failure_of(moves: Sequence[Move], yjs: Witness) -> str | None:
    """What goes wrong when this is played from an empty document."""
    try:
        room = Room(yjs)
        for move in moves:
            await room.play(move)
        room.finish()
    except Failed as failed:
        return str(failed)
    return None


async def shrunk(moves: Sequence[Move], yjs: Witness) -> list[Move]:
    """The same failure in fewer and smaller moves; all where it does not happen again. Takes a minute or two."""
    kept = list(moves)
    deadline = time.monotonic() + _SHRINK_S
    wanted = await failure_of(kept, yjs)
    if wanted is None:
        return kept

    async def still(tried: Sequence[Move]) -> bool:
        if time.monotonic() > deadline:
            return False
        found = await failure_of(tried, yjs)
        return found is not None and _kind(found) == _kind(wanted)

    while True:
        before = [*kept]
        kept = await _fewer(kept, still)
        for at in range(len(kept)):
            kept = await _smaller(kept, at, still)
        if kept == before:
            return kept


def told(moves: Sequence[Move]) -> str:
    return "\n".join(_told(move) for move in moves)


def _told(move: Move) -> str:
    if move.connection == SERVER:
        return f"the server restarts without its last {move.lost} entries"
    sent = "leaves" if move.frame is None else move.frame.hex()
    return f"connection {move.connection} of {move.participant}{'' if move.may_write else ', a reader'}: {sent}"


def _kind(failure: str) -> str:
    return re.sub(r"\d+", "", failure.split("{", maxsplit=1)[0])[:100]


async def _fewer(things: list[T], still: Callable[[list[T]], Awaitable[bool]]) -> list[T]:
    size = len(things)
    while size:
        at = 0
        while at < len(things):
            tried = things[:at] + things[at + size :]
            if len(tried) < len(things) and await still(tried):
                things = tried
            else:
                at += size
        size //= 2
    return things


async def _smaller(moves: list[Move], at: int, still: Callable[[list[Move]], Awaitable[bool]]) -> list[Move]:
    """Bytes of one frame left out, its length made right again."""
    frame = moves[at].frame
    if frame is None:
        return moves
    head = 2 if frame[:1] == b"\x00" else 1
    try:
        body, end = read_bytes(frame, head)
    except (AssertionError, IndexError):
        return moves
    if end != len(frame):
        return moves

    def framed(body: list[int]) -> list[Move]:
        return [*moves[:at], moves[at]._replace(frame=frame[:head] + write_bytes(bytes(body))), *moves[at + 1 :]]

    return framed(await _fewer(list(body), lambda tried: still(framed(tried))))
