"""What a dead process leaves in the note: all of what the CRDT was given, or nothing."""

import os
import random
import signal
from itertools import cycle

import pytest

from collab.document import Document
from collab.errors import DocumentBroken
from collab.note import NO_NOTE, Noted, SharedNote
from tests.collab.typist import Typist

ADA = Noted("document", "ada", 0, b"update", 6)


@pytest.fixture
def note(monkeypatch: pytest.MonkeyPatch) -> SharedNote:
    monkeypatch.setattr("collab.note.KEPT_BYTES", 100_000)
    return SharedNote()


def write(note: SharedNote, noted: Noted) -> None:
    note.write(noted.document, noted.participant, noted.entry, noted.update)


@pytest.mark.parametrize(
    ("noted", "during"),
    [
        (ADA, "live"),
        (Noted("document", "", 17, b"update", 6), "load"),
        (Noted("document", "", 0, b"", 0), "read"),
        (Noted("dökument.notes", "é 😀", 2**40, bytes(range(256)) * 300, 76_800), "load"),
    ],
)
def test_what_is_written_is_read(note: SharedNote, noted: Noted, during: str) -> None:
    assert note.read() is None
    write(note, noted)
    assert note.read() == noted
    assert noted.during == during
    note.clear()
    assert note.read() is None


def test_a_short_note_after_a_long_one(note: SharedNote) -> None:
    write(note, Noted("a long name", "participant", 9, b"x" * 1000, 1000))
    note.clear()
    write(note, ADA)
    assert note.read() == ADA


def test_of_a_long_update_the_beginning_is_kept(note: SharedNote) -> None:
    write(note, Noted("document", "ada", 0, b"x" * 100_001, 100_001))
    noted = note.read()
    assert noted == Noted("document", "ada", 0, b"x" * 100_000, 100_001)


def test_a_writer_killed_at_any_moment_leaves_a_whole_note_or_none(note: SharedNote) -> None:
    chance = random.Random(4)
    notes = [
        Noted(name * 30, name * 20, ord(name), name.encode() * size, size) for name, size in (("a", 7), ("b", 90_000))
    ]
    for _ in range(20):
        child = os.fork()
        if child == 0:
            for noted in cycle(notes):
                write(note, noted)
                note.clear()
        for _ in range(chance.randrange(20_000)):
            note.read()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert note.read() in [None, *notes]
        note.clear()


def test_a_note_that_was_scribbled_over_is_read_without_failing(note: SharedNote) -> None:
    chance = random.Random(5)
    for _ in range(200):
        note._memory[:1200] = b"\1" + chance.randbytes(chance.choice([7, 1199])).ljust(1199, b"\0")
        note.read()


def test_the_crdt_is_never_entered_without_a_note(note: SharedNote, monkeypatch: pytest.MonkeyPatch) -> None:
    document, typist = Document("document", note), Typist(1)
    hello, value = typist.insert(0, "hello"), typist.put("1", 2)
    seen: list[Noted | None] = []

    class Watched:
        def __getattr__(self, name: str) -> object:
            seen.append(note.read())
            return getattr(doc, name)

    doc = document._usable
    monkeypatch.setattr(document, "_usable", Watched())
    document.merge(hello, "ada")
    document.merge(hello, "", 3)
    assert seen == [Noted("document", "ada", 0, hello, len(hello)), Noted("document", "", 3, hello, len(hello))]
    document.merge_value(value, "ada")
    assert Noted("document", "ada", 0, value, len(value)) in seen
    del seen[:]
    for read in (document.texts, document.state_vector, lambda: document.diff(b"\0"), lambda: document.diff(b"\1\1\2")):
        read()
        assert set(seen) == {Noted("document", "", 0, b"", 0)}
        assert note.read() is None


def test_a_panic_leaves_no_note(note: SharedNote) -> None:
    document = Document("document", note)
    with pytest.raises(DocumentBroken):
        document.merge(b"\xff")
    assert note.read() is None


def test_without_a_supervisor_nothing_is_noted() -> None:
    NO_NOTE.write("document", "ada", 0, b"update")
    NO_NOTE.clear()
    Document().merge(Typist(1).insert(0, "hello"))
