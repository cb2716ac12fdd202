"""Thousands of random histories: the player, `recording/text` and Yjs agree wherever one looks."""

import base64
import random
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import pytest
from pycrdt import Doc, Map, merge_updates
from quart import Quart, typing

from rooms.key import Scope
from tests.replay.record import StillClock
from tests.replay.test_histories import CHARACTERS, ROOTS, play
from tests.replay.walker import Update, Walker, digests, random_walk
from tests.support.recording import part
from web.app import create_app
from web.panelroom import Panelroom
from web.settings import Settings

pytestmark = pytest.mark.anyio

LANGUAGES = ("python", "sql", "markdown")
PAUSES_MS = (0, 0, 0, 4, 10, 120, 900, 15_000)
ASKED = 6


class Desk:
    """A server without sockets, whose clock is ours."""

    def __init__(self, app: Quart, panelroom: Panelroom, key: str) -> None:
        self.client: typing.TestClientProtocol = app.test_client()
        self.clock = StillClock()
        self.journal = panelroom.journal
        self.journal.clock = self.clock
        self._signed = {"Authorization": f"Bearer {key}"}

    async def create(self) -> str:
        made = await self.client.post("/api/v1/interviews", json={}, headers=self._signed)
        interview: str = (await made.get_json())["id"]
        async with self.journal.transaction() as transaction:
            await transaction.start(interview)
        return interview

    async def record(self, interview: str, steps: list[bytes | str], chance: random.Random) -> None:
        """Updates, and what somebody says between them."""
        log = await self.journal.open(interview)
        for step in steps:
            self.clock.at_ms += chance.choice(PAUSES_MS)
            if isinstance(step, bytes):
                self.journal.append(log, interview, f"p{chance.randrange(3)}", step)
                continue
            async with self.journal.transaction() as transaction:
                event = {"from": {"id": "p0", "name": "Cleo"}, "text": step, "to": "all"}
                await transaction.append(interview, "chat", event, "p0")
        await self.journal.flush()

    async def read(self, interview: str, path: str, **query: Any) -> Any:
        response = await self.client.get(
            f"/api/v1/interviews/{interview}/recording/{path}", query_string=query, headers=self._signed
        )
        assert response.status_code == 200, await response.get_data(as_text=True)
        return await response.get_data() if path == "file" else await response.get_json()


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    app = create_app(Settings(reopen_s=0), tmp_path_factory.mktemp("desk"))
    async with app.test_app():
        panelroom: Panelroom = app.extensions["panelroom"]
        yield Desk(app, panelroom, await panelroom.rooms.people.add_key("tests", frozenset(Scope)))


@pytest.fixture(scope="module")
async def walker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walker]:
    async with Walker(tmp_path_factory.mktemp("walker")) as running:
        yield running


def edit(chance: random.Random) -> tuple[str, str, int, str | int]:
    what = chance.choice(["insert", "delete", "replace"])
    given = "".join(chance.choices(CHARACTERS, k=chance.randint(1, 6)))
    return what, chance.choice(ROOTS), chance.randrange(1_000), chance.randint(1, 5) if what == "delete" else given


def action(chance: random.Random) -> tuple[Any, ...]:
    match chance.randrange(8):
        case 0:
            return ("undo",)
        case 1:
            return ("redo",)
        case 2 | 3 | 4:
            return ("hear", chance.randrange(3))
        case _:
            return ("edit", [edit(chance) for _ in range(chance.randint(1, 4))])


def named(chance: random.Random) -> Iterator[bytes]:
    """Files made, renamed and deleted."""
    doc: Doc[Any] = Doc(client_id=99)
    files = doc.get("files", type=Map)
    made: list[bytes] = []
    doc.observe(lambda event: made.append(event.update))
    for number in range(chance.randint(0, 5)):
        file = chance.choice(["source", "ä"])
        if file in files and chance.random() < 0.4:
            del files[file]
        else:
            files[file] = {"name": f"{number} 😀.py", "language": chance.choice(LANGUAGES)}
    yield from made


def history(chance: random.Random) -> list[bytes | str]:
    """Three people who type at once; what each sends comes late, several at once, sometimes twice."""
    updates, needs = play(3, [(chance.randrange(3), action(chance)) for _ in range(chance.randint(5, 60))])
    steps: list[bytes | str] = []
    delivered: set[int] = set()
    waiting = list(range(len(updates)))
    while waiting:
        ready = [index for index in waiting if needs[index] <= delivered]
        chosen = ready[: chance.randint(2, 5)] if chance.random() < 0.1 else [chance.choice(ready)]
        delivered.update(chosen)
        waiting = [index for index in waiting if index not in delivered]
        steps.append(merge_updates(*(updates[index] for index in chosen)))
        if chance.random() < 0.05:
            steps.append(steps[0])
        if chance.random() < 0.1:
            steps.append("hm 😀")
    names = list(named(chance))
    places = sorted(chance.randint(0, len(steps)) for _ in names)
    for name, place in reversed(list(zip(names, places, strict=True))):
        steps.insert(place, name)
    return steps


@pytest.mark.parametrize(
    ("first", "count"),
    [
        pytest.param(0, 40, id="some"),
        *(pytest.param(first, 500, id=f"from-{first}", marks=pytest.mark.long) for first in range(0, 10_000, 500)),
    ],
)
async def test_random_histories_walked_forward_backward_and_by_jumps(
    desk: Desk, walker: Walker, first: int, count: int
) -> None:
    """A48, A49: several files, emoji, undo and redo, three writers with delayed delivery."""
    for seed in range(first, first + count):
        chance = random.Random(seed)
        interview = await desk.create()
        made = history(chance)
        cuts = [0, *sorted(chance.sample(range(len(made)), min(2, len(made)))), len(made)]
        files: list[bytes] = []
        for start, end in pairwise(cuts):  # it is read while it goes on
            await desk.record(interview, made[start:end], chance)
            files.append(await desk.read(interview, "file", after=part(files[-1], "end ")["entry"] if files else 0))
        items = (await desk.read(interview, "entries", document=interview))["items"]
        updates = [
            Update(item["entry"], item["at_ms"], base64.b64decode(item["update"]))
            for item in items
            if item["kind"] == "update"
        ]
        if not updates:
            continue
        walk = random_walk(chance, updates[-1].at_ms + 10, updates[-1].entry, length=30)
        appended = sorted(chance.sample(range(len(walk) // 2), len(files) - 1))
        for number, place in enumerate(appended):
            walk.insert(place + number, ("append",))
        steps = await walker.walk(files, updates, walk)
        whole = list(zip(walk, steps, strict=True))[len(walk) // 2 :]
        for (verb, *given), step in chance.sample(whole, ASKED):
            if verb not in {"seek", "preview"}:
                continue
            text = await desk.read(interview, "text", at_ms=given[0])
            assert digests(text["files"]) == step.digests, (seed, verb, given)
