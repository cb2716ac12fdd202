"""What passes the gate is cheap to integrate, by a count that knows nothing of the gate (tests.support.yata).

The known attacks are played with low limits, and what came through is integrated as Yjs does it, one update after the
other and by a newcomer; the search of half an hour (``-m long``) measures Yjs and pycrdt themselves with the real ones.
"""

import random
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.gate import _STEPS_PER_BYTE as STEPS_PER_BYTE
from collab.gate import Limits
from collab.update import parse
from tests.collab.typist import Typist
from tests.support.adversary import METRICS, play, search
from tests.support.attack import PARTICIPANTS, Answer, Play, Scene
from tests.support.known_attack import known
from tests.support.yata import Replica

pytestmark = pytest.mark.anyio

LOW = Limits(max_steps=2_000, max_participant_steps=4_000, max_crossings=6_000, max_participant_crossings=2_000)
STEP_US = 0.5  # at worst, of Yjs or pycrdt
WORST_S = 2.0
WORST_US = 100.0  # of one update, of many: what plain typing costs pycrdt at the end of a long text


def integrated(updates: list[bytes]) -> tuple[Replica, Replica]:
    """By those who were there, and by a newcomer."""
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    doc.get("files", type=Map)
    live, newcomer = Replica(), Replica()
    for update in updates:
        live.apply(parse(update))
        doc.apply_update(update)
    newcomer.apply(parse(doc.get_update()))
    assert live.text() == newcomer.text() == str(text)
    return live, newcomer


async def unguarded(scene: Scene) -> list[bytes]:
    updates: list[bytes] = []

    async def send(_: int, update: bytes) -> Answer:
        updates.append(update)
        return Answer.ACCEPTED

    await Play(scene, send).run()
    return updates


@pytest.mark.parametrize("seed", range(8))
def test_the_count_integrates_as_pycrdt_does(seed: int) -> None:
    rng = random.Random(seed)
    typists = [Typist(client) for client in rng.sample(range(1, 1_000), 4)]
    heard = [0] * len(typists)
    told: list[bytes] = []
    for _ in range(150):
        who = rng.randrange(len(typists))
        typist = typists[who]
        if rng.random() < 0.3:
            typist.receive(*told[heard[who] :])
            heard[who] = len(told)
        length = len(str(typist))
        at = rng.randrange(length + 1)
        if at < length and rng.random() < 0.3:
            told.append(typist.delete(at, min(length - at, rng.randrange(1, 5))))
        elif rng.random() < 0.9:
            told.append(typist.insert(at, rng.choice(("a", "hello", "😀x"))))
        else:
            told.append(typist.put("main", rng.randrange(9)))
    integrated(told)


@pytest.mark.parametrize("scene", known(400), ids=lambda scene: scene.name)
async def test_a_known_attack_is_bounded(scene: Scene, tmp_path: Path) -> None:
    played = await play(scene, tmp_path, limits=LOW)
    live, newcomer = integrated(played.updates)
    allowed = PARTICIPANTS * LOW.max_participant_steps + STEPS_PER_BYTE * played.size
    assert live.counts.microseconds() < STEP_US * allowed
    assert newcomer.counts.visits < LOW.max_crossings


async def test_without_the_gate_they_are_not_bounded() -> None:
    """Or the test above would show nothing."""
    costs = [integrated(await unguarded(scene)) for scene in known(200)]
    assert sum(live.counts.microseconds() > 15_000 for live, _ in costs) > 5
    assert sum(newcomer.counts.visits > 3 * LOW.max_crossings for _, newcomer in costs) > 10


@pytest.mark.long
async def test_no_sequence_of_a_megabyte_takes_two_seconds() -> None:
    done = await search(30, seed=1, report=print)
    for (metric, _), found in done.best.items():
        cost_s = METRICS[metric](found.cost)
        assert cost_s <= WORST_S or cost_s * 1e6 <= WORST_US * len(found.played.updates), found
