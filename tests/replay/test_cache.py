"""Whatever becomes of the cache, the answers are the same; where nothing does, nothing is derived twice."""

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.log import Entry
from replay.cache import Cache
from replay.recording import Replay
from tests.replay.record import INTERVIEW, Listed
from tests.replay.test_file import read, rooms

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_segments")]


async def answers(replay: Replay, log: list[Entry]) -> list[Any]:
    """The file's rows, and the text at every instant."""
    texts = [await replay.text(INTERVIEW, INTERVIEW, at_ms) for at_ms in sorted({0, *(each.at_ms for each in log)})]
    file = await read(replay)
    file.check_proofs()
    assert file.texts().get("source", "") == texts[-1][2]["source"]
    return [texts, file.operations, file.selections, file.events, file.end["roots"], file.end["files"]]


def cut(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 1, 50])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def scribble(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(chance.randrange(20_000)))


def age(path: Path, _chance: random.Random) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()


def forget(path: Path, chance: random.Random) -> None:
    """A row is gone."""
    with sqlite3.connect(path) as connection:
        (count,) = connection.execute("SELECT count(*) FROM segment").fetchone()
        if count:
            connection.execute("DELETE FROM segment WHERE number = ?", (chance.randrange(count),))
    connection.close()


def remove(path: Path, _chance: random.Random) -> None:
    path.unlink()


Damage = Callable[[Path, random.Random], None]


@settings(max_examples=30, deadline=None)
@given(rooms(), st.sampled_from([cut, flip, scribble, age, forget, remove]), st.randoms(use_true_random=False))
def test_a_damaged_cache_changes_no_answer(log: list[Entry], damage: Damage, chance: random.Random) -> None:
    async def story(path: Path) -> None:
        async with aclosing(Cache(path)) as cache:
            replay = Listed(log).replay(cache)
            expected = await answers(replay, log)
            await replay._derive(INTERVIEW, INTERVIEW)
        damage(path, chance)
        async with aclosing(Cache(path)) as cache:
            assert await answers(Listed(log).replay(cache), log) == expected

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder) / "cache.db"))


@settings(max_examples=12, deadline=None)
@given(rooms(), rooms(), st.data())
def test_a_cache_of_another_past_is_not_used(log: list[Entry], other: list[Entry], data: st.DataObject) -> None:
    """As after an older database was put back, and the room went on from there."""
    common = data.draw(st.integers(0, len(log)))

    async def story(path: Path) -> None:
        async with aclosing(Cache()) as fresh:
            expected = await answers(Listed(log[:common]).replay(fresh), log[:common])
        async with aclosing(Cache(path)) as cache:
            replay = Listed(log).replay(cache)
            await replay._derive(INTERVIEW, INTERVIEW)
        async with aclosing(Cache(path)) as cache:
            assert await answers(Listed(log[:common]).replay(cache), log[:common]) == expected
        async with aclosing(Cache()) as fresh:
            expected = await answers(Listed(other).replay(fresh), other)
        async with aclosing(Cache(path)) as cache:
            assert await answers(Listed(other).replay(cache), other) == expected

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder) / "cache.db"))


@settings(max_examples=12, deadline=None)
@given(rooms(), st.data())
def test_a_restart_in_the_middle_changes_no_answer(log: list[Entry], data: st.DataObject) -> None:
    async def story(path: Path) -> None:
        async with aclosing(Cache()) as fresh:
            expected = await answers(Listed(log).replay(fresh), log)
        known = 0
        while known < len(log):
            known = data.draw(st.integers(known + 1, len(log)))
            async with aclosing(Cache(path)) as cache:
                replay = Listed(log[:known]).replay(cache)
                await replay.text(INTERVIEW, INTERVIEW, data.draw(st.integers(0, 2_000)))
                if data.draw(st.booleans()):
                    await replay._derive(INTERVIEW, INTERVIEW)
        async with aclosing(Cache(path)) as cache:
            assert await answers(Listed(log).replay(cache), log) == expected

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder) / "cache.db"))


@settings(max_examples=10, deadline=None)
@given(rooms())
def test_what_is_in_the_cache_needs_no_crdt(log: list[Entry]) -> None:
    async def story(path: Path) -> None:
        async with aclosing(Cache(path)) as cache:
            replay = Listed(log).replay(cache)
            await replay._derive(INTERVIEW, INTERVIEW)
            expected = await answers(replay, log)
        without = [
            Entry(*each[:6], b"not an update") if index < len(log) - 1 and each[5] == "update" else Entry(*each)
            for index, each in enumerate(
                (e.log, e.entry, e.at_ms, e.document, e.delivered_by, e.kind, e.payload) for e in log
            )
        ]
        async with aclosing(Cache(path)) as cache:
            assert await answers(Listed(without).replay(cache), log) == expected

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder) / "cache.db"))


async def test_where_there_is_no_place_for_it_memory_is_used(tmp_path: Path) -> None:
    log = [Entry(INTERVIEW, 1, 0, INTERVIEW, "p", "update", b"\x00\x00")]
    async with aclosing(Cache(tmp_path / "nowhere" / "cache.db")) as cache:
        replay = Listed(log).replay(cache)
        assert await replay.text(INTERVIEW, INTERVIEW, 0) == (0, 1, {"source": ""})
        await replay._derive(INTERVIEW, INTERVIEW)
        assert (await read(replay)).end["entry"] == 1


async def test_a_cache_that_is_lost_under_way_is_made_anew(tmp_path: Path) -> None:
    log = [Entry(INTERVIEW, 1, 0, INTERVIEW, "p", "update", b"\x00\x00")]
    async with aclosing(Cache(tmp_path / "cache.db")) as cache:
        replay = Listed(log).replay(cache)
        await replay._derive(INTERVIEW, INTERVIEW)
        assert cache._opened is not None
        for statement in ("DELETE FROM segment", "DROP TABLE segment"):
            await cache._opened.execute_fetchall(statement)
            assert await replay.text(INTERVIEW, INTERVIEW, 0) == (0, 1, {"source": ""})
            assert (await read(replay)).end["entry"] == 1
            await replay._derive(INTERVIEW, INTERVIEW)
