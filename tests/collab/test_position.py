"""Where relative positions are, against Yjs."""

import random
from typing import Any

import pytest
from pycrdt import Text

from collab.document import unseen
from collab.gate import Gate, Limits, Verdict
from collab.position import Relative
from collab.update import parse
from tests.collab.typist import Typist, string, update
from tests.support.node import positions

pytestmark = pytest.mark.anyio

ROOTS = ("source", "source/a", "source/b")
WORDS = ("a", "b", "xyz", "é", "😀", "ab😀c", "👩‍👩‍👧\r\n")


def relative(item: tuple[int, int] | None, assoc: int, root: str | None = None) -> Relative:
    found = None if item is None else {"client": item[0], "clock": item[1]}
    return {"type": None, "tname": root, "item": found, "assoc": assoc}


def taken(updates: list[bytes]) -> Gate:
    gate = Gate(Limits(max_steps=10**9, max_participant_steps=10**9))
    for sent in updates:
        news, data = gate.news(parse(sent), sent, unseen)
        if gate.judge(news, data, "ada") is Verdict.NEW:
            gate.admit()
    return gate


def all_positions(gate: Gate) -> list[Relative]:
    """At every clock, one beyond, of a client that is not there, and at both ends of every text."""
    ids = [(client, clock) for client, end in gate.clocks.items() for clock in range(end + 1)]
    found = [relative(item, assoc) for item in [*ids, (2**53 - 1, 2**31 - 1)] for assoc in (-1, 0, 1)]
    return found + [relative(None, assoc, root) for root in ROOTS for assoc in (-1, 0, 1)]


def a_history(chance: random.Random, edits: int) -> list[bytes]:
    """Three typists write in several files, and hear of each other late."""
    typists = [Typist(client) for client in chance.sample(range(1, 100), 3)]
    sent: list[bytes] = [typists[0].put("a", {"name": "a.py", "language": "python"})]
    heard = [0] * len(typists)
    for _ in range(edits):
        at = chance.randrange(len(typists))
        typist = typists[at]
        if chance.random() < 0.5:
            until = chance.randint(heard[at], len(sent))
            typist.receive(*sent[heard[at] : until])
            heard[at] = until
        text: Text = typist.doc.get(chance.choice(ROOTS), type=Text)
        shown = str(text)
        place = chance.randint(0, len(shown))
        start = len(shown[:place].encode())
        if shown and chance.random() < 0.4:
            end = len(shown[: place + chance.randint(1, 6)].encode())
            if end > start:
                del text[start:end]
                sent.append(typist._updates[-1])
        else:
            text.insert(start, chance.choice(WORDS))
            sent.append(typist._updates[-1])
    return sent


async def test_everywhere_in_any_history() -> None:
    """Every position is where Yjs has it: several texts, emoji, deletions, and what was written at once."""
    cases: list[tuple[list[bytes], list[dict[str, Any]]]] = []
    found = []
    for seed in range(150):
        history = a_history(random.Random(seed), 4 + seed % 60)
        gate = taken(history)
        asked = all_positions(gate)
        cases.append((history, asked))
        found.append(gate.positions(asked))
    for (history, asked), ours, theirs in zip(cases, found, await positions(cases), strict=True):
        wanted = [None if at is not None and at[0] not in ROOTS else at for at in theirs]
        assert ours == wanted, next(
            (len(history), *each) for each in zip(asked, ours, wanted, strict=True) if each[1] != each[2]
        )
        assert any(at is not None and at[1] for at in ours)


async def test_what_is_no_text_has_no_position() -> None:
    typist = Typist(7)
    gate = taken([typist.put("a", {"name": "a.py", "language": "python"}), typist.insert(0, "ab")])
    assert gate.positions([relative((7, 0), 0), relative((7, 1), 0)]) == [None, ("source", 0)]


async def test_the_item_counts_before_the_name() -> None:
    """Both are there in what editors send; a wrong name changes nothing."""
    gate = taken([update((7, 0, [string("abc")])), update((8, 0, [string("xy", root="source/a")]))])
    asked = [relative((8, 1), 0, "source"), relative((7, 2), -1, "source/a")]
    assert gate.positions(asked) == [("source/a", 1), ("source", 3)]


async def test_an_empty_document() -> None:
    gate = Gate(Limits())
    assert gate.positions([]) == []
    assert gate.positions([relative(None, 0, "source"), relative((1, 0), 0)]) == [("source", 0), None]
