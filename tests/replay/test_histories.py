"""Random histories: people type, delete, undo, redo and exchange updates, accepted in any order that is valid."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text, UndoManager, merge_updates

from collab.log import Entry
from replay.cache import Cache
from replay.derivation import Derivation
from tests.replay.decoder import File, decode
from tests.replay.record import Listed, derivation, everything, now, whole

pytestmark = pytest.mark.usefixtures("small_segments")

CHARACTERS = ["a", "b", " ", "\n", "\r\n", "é", "e\u0301", "漢", "😀", "👩‍👩‍👧", "𝒳", "\u200d", "\x00", "\U0010ffff"]
ROOTS = ["source", "source", "source/ä"]

texts = st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=6).map("".join)
places = st.integers(0, 1_000)
edits = st.one_of(
    st.tuples(st.just("insert"), st.sampled_from(ROOTS), places, texts),
    st.tuples(st.just("delete"), st.sampled_from(ROOTS), places, st.integers(1, 5)),
    st.tuples(st.just("replace"), st.sampled_from(ROOTS), places, texts),
)
edited = st.tuples(st.just("edit"), st.lists(edits, min_size=1, max_size=4))
heard = st.tuples(st.just("hear"), st.integers(0, 3))
actions = st.one_of(
    *[edited, edited, edited, heard, heard],
    st.just(("undo",)),
    st.just(("redo",)),
)


class Person:
    """Knows some of the updates made so far, and makes more."""

    def __init__(self, client_id: int) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.text: dict[str, Text] = {root: self.doc.get(root, type=Text) for root in ROOTS}
        self.undo = UndoManager(scopes=[self.text["source"]], capture_timeout_millis=0)
        self.undo.include_origin(client_id)
        self.known: dict[int, None] = {}
        self.made: list[bytes] = []
        self.doc.observe(lambda event: self.made.append(event.update))

    def edit(self, what: str, root: str, place: int, given: str | int) -> None:
        text = self.text[root]
        ends = [0]
        for character in str(text):
            ends.append(ends[-1] + len(character.encode()))
        at = place % len(ends)
        if what != "insert":
            end = min(at + (given if isinstance(given, int) else 2), len(ends) - 1)
            if end > at:
                del text[ends[at] : ends[end]]
        if isinstance(given, str):
            text.insert(ends[at], given)


def play(people: int, steps: list[tuple[int, Any]]) -> tuple[list[bytes], list[frozenset[int]]]:
    """The updates made, and what each needs."""
    room = [Person(index + 1) for index in range(people)]
    updates: list[bytes] = []
    needs: list[frozenset[int]] = []
    for who, action in steps:
        person = room[who % people]
        person.made.clear()
        match action:
            case ("edit", list(changes)):
                with person.doc.transaction(origin=person.doc.client_id):
                    for change in changes:
                        person.edit(*change)
            case ("hear", int(other)):
                for index in room[other % people].known:
                    if index not in person.known:
                        person.doc.apply_update(updates[index])
                        person.known[index] = None
                continue
            case ("undo",):
                person.undo.undo()
            case _:
                person.undo.redo()
        for update in person.made:
            needs.append(frozenset(person.known))
            person.known[len(updates)] = None
            updates.append(update)
    return updates, needs


@st.composite
def logs(draw: st.DrawFn, least: int = 25, most: int = 60) -> list[Entry]:
    """Of so many steps of one to four people."""
    people = draw(st.integers(1, 4))
    updates, needs = play(people, draw(st.lists(st.tuples(st.integers(0, 3), actions), min_size=least, max_size=most)))
    delivered: set[int] = set()
    payloads: list[bytes] = []
    waiting = list(range(len(updates)))
    while waiting:
        ready = [index for index in waiting if needs[index] <= delivered]
        chosen = [draw(st.sampled_from(ready))]
        if draw(st.integers(0, 9)) == 0:  # as after a reconnect: several at once
            chosen = ready[: draw(st.integers(1, 5))]
        delivered.update(chosen)
        waiting = [index for index in waiting if index not in delivered]
        payloads.append(merge_updates(*(updates[index] for index in chosen)))
        if draw(st.integers(0, 19)) == 0:
            payloads.append(payloads[0])  # and something twice
    times = draw(st.lists(st.integers(0, 3), min_size=len(payloads), max_size=len(payloads)))
    at_ms = 0
    log = []
    for index, (payload, step) in enumerate(zip(payloads, times, strict=True)):
        at_ms += step * 10
        log.append(Entry("i", index + 1, at_ms, "i", f"p{index % 3}", "update", payload))
    return log


def prefixes(log: list[Entry]) -> Iterator[tuple[Entry, dict[str, str]]]:
    """What the CRDT says after each entry; texts that nobody has written yet are empty."""
    doc: Doc[Any] = Doc()
    roots = {root: doc.get(root, type=Text) for root in ROOTS}
    for entry in log:
        doc.apply_update(entry.payload)
        yield entry, {root: str(text) for root, text in roots.items()}


@settings(max_examples=100, deadline=None)
@given(logs())
def test_the_text_at_every_prefix_is_that_of_the_crdt(log: list[Entry]) -> None:
    derived = derivation([])
    expected: dict[int, tuple[int, dict[str, str]]] = {}
    for entry, wanted in prefixes(log):
        derived.take(entry)
        expected[entry.at_ms] = (entry.entry, wanted)  # the last one of each time
        assert now(derived.texts(entry.at_ms)) == (entry.entry, _written(wanted, derived))
    derived.verify()
    for at_ms, (number, wanted) in expected.items():
        found, files = now(derived.texts(at_ms))
        assert found == number
        assert {root: files.get(root, "") for root in wanted} == wanted


@settings(max_examples=60, deadline=None)
@given(logs())
def test_the_operations_lead_a_browser_forward_and_back(log: list[Entry]) -> None:
    file = asyncio.run(_file(log))
    roots = {root: "".encode("utf-16-le") for root in ROOTS}
    walked: list[dict[str, bytes]] = []
    undo: list[tuple[str, int, str, str]] = []
    todo = iter(file.operations)
    operation = next(todo, None)
    for entry, wanted in prefixes(log):
        while operation is not None and operation[0] == entry.entry:
            number, at_ms, writer, root, position, length, inserted = operation
            gone = roots[root][position * 2 : (position + length) * 2]
            assert len(gone) == length * 2
            deleted = gone.decode("utf-16-le")
            walked.append(dict(roots))
            undo.append((root, position, inserted, deleted))
            roots[root] = _splice(roots[root], position, deleted, inserted)
            assert (number, at_ms, writer) == (entry.entry, entry.at_ms, entry.delivered_by)
            operation = next(todo, None)
        assert {root: text.decode("utf-16-le") for root, text in roots.items()} == wanted
    assert operation is None
    for root, position, inserted, deleted in reversed(undo):
        roots[root] = _splice(roots[root], position, inserted, deleted)
        assert roots == walked.pop()
    file.check_proofs()
    assert [proof[0] for proof in file.end["proofs"]][-1:] == [entry.entry for entry in log][-1:]


async def _file(log: list[Entry]) -> File:
    async with aclosing(Cache()) as cache:
        made = await Listed(log).replay(cache).file("i", "i", participants=[], sealed=False, told=everything)
        return decode(await whole(made))


def _written(texts: dict[str, str], derived: Derivation) -> dict[str, str]:
    return {root: text for root, text in texts.items() if root == "source" or root in derived._texts}


def _splice(text: bytes, position: int, deleted: str, inserted: str) -> bytes:
    at = position * 2
    gone = deleted.encode("utf-16-le")
    assert text[at : at + len(gone)] == gone
    return text[:at] + inserted.encode("utf-16-le") + text[at + len(gone) :]
