"""Real histories, and a room with several files, typed through real sockets: the player, `recording/text` and Yjs agree
wherever one looks.
"""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Map, Text, UndoManager

from tests.replay.trace import Writer, load
from tests.replay.walker import Update, Walker, digests, random_walk
from tests.story.test_traces import ancestors
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.peer import LOCAL, Peer
from tests.support.server import serving

pytestmark = pytest.mark.anyio

RUN = 250  # frames that one person sends before the room comes to rest
WHOLE = 10**9
NO_END = [
    f"PANELROOM_MAX_{what}"
    for what in ("DOCUMENT_STRUCTS", "PARTICIPANT_STEPS", "CROSSINGS", "PARTICIPANT_CROSSINGS", "DOCUMENT_BYTES")
]
ASKED = 40
CHARACTERS = ["a", "b", " ", "\n", "\r\n", "é", "e\u0301", "漢", "😀", "👩‍👩‍👧", "𝒳"]


@pytest.fixture(scope="module")
async def walker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walker]:
    async with Walker(tmp_path_factory.mktemp("walker")) as running:
        yield running


async def check(api: Api, interview: str, walker: Walker, chance: random.Random, *, length: int) -> None:
    """The player stands where Yjs stands on a long walk, and the server says the same at moments of it."""
    answer = await api.http.get(f"/api/v1/interviews/{interview}/recording/file", headers=api.signed)
    assert answer.status_code == 200, answer.text[:1000]
    updates = [
        Update(each.entry, each.at_ms, each.update) for each in await api.updates(interview) if each.update is not None
    ]
    walk = random_walk(chance, updates[-1].at_ms + 10, updates[-1].entry, length=length)
    steps = await walker.walk([answer.content], updates, walk)
    timed = [(given[0], step) for (verb, *given), step in zip(walk, steps, strict=True) if verb in {"seek", "preview"}]
    for at_ms, step in chance.sample(timed, ASKED):
        _, files = await api.text_at(interview, at_ms)
        assert digests(files) == step.digests, at_ms


async def at_rest(crowd: Crowd) -> None:
    """Everybody has everything, and it is on disk."""
    first = next(iter(crowd.peers.values()))

    def still() -> bool:
        return all(peer.settled and peer.clocks == first.clocks for peer in crowd.peers.values())

    await crowd.until(still, "the room is at rest", 120)


HISTORIES = [
    pytest.param("friendsforever", 2_000, id="friendsforever-beginning"),
    pytest.param("rustcode", 2_000, id="rustcode-beginning"),
    *(
        pytest.param(name, WHOLE, id=f"{name}-whole", marks=pytest.mark.long)
        for name in ("friendsforever", "rustcode", "json-crdt-patch")
    ),
]


@pytest.mark.parametrize(("name", "length"), HISTORIES)
async def test_a_real_history_typed_by_several_people(
    crowd: Crowd, api: Api, interview: str, walker: Walker, name: str, length: int
) -> None:
    """A48, A49."""
    await typed_out(crowd, load(name), length)
    await check(api, interview, walker, random.Random(name), length=150)


@pytest.mark.long
async def test_the_longest_history_in_a_room_with_more_room(tmp_path: Path, walker: Walker) -> None:
    """A48, A49: 260,000 edits; a document of the usual size holds a quarter of them."""
    with serving(tmp_path / "data", dict.fromkeys(NO_END, str(10**9))) as server:
        async with Api(server) as api:
            api.http.timeout = 300
            interview = await api.create()
            async with Crowd(api, interview) as crowd:
                await typed_out(crowd, load("automerge-paper-timed"), WHOLE)
                await check(api, interview, walker, random.Random(1), length=150)


async def typed_out(crowd: Crowd, trace: dict[str, Any], length: int) -> None:
    """The first transactions of a history; who types one that is one person's takes turns."""
    transactions = trace["txns"][:length]
    writers = [Writer(agent + 1) for agent in range(trace.get("numAgents", 3))]
    peers = [await crowd.join(f"Writer {agent}") for agent in range(len(writers))]
    await crowd.join("Olga", "interviewer")
    known: list[set[int]] = [set() for _ in writers]
    made: list[bytes] = []
    typed: list[tuple[int, int]] = []  # the client and its clock after each transaction
    clocks = [0 for _ in writers]
    for index, transaction in enumerate(transactions):
        if index % RUN == 0:
            await at_rest(crowd)
        if "agent" in transaction:
            agent = transaction["agent"]
            new = sorted(ancestors(transactions, index, known[agent]))
        else:
            agent = index // RUN % len(writers)
            new = [each for each in range(max(0, index - RUN * len(writers)), index) if each not in known[agent]]
        await heard(crowd, peers[agent], [typed[parent] for parent in new])
        for parent in new:
            writers[agent].hear(made[parent])
        made.append(writers[agent].type(transaction["patches"]))
        known[agent].update(new, [index])
        clocks[agent] += sum(len(inserted) for _, _, inserted in transaction["patches"])
        typed.append((agent + 1, clocks[agent]))
        peers[agent].bring(made[-1])
        await peers[agent].flush()
    await at_rest(crowd)
    text = str(peers[0])
    if length >= len(trace["txns"]):
        assert text == trace["endContent"]
    assert await crowd.api.text(crowd.interview) == text


async def heard(crowd: Crowd, peer: Peer, typed: list[tuple[int, int]]) -> None:
    """Until a peer has what others have typed: nobody builds on what the server may not have yet."""
    wanted: dict[int, int] = {}
    for client, clock in typed:
        wanted[client] = max(clock, wanted.get(client, 0))

    def there() -> bool:
        clocks = peer.clocks
        return all(clocks.get(client, 0) >= clock for client, clock in wanted.items())

    if wanted:
        await crowd.until(there, f"{peer.name} has {wanted}")


class Author:
    """Types in several files, and takes back what was typed."""

    def __init__(self, peer: Peer, chance: random.Random) -> None:
        self.peer = peer
        self.chance = chance
        self.files: Map[Any] = peer.document.get("files", type=Map)
        self.histories: dict[str, UndoManager] = {}

    def act(self) -> None:
        chance = self.chance
        root = chance.choice(["source", "source", "source/1-é", "source/2-tests"])
        text = self.peer.document.get(root, type=Text)
        if root not in self.histories:
            self.histories[root] = UndoManager(scopes=[text], capture_timeout_millis=0)
            self.histories[root].include_origin(LOCAL)
        match chance.randrange(12):
            case 0:
                self.histories[root].undo()
            case 1:
                self.histories[root].redo()
            case 2:
                self.name()
            case _:
                with self.peer.document.transaction(origin=LOCAL):
                    for _ in range(chance.choice([1, 1, 1, 3])):
                        self.edit(text)

    def name(self) -> None:
        file = self.chance.choice(["source", "1-é", "2-tests"])
        if file != "source" and file in self.files and self.chance.random() < 0.4:
            del self.files[file]
        else:
            self.files[file] = {"name": f"{self.chance.randrange(99)} 😀.py", "language": "python"}

    def edit(self, text: Text) -> None:
        ends = [0]
        for character in str(text):
            ends.append(ends[-1] + len(character.encode()))
        at = self.chance.randrange(len(ends))
        if self.chance.random() < 0.35:
            del text[ends[at] : ends[min(at + self.chance.randint(1, 8), len(ends) - 1)]]
        else:
            text.insert(ends[at], "".join(self.chance.choices(CHARACTERS, k=self.chance.randint(1, 6))))


@pytest.mark.parametrize(
    "edits", [pytest.param(400, id="some"), pytest.param(12_000, id="many", marks=pytest.mark.long)]
)
async def test_three_people_write_several_files_over_slow_connections(
    crowd: Crowd, api: Api, interview: str, walker: Walker, edits: int
) -> None:
    """A48, A49: emoji, undo and redo; what they send comes late, or in another order after a reconnect."""
    chance = random.Random(edits)
    authors = [Author(await crowd.join(name), chance) for name in ("Ann", "Ben", "Gus")]
    for number in range(edits):
        author = chance.choice(authors)
        author.act()
        await author.peer.flush()
        if chance.random() < 0.06:
            crowd.delay(chance.choice(authors).peer.name)
        if chance.random() < 0.08:
            late = chance.choice(authors).peer
            if late.delayed and chance.random() < 0.2:
                late.overtake()
            await crowd.release(late.name)
        if number % 100 == 99:
            await crowd.settle()
    await crowd.settle()
    await check(api, interview, walker, chance, length=150)
