"""Real editing histories, typed through real sockets by several clients that come and go."""

import gzip
import json
import random
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.replay.trace import Writer
from tests.support import node
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.peer import Peer

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[1] / "data" / "traces"
INSTANTS = 200
RUN = 40
WHOLE = 10**9

Patch = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Trace:
    """The first transactions of a history; `end` is the text after them."""

    transactions: list[dict[str, Any]]
    end: str | None
    agents: int


def load(name: str, length: int) -> Trace:
    history = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    transactions = history["txns"][:length]
    whole = len(transactions) == len(history["txns"])
    return Trace(transactions, history["endContent"] if whole else None, history.get("numAgents", 1))


def played(transactions: list[dict[str, Any]]) -> str:
    """The end of a sequential history, by plain lists."""
    text = ""
    for transaction in transactions:
        for position, deleted, inserted in transaction["patches"]:
            text = text[:position] + inserted + text[position + deleted :]
    return text


async def check_instants(api: Api, interview: str, chance: random.Random) -> None:
    """At random instants the recorded text is what Yjs in Node makes of the entries up to it."""
    updates = await api.updates(interview)
    times = [entry.at_ms for entry in updates]
    end = (await api.recording(interview))["duration_ms"]
    instants = [0, end, *(chance.randint(0, end) for _ in range(INSTANTS))]
    stops = [bisect_right(times, instant) for instant in instants]
    texts = await node.replay([entry.update for entry in updates if entry.update is not None], stops)
    for instant, stop, text in zip(instants, stops, texts, strict=True):
        entry, files = await api.text_at(interview, instant)
        assert entry == (updates[stop - 1].entry if stop else None), instant
        assert files.get("source", "") == text, instant


async def come_and_go(crowd: Crowd, name: str, chance: random.Random) -> None:
    """Something that happens to a connection while others type."""
    if not crowd[name].online:
        await crowd.rejoin(name)
    elif crowd[name].delayed:
        await crowd.release(name)
    else:
        match chance.randrange(6):
            case 0:
                await crowd.drop(name)
            case 1:
                await crowd.go_offline(name)
            case 2:
                crowd.delay(name)
            case _:
                pass


async def back(crowd: Crowd, name: str) -> None:
    """Online and in step."""
    if not crowd[name].online:
        await crowd.rejoin(name)
    await crowd.release(name)


@pytest.mark.parametrize(
    "length", [pytest.param(2500, id="beginning"), pytest.param(WHOLE, id="whole", marks=pytest.mark.long)]
)
async def test_rustcode_is_typed_by_four_people_in_turn(crowd: Crowd, api: Api, interview: str, length: int) -> None:
    trace = load("rustcode", length)
    chance = random.Random(71)
    names = ["Cleo", "Gus", "Hal", "Ida"]
    for name in names:
        await crowd.join(name, "candidate" if name == "Cleo" else "guest")
    last = crowd["Cleo"]
    for start in range(0, len(trace.transactions), RUN):
        name = names[start // RUN % len(names)]
        typist = crowd[name]
        await back(crowd, last.name)
        await back(crowd, name)
        await catch_up(crowd, typist, last)
        for transaction in trace.transactions[start : start + RUN]:
            typist.edit(transaction["patches"])
            await typist.flush()
        last = typist
        await come_and_go(crowd, chance.choice(names), chance)
    text = await crowd.settle(60)
    assert text == (played(trace.transactions) if trace.end is None else trace.end)
    assert await api.replay(interview) == text
    await check_instants(api, interview, chance)


@pytest.mark.parametrize(
    "length", [pytest.param(2500, id="beginning"), pytest.param(WHOLE, id="whole", marks=pytest.mark.long)]
)
async def test_friendsforever_is_typed_by_two_people_at_once(
    crowd: Crowd, api: Api, interview: str, length: int
) -> None:
    """Each friend sees the other's typing when the history says so: his editor lags behind his connection."""
    trace = load("friendsforever", length)
    chance = random.Random(72)
    friends = ["Ann", "Ben"]
    for name in (*friends, "Cleo", "Gus"):
        await crowd.join(name, "candidate" if name == "Cleo" else "guest")
    editors = [Writer(agent + 1) for agent in range(trace.agents)]
    known: list[set[int]] = [set() for _ in editors]
    made: list[bytes] = []
    clocks = [0 for _ in editors]
    reached: list[int] = []
    for index, transaction in enumerate(trace.transactions):
        agent = transaction["agent"]
        typist = crowd[friends[agent]]
        for parent in sorted(ancestors(trace.transactions, index, known[agent])):
            known[agent].add(parent)
            other = trace.transactions[parent]["agent"]
            if typist.clocks.get(other + 1, 0) < reached[parent]:
                for name in friends:
                    await back(crowd, name)
                wanted = {other + 1: reached[parent]}
                await reach(crowd, typist, wanted)
            editors[agent].hear(made[parent])
        made.append(editors[agent].type(transaction["patches"]))
        known[agent].add(index)
        clocks[agent] += sum(len(inserted) for _, _, inserted in transaction["patches"])
        reached.append(clocks[agent])
        typist.bring(made[-1])
        await typist.flush()
        if index % RUN == 0:
            await come_and_go(crowd, chance.choice(list(crowd.peers)), chance)
    text = await crowd.settle(60)
    if trace.end is not None:
        assert text == trace.end
    assert [text] == await node.replay(made, [len(made)])
    assert await api.replay(interview) == text
    await check_instants(api, interview, chance)


async def catch_up(crowd: Crowd, peer: Peer, last: Peer) -> None:
    """Until a peer has all that the last typist has: the same text alone can come before what was typed and deleted."""

    def level() -> bool:
        return peer.clocks == last.clocks and str(peer) == str(last)

    await crowd.until(level, f"{peer.name} has {last.name}'s text")


async def reach(crowd: Crowd, peer: Peer, wanted: dict[int, int]) -> None:
    """Until a peer has at least these clocks."""

    def there() -> bool:
        clocks = peer.clocks
        return all(clocks.get(client, 0) >= clock for client, clock in wanted.items())

    await crowd.until(there, f"{peer.name} has {wanted}")


def ancestors(transactions: list[dict[str, Any]], index: int, known: set[int]) -> set[int]:
    """What lies before a transaction and is not known yet."""
    found: set[int] = set()
    open_ = [parent for parent in transactions[index]["parents"] if parent not in known]
    while open_:
        parent = open_.pop()
        if parent not in found:
            found.add(parent)
            open_ += [earlier for earlier in transactions[parent]["parents"] if earlier not in known]
    return found
