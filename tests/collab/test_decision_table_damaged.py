"""The decision table of a document of which only the beginning can be read; and whatever is damaged of a log."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from collab.errors import Damage
from collab.log import DAMAGED, UPDATE, Entry
from collab.registry import Registry
from collab.wire import CloseCode, encode_step_1, encode_step_2
from tests.collab.exchange import BAD_BYTES, HELLO, HELLO_OF_BOB, Framing, after_hello, framings, refusal
from tests.collab.room import LOG, Room, a_room, acknowledged, people, present, sent
from tests.collab.typist import Typist

pytestmark = pytest.mark.anyio

DENIAL = b"\x02\x00"


@pytest.fixture
async def damaged(tmp_path: Path) -> AsyncIterator[Room]:
    """HELLO, and behind it an update that is none."""
    async with a_room(tmp_path) as room:
        room.journal.append(room.live.log, LOG, "ada", HELLO)
        room.journal.append(room.live.log, LOG, "ada", b"\x01\xff")
        room.journal.append(room.live.log, LOG, "ada", after_hello(2).insert(5, "!"))
        room.registry.discard(room.live)
        await room.open()
        yield room
        assert len(await room.entries()) == 3
        assert room.journal.queued == room.journal.durable == 3


@pytest.mark.parametrize("framing", framings())
async def test_damaged_new_and_gap(damaged: Room, framing: Framing) -> None:
    bob, cy, typist = damaged.seat("bob"), damaged.seat("cy"), after_hello(2)
    first, second = typist.insert(5, "!"), typist.insert(6, "?")
    await sent(bob)
    await sent(cy)
    for update in (first, second):
        damaged.accept(bob, framing(update))
    assert [frame[:2] for frame in await sent(bob)] == [DENIAL, DENIAL]
    assert await sent(cy) == []
    assert damaged.live.texts() == {"source": "hello"}


@pytest.mark.parametrize("framing", framings())
async def test_damaged_known(damaged: Room, framing: Framing) -> None:
    bob = damaged.seat("bob")
    damaged.accept(bob, framing(HELLO))
    assert await acknowledged(bob) == [1]


@pytest.mark.parametrize("framing", framings())
async def test_damaged_foreign(damaged: Room, framing: Framing) -> None:
    """As it may be: what is missing here may be what would tell whose it is."""
    ada = damaged.seat("ada")
    await sent(ada)
    damaged.accept(ada, framing(HELLO_OF_BOB))
    assert [frame[:2] for frame in await sent(ada)] == [DENIAL]


@pytest.mark.parametrize("framing", framings())
async def test_damaged_invalid(damaged: Room, framing: Framing) -> None:
    assert refusal(damaged, damaged.seat("bob"), framing(BAD_BYTES)) is CloseCode.INVALID


async def test_damaged_and_more_than_one_may_bring(damaged: Room) -> None:
    """Who has the whole of a long document must not be sent away for it, nor discard it."""
    typist, bob = after_hello(2), damaged.seat("bob")
    for number in range(6_000):
        typist.insert(0 if number % 2 else 5, "x")
    damaged.accept(bob, encode_step_2(typist.whole()))
    assert (await sent(bob))[-1][:2] == DENIAL
    assert bob.closing is None


@pytest.mark.parametrize("framing", framings())
async def test_damaged_and_finished(damaged: Room, framing: Framing) -> None:
    damaged.registry.finish(LOG)
    assert refusal(damaged, damaged.seat("bob"), framing(after_hello(2).insert(5, "!"))) is CloseCode.FINISHED


async def test_damaged_readers_and_carets(damaged: Room) -> None:
    bob, cy = damaged.seat("bob"), damaged.seat("cy")
    await sent(cy)
    damaged.accept(bob, encode_step_1(b"\0"))
    assert encode_step_2(HELLO) in await sent(bob)
    damaged.accept(bob, present(5))
    assert people((await sent(cy))[0]) == [5]  # and nothing is bound, as the fixture sees


# What is told


async def test_whoever_listens_is_told_and_it_is_logged(damaged: Room) -> None:
    damaged.registry.discard(damaged.live)
    async with damaged.journal.subscribe(LOG) as own, damaged.journal.subscribe("other") as other:
        with capture_logs() as said:
            await damaged.open()
        damaged.journal.end_subscriptions()
        (told,) = [entry async for entry in own]
        assert (told.entry, told.kind, told.payload) == (0, DAMAGED, b'{"document":"interview"}')
        assert [entry async for entry in other] == []
    (line,) = said
    assert (line["event"], line["document"], line["entry"]) == ("document damaged", LOG, 2)
    assert damaged.registry.damaged(LOG) == [LOG]
    assert damaged.registry.damaged("other") == []
    assert (await damaged.registry.open("other", "other")).damage is None


HISTORY = [
    update for typist in [Typist(1)] for update in (*typist.type("hello"), typist.delete(1, 2), *typist.type("!"))
]
HARMS = st.one_of(st.none(), st.binary(max_size=40), st.sampled_from(HISTORY))
"""An entry is missing, is anything, or is another one of this document."""


@settings(max_examples=25, deadline=None)
@given(at=st.integers(0, len(HISTORY) - 1), harm=HARMS)
async def test_whatever_is_there_instead_of_an_entry(
    tmp_path_factory: pytest.TempPathFactory, at: int, harm: bytes | None
) -> None:
    """The document opens; before the damage that it names, it is what it was, and it is written in only where all of
    it could be read.
    """
    async with a_room(tmp_path_factory.mktemp("harmed")) as room:
        for update in HISTORY:
            room.journal.append(room.live.log, LOG, "ada", update)
        await room.journal.flush()
        async with room.database.writing() as connection:
            if harm is None:
                await connection.exec_driver_sql("DELETE FROM entry WHERE entry = ?", (at + 1,))
            else:
                await connection.exec_driver_sql("UPDATE entry SET payload = ? WHERE entry = ?", (harm, at + 1))
        entries = await room.entries()
        live = await Registry(room.journal).open(LOG, LOG)
        assert live.texts() == {"source": text_of(entries, live.damage)}
        is_seen = live.damage is not None
        assert not is_seen or live.damage.entry > at  # type: ignore[union-attr]
        assert is_seen or harm is not None or at == len(HISTORY) - 1  # nobody misses the last


def text_of(entries: list[Entry], damage: Damage | None) -> str:
    return str(
        Typist(
            9,
            *(
                each.payload
                for each in entries
                if each.kind == UPDATE and (damage is None or each.entry < damage.entry)
            ),
        )
    )
