import gc
import json
import weakref
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.log import Entry
from replay.derivation import Derivation
from replay.errors import RecordingBroken
from replay.file import Ending, Request
from tests.replay.decoder import File, decode
from tests.replay.record import derivation, everything, now


class Room:
    """A document and the log of its updates, 100 ms apart."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc(client_id=1)
        self.log: list[Entry] = []
        self.doc.observe(lambda event: self.record(event.update))

    def record(self, update: bytes, by: str = "p") -> None:
        entry = len(self.log) + 1
        self.log.append(Entry("i", entry, entry * 100, "i", by, "update", update))

    def tell(self, kind: str, payload: bytes = b"{}") -> None:
        entry = len(self.log) + 1
        self.log.append(Entry("i", entry, entry * 100, "", "", kind, payload))

    def text(self, root: str = "source") -> Text:
        text: Text = self.doc.get(root, type=Text)
        return text

    def derived(self) -> Derivation:
        made = derivation(self.log)
        made.verify()
        return made

    def add(self, kind: str, payload: dict[str, Any], by: str = "p", document: str = "i") -> None:
        entry = len(self.log) + 1
        self.log.append(Entry("i", entry, entry * 100, document, by, kind, json.dumps(payload).encode()))


def texts(derived: Derivation, at_ms: int) -> tuple[int | None, dict[str, str]]:
    return now(derived.texts(at_ms))


def file(derived: Derivation) -> File:
    """Of what is in the open segment."""
    request = Request("i", "i", {}, everything, "", 0)
    return decode(b"".join([request.begin(0, 0), *Ending(request, derived).read()]))


def test_before_the_first_entry_there_is_an_empty_source() -> None:
    assert texts(derivation([]), 0) == (None, {"source": ""})


def test_every_instant_has_the_text_of_its_last_entry() -> None:
    room = Room()
    room.text().insert(0, "a😀")
    room.tell("participant.joined")
    room.text().insert(5, "\r\n")
    derived = room.derived()
    assert texts(derived, 99) == (None, {"source": ""})
    assert texts(derived, 100) == (1, {"source": "a😀"})
    assert texts(derived, 299) == (1, {"source": "a😀"})
    assert texts(derived, 300) == texts(derived, 10**30) == (3, {"source": "a😀\r\n"})
    assert file(derived).events == [[2, 200, "participant.joined", {}]]
    assert (derived.entry, derived.at_ms, len(derived.chain)) == (3, 300, 3)


def test_of_entries_at_one_time_the_last_counts() -> None:
    room = Room()
    for character in "abc":
        room.text().insert(0, character)
    derived = derivation([Entry("i", entry.entry, 50, "i", "p", "update", entry.payload) for entry in room.log])
    assert texts(derived, 49) == (None, {"source": ""})
    assert texts(derived, 50) == (3, {"source": "cba"})


def test_further_files_appear_when_they_are_written() -> None:
    room = Room()
    room.text().insert(0, "main")
    with room.doc.transaction():
        room.text("source/é1").insert(0, "first 😀")
        room.text().insert(4, "!")
    room.text("source/é1").insert(6, "ë")
    with room.doc.transaction():
        room.text("source/2").insert(0, "gone")
        del room.text("source/2")[0:4]
    derived = room.derived()
    assert texts(derived, 100)[1] == {"source": "main"}
    assert texts(derived, 200)[1] == {"source": "main!", "source/é1": "first 😀"}
    assert texts(derived, 300)[1] == {"source": "main!", "source/é1": "first ë😀"}
    assert file(derived).operations == [
        (1, 100, "p", "source", 0, 0, "main"),
        (2, 200, "p", "source", 4, 0, "!"),
        (2, 200, "p", "source/é1", 0, 0, "first 😀"),
        (3, 300, "p", "source/é1", 6, 0, "ë"),
    ]
    assert file(derived).end["roots"] == ["source", "source/é1"]
    file(derived).check_proofs()


def test_who_types_the_name_of_a_root_makes_none() -> None:
    room = Room()
    room.text().insert(0, "open('source/x')")
    assert room.derived().roots == ["source"]


def test_the_map_of_files_over_time() -> None:
    room = Room()
    assert file(room.derived()).end["files"] == []
    files = room.doc.get("files", type=Map)
    files["source"] = {"name": "main.py", "language": "python"}
    files["source"] = {"name": "main.go", "language": "go"}
    changes = [
        [1, 100, {"source": {"name": "main.py", "language": "python"}}],
        [2, 200, {"source": {"name": "main.go", "language": "go"}}],
    ]
    derived = room.derived()
    assert file(derived).end["files"] == changes
    for file_id, entry in {
        "a": 7,
        "b": None,
        "c": {"name": "c.py"},
        "d": {"name": 1, "language": "go"},
        "e": b"x",
    }.items():
        files[file_id] = entry
    assert file(room.derived()).end["files"] == changes
    assert texts(derived, 200) == (2, {"source": ""})
    files["a"] = {"name": "a.py", "language": "python"}
    files["source"] = "nothing"
    del files["a"]
    assert file(room.derived()).end["files"][2:] == [
        [8, 800, {"a": {"name": "a.py", "language": "python"}}],
        [9, 900, {"source": None}],
        [10, 1000, {"a": None}],
    ]
    assert file(room.derived()).files(9) == {"a": {"name": "a.py", "language": "python"}}


def test_what_is_kept_of_the_map_of_files_is_bounded() -> None:
    """A change costs what it changes, however many files there are and whatever they are called."""
    room = Room()
    files = room.doc.get("files", type=Map)
    with room.doc.transaction():
        for number in range(100):
            files[f"{number:03}"] = {"name": "n" * 100_000, "language": "l" * 100_000, "more": "m" * 100_000}
    for number in range(100):
        files["099"] = {"name": f"{number}" + "😀" * 100_000, "language": ""}
    files["i" * 201] = {"name": "a", "language": "b"}
    found = file(room.derived())
    assert found.files(1) == {f"{number:03}": {"name": "n" * 200, "language": "l" * 50} for number in range(100)}
    changes = [list(row[2].items()) for row in found.end["files"][1:]]
    assert changes == [[("099", {"name": (str(at) + "😀" * 200)[:200], "language": ""})] for at in range(100)]
    with room.doc.transaction():
        for number in reversed(range(100, 200)):
            files[f"{number:03}"] = {"name": "x", "language": "y"}
    assert list(file(room.derived()).files()) == [f"{number:03}" for number in range(128)]
    del files["000"]
    files["199"] = {"name": "z", "language": "y"}
    derived = file(room.derived())
    assert len(derived.files()) == 128
    assert derived.files()["199"] == {"name": "z", "language": "y"}


def test_another_documents_entries_are_passed_over() -> None:
    room = Room()
    room.text().insert(0, "a")
    room.log.append(Entry("i", 2, 200, "i.notes", "p", "update", b"not even an update"))
    derived = room.derived()
    assert texts(derived, 200) == (1, {"source": "a"})
    assert (derived.entry, derived.at_ms) == (2, 100)


def test_a_file_is_of_the_moment_of_asking() -> None:
    room = Room()
    room.text().insert(0, "a")
    derived = room.derived()
    request = Request("i", "i", {}, everything, "", 0)
    ending = Ending(request, derived)
    room.text().insert(0, "b")
    derived.take(room.log[-1])
    of_then = decode(request.begin(0, 0) + b"".join(ending.read()))
    assert [operation[6] for operation in of_then.operations] == ["a"]
    assert [operation[6] for operation in file(derived).operations] == ["a", "b"]


def test_an_update_that_is_none_is_named() -> None:
    room = Room()
    room.text().insert(0, "a")
    room.record(b"\x01garbage")
    with pytest.raises(RecordingBroken) as caught:
        room.derived()
    assert (caught.value.document_id, caught.value.entry) == ("i", 2)


def test_a_difference_from_the_document_is_found() -> None:
    room = Room()
    room.text().insert(0, "a😀")
    derived = room.derived()
    list(derived._texts["source"].take([{"insert": "x"}]))
    room.text().insert(0, "b")
    derived.take(room.log[-1])
    with pytest.raises(RecordingBroken):
        derived.verify()
    with pytest.raises(RecordingBroken):
        derived.close()


def test_a_replica_leaves_the_memory() -> None:
    """When it is let go of, and with the derivation that has it."""
    room = Room()
    room.text().insert(0, "a")
    room.doc.get("files", type=Map)["source"] = {"name": "main.py", "language": "python"}
    for is_released in (True, False):
        derived = room.derived()
        assert derived._replica is not None
        gone = weakref.ref(derived._replica._doc)
        if is_released:
            derived.release()
        else:
            del derived
        gc.collect()
        assert gone() is None


def test_the_writer_is_whose_words_they_are() -> None:
    """By what the journal binds; whoever brings it, after a crash."""
    room = Room()
    room.add("author", {"client": 1, "boot": "x"}, "ada")
    room.text().insert(0, "hers")
    other: Doc[Any] = Doc(client_id=2)
    other.apply_update(room.doc.get_update())
    other.get("source", type=Text).insert(4, ", nobody's")
    room.record(other.get_update(room.doc.get_state()))
    room.add("author", {"client": 2, "boot": "x"}, "bob")
    mixed: Doc[Any] = Doc(client_id=1)
    mixed.apply_update(other.get_update())
    mixed.get("source", type=Text).insert(0, "both: ")
    state = other.get_state()
    third: Doc[Any] = Doc(client_id=2)
    third.apply_update(mixed.get_update())
    third.get("source", type=Text).insert(0, "and ")
    room.record(third.get_update(state))
    fourth: Doc[Any] = Doc(client_id=3)
    fourth.apply_update(third.get_update())
    del fourth.get("source", type=Text)[0:4]
    room.record(fourth.get_update(third.get_state()), "cy")
    room.record(b"\x00\x00", "")
    derived = room.derived()
    found = file(derived)
    assert [(writer, inserted) for _, _, writer, _, _, _, inserted in found.operations] == [
        ("ada", "hers"),
        ("p", ", nobody's"),
        ("p", "and both: "),
        ("cy", ""),
    ]
    assert found.end["writers"] == ["ada", "p", "cy"]


def test_selections_are_where_there_is_text() -> None:
    room = Room()
    room.add("selection", {"root": "source", "anchor": 0, "head": 3})
    room.text().insert(0, "a😀b")
    room.add("selection", {"root": "source", "anchor": 4, "head": 1}, "q")
    room.add("selection", {"root": "source", "anchor": -5, "head": 99})
    for odd in (
        {},
        {"root": "source/none", "anchor": 0, "head": 0},
        {"root": "source", "anchor": "1", "head": None},
        {"root": ["source"], "anchor": 1, "head": 1},
        {"root": "source", "anchor": True, "head": 1},
    ):
        room.add("selection", odd)
    derived = room.derived()
    assert file(derived).selections == [
        (1, 100, "p", "source", 0, 0),
        (3, 300, "q", "source", 4, 1),
        (4, 400, "p", "source", 0, 4),
    ]
    assert file(derived).events == []
    assert texts(derived, 10**9) == (2, {"source": "a😀b"})
    assert derived.chain.events == 8


def test_what_waits_for_what_never_came_is_broken() -> None:
    """It would be in no text, and everything after it neither."""
    room = Room()
    room.text().insert(0, "one")
    room.text().insert(3, " two")
    del room.text()[0:2]
    room.text().insert(0, "three")
    whole = list(room.log)
    assert texts(room.derived(), 10**9)[1] == {"source": "threee two"}
    for lost, found in ((0, 2), (1, 4)):
        room.log = list(whole)
        room.log[lost] = Entry("i", lost + 1, whole[lost].at_ms, "i", "p", "update", b"\x00\x00")
        with pytest.raises(RecordingBroken) as caught:
            room.derived()
        assert caught.value.entry == found
    room.log = whole[:2] + whole[3:]  # nothing was built on the deletion: only its number is missing
    with pytest.raises(RecordingBroken) as caught:
        room.derived()
    assert caught.value.entry == 4


@pytest.mark.parametrize(
    "payload", [b"\xff", b"{", b"[]", b"7", b"{}],[{}", b"[" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900]
)
def test_an_event_that_nobody_can_read_is_named(payload: bytes) -> None:
    room = Room()
    room.text().insert(0, "a")
    room.tell("chat", payload)
    with pytest.raises(RecordingBroken) as caught:
        room.derived()
    assert caught.value.entry == 2
