"""An interview whose cache, or whose record itself, is damaged: the answer is right, or says what is wrong."""

import random
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from quart import Response, typing

from rooms.key import Scope
from tests.replay.decoder import decode
from tests.support.hour import Made, make
from tests.support.recording import blocks
from web.app import create_app
from web.panelroom import Panelroom
from web.settings import Settings

pytestmark = pytest.mark.anyio

CACHE = "cache.db"
DATABASE = "panelroom.db"
INSTANTS = (0, 60_000, 600_000, 1_200_000, 2**40)


@dataclass
class Site:
    """A server without sockets on a data directory."""

    client: typing.TestClientProtocol
    key: str
    interview: str

    async def get(self, path: str, **query: Any) -> Response:
        url = f"/api/v1/interviews/{self.interview}/recording{path}"
        return await self.client.get(url, query_string=query, headers={"Authorization": f"Bearer {self.key}"})

    async def all(self) -> list[Any]:
        """The file, and texts in random access."""
        answer = await self.get("/file")
        assert answer.status_code == 200
        file = decode(await self.body(answer))
        file.check_proofs()
        return [file, *[(await (await self.get("/text", at_ms=at)).get_json()) for at in INSTANTS]]

    @staticmethod
    async def body(answer: Response) -> bytes:
        data = await answer.get_data()
        assert isinstance(data, bytes)
        return data


@asynccontextmanager
async def served(data: Path, interview: str) -> AsyncIterator[Site]:
    app = create_app(Settings(), data)
    async with app.test_app():
        panelroom: Panelroom = app.extensions["panelroom"]
        key = await panelroom.rooms.people.add_key("tests", frozenset(Scope))
        yield Site(app.test_client(), key, interview)


@dataclass
class Kept:
    """What there is of the interview, and what a server has answered about it."""

    data: Path
    made: Made
    answers: list[Any]

    def copy(self, folder: Path) -> Path:
        shutil.copytree(self.data, folder)
        return folder


@pytest.fixture(scope="module")
async def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    data = tmp_path_factory.mktemp("kept") / "data"
    made = await make(data, minutes=24)
    async with served(data, made.interview) as site:
        answers = await site.all()
    assert (data / CACHE).stat().st_size > 10_000
    return Kept(data, made, answers)


def overwrite(data: Path, change: Callable[[bytes], bytes]) -> None:
    for rest in (f"{CACHE}-wal", f"{CACHE}-shm"):
        (data / rest).unlink(missing_ok=True)
    (data / CACHE).write_bytes(change((data / CACHE).read_bytes()))


def sql(name: str, *statements: str) -> Callable[[Path], None]:
    def change(data: Path) -> None:
        with closing(sqlite3.connect(data / name)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return change


def flipped(content: bytes, seed: int) -> bytes:
    chance, changed = random.Random(seed), bytearray(content)
    for _ in range(200):
        changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
    return bytes(changed)


CACHES: dict[str, Callable[[Path], None]] = {
    "as it is": lambda data: None,
    "gone": lambda data: (data / CACHE).unlink(),
    "empty": lambda data: overwrite(data, lambda content: b""),
    "cut in half": lambda data: overwrite(data, lambda content: content[: len(content) // 2]),
    "no database": lambda data: overwrite(data, lambda content: b"this is no database" * 1000),
    "zeros": lambda data: overwrite(data, lambda content: bytes(len(content))),
    "of another version": sql(CACHE, "PRAGMA user_version=99"),
    "without its table": sql(CACHE, "DROP TABLE segment"),
    "without a segment": sql(CACHE, "DELETE FROM segment WHERE number = 1"),
    "without the last segment": sql(
        CACHE, "DELETE FROM segment WHERE (document, number) IN (SELECT document, max(number) FROM segment GROUP BY 1)"
    ),
    "of other operations": sql(CACHE, "UPDATE segment SET blocks = zeroblob(length(blocks)) WHERE number = 1"),
    "of other texts": sql(CACHE, "UPDATE segment SET state = x'00' WHERE number = 1"),
    "of another checkpoint": sql(CACHE, "UPDATE segment SET checkpoint = x'00'"),
    "of other numbers": sql(CACHE, "UPDATE segment SET number = number + 1000"),
    "of words for numbers": sql(CACHE, "UPDATE segment SET first_ms = 'soon', last = 'later'"),
    **{f"flipped {seed}": partial(overwrite, change=partial(flipped, seed=seed)) for seed in range(8)},
}


RARE = {"empty", "cut in half", "zeros", "of another version", "of other numbers", "of other texts"}


def is_rare(name: str) -> bool:
    return name in RARE or name.startswith("flipped")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if is_rare(name) else []) for name in CACHES]
)
async def test_a_damaged_cache_is_made_again(kept: Kept, tmp_path: Path, name: str) -> None:
    data = kept.copy(tmp_path / "data")
    CACHES[name](data)
    async with served(data, kept.made.interview) as site:
        assert await site.all() == kept.answers
        assert await site.all() == kept.answers


# One that writes, and on which the next one builds.
UPDATE = "kind = 'update' AND document NOT LIKE '%.notes' AND entry > 1800 AND substr(payload, 1, 1) <> x'00'"
FIRST = f"entry = (SELECT min(entry) FROM entry WHERE {UPDATE})"
BROKEN = {
    "an update that is none": f"UPDATE entry SET payload = x'01ff' WHERE {FIRST}",
    "an empty update": f"UPDATE entry SET payload = x'' WHERE {FIRST}",
    "an update that is missing": f"DELETE FROM entry WHERE {FIRST}",
    "an update of megabytes": f"UPDATE entry SET payload = CAST('{'x' * 5_000_000}' AS BLOB) WHERE {FIRST}",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_update_is_said(kept: Kept, tmp_path: Path, name: str) -> None:
    """Never a guess: what came before it is still there, entry by entry."""
    data = kept.copy(tmp_path / "data")
    (data / CACHE).unlink()
    sql(DATABASE, BROKEN[name])(data)
    async with served(data, kept.made.interview) as site:
        for _ in range(2):
            text = await site.get("/text", at_ms=2**40)
            assert text.status_code == 500
            assert (await text.get_json())["type"] == "urn:panelroom:recording-broken"
            file = await site.get("/file")
            if file.status_code == 200:  # it was on its way when that was found
                kinds = [kind for kind, _ in blocks(await site.body(file))]
                assert kinds[-1] == "brok"
                assert "end " not in kinds
            else:
                assert (await file.get_json())["type"] == "urn:panelroom:recording-broken"
            assert (await site.get("/entries", limit=1000)).status_code == 200


EVENTS = {
    "chat that is no JSON": "UPDATE entry SET payload = x'7b' WHERE kind = 'chat'",
    "chat that is a number": "UPDATE entry SET payload = CAST('17' AS BLOB) WHERE kind = 'chat'",
    "chat that is deep": f"UPDATE entry SET payload = CAST('{'[' * 5000}' AS BLOB) WHERE kind = 'chat'",
    "chat that is no text": "UPDATE entry SET payload = x'fffe' WHERE kind = 'chat'",
    "a selection that is none": "UPDATE entry SET payload = CAST('{}' AS BLOB) WHERE kind = 'selection'",
    "a selection beyond": 'UPDATE entry SET payload = CAST(\'{"root":"source","anchor":9e9,"head":-1}\' AS BLOB)'
    " WHERE kind = 'selection'",
}


@pytest.mark.parametrize("name", EVENTS)
async def test_an_event_that_nobody_can_read_is_no_mystery(kept: Kept, tmp_path: Path, name: str) -> None:
    """The texts do not depend on it; whatever has it in it says so, as a problem and not as a crash."""
    data = kept.copy(tmp_path / "data")
    (data / CACHE).unlink()
    sql(DATABASE, EVENTS[name])(data)
    async with served(data, kept.made.interview) as site:
        for path in ("/file", "/entries"):
            response = await site.get(path)
            assert response.status_code in {200, 500}
            if response.status_code == 500:
                assert (await response.get_json())["type"] == "urn:panelroom:recording-broken", path
