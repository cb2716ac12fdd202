"""What the tests of a live document say to it."""

from collections.abc import Callable
from typing import Any

import pytest

from collab.errors import Refused
from collab.peer import Peer
from collab.wire import (
    CloseCode,
    encode_step_2,
    encode_update,
)
from tests.collab.room import Room, sent
from tests.collab.typist import Typist, string, update

FOREIGN_ROOT = update((9, 0, [string("x", root="code")]))
BAD_BYTES = b"\x01\x01\x00\x01\x00\x00\x00"

HELLO = Typist(1).insert(0, "hello")
HELLO_OF_BOB = Typist(2).insert(0, "HELLO")


def after_hello(client_id: int) -> Typist:
    return Typist(client_id, HELLO)


def refusal(room: Room, peer: Peer, frame: bytes) -> CloseCode:
    with pytest.raises(Refused) as refused:
        room.accept(peer, frame)
    return refused.value.code


def framings() -> list[Any]:
    return [pytest.param(encode_update, id="update"), pytest.param(encode_step_2, id="step 2")]


Framing = Callable[[bytes], bytes]


async def is_untouched(room: Room, *others: Peer, text: str) -> bool:
    """The text is the same, nothing was relayed, nothing new is on disk or on its way to it."""
    queued = room.journal.queued
    await room.journal.flush()
    told = [frame for other in others for frame in await sent(other) if frame[0] != 8]
    return room.live.texts()["source"] == text and not told and queued == len(await room.updates())
