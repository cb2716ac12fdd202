import gc
import weakref
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.log import Entry
from replay.errors import RecordingBroken
from replay.timeline import Operation, Timeline


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

    def timeline(self) -> Timeline:
        timeline = Timeline("i")
        for entry in self.log:
            timeline.take(entry)
        timeline.verify()
        return timeline


def test_before_the_first_entry_there_is_an_empty_source() -> None:
    assert Timeline("i").texts(0) == (None, {"source": ""})


def test_every_instant_has_the_text_of_its_last_entry() -> None:
    room = Room()
    room.text().insert(0, "a😀")
    room.tell("participant.joined")
    room.text().insert(5, "\r\n")
    timeline = room.timeline()
    assert timeline.texts(99) == (None, {"source": ""})
    assert timeline.texts(100) == (1, {"source": "a😀"})
    assert timeline.texts(299) == (1, {"source": "a😀"})
    assert timeline.texts(300) == timeline.texts(10**30) == (3, {"source": "a😀\r\n"})
    assert [event.entry for event in timeline.events] == [2]
    assert (timeline.entry, timeline.at_ms, len(timeline)) == (3, 300, 3)


def test_of_entries_at_one_time_the_last_counts() -> None:
    room = Room()
    for character in "abc":
        room.text().insert(0, character)
    timeline = Timeline("i")
    for entry in room.log:
        timeline.take(Entry("i", entry.entry, 50, "i", "p", "update", entry.payload))
    assert timeline.texts(49) == (None, {"source": ""})
    assert timeline.texts(50) == (3, {"source": "cba"})


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
    timeline = room.timeline()
    assert timeline.texts(100)[1] == {"source": "main"}
    assert timeline.texts(200)[1] == {"source": "main!", "source/é1": "first 😀"}
    assert timeline.texts(300)[1] == {"source": "main!", "source/é1": "first ë😀"}
    assert list(timeline.operations()) == [
        Operation(1, 100, "p", "source", 0, "", "main"),
        Operation(2, 200, "p", "source", 4, "", "!"),
        Operation(2, 200, "p", "source/é1", 0, "", "first 😀"),
        Operation(3, 300, "p", "source/é1", 6, "", "ë"),
    ]


def test_who_types_the_name_of_a_root_makes_none() -> None:
    room = Room()
    room.text().insert(0, "open('source/x')")
    assert list(room.timeline().histories) == ["source"]


def test_the_map_of_files_is_the_newest() -> None:
    room = Room()
    assert room.timeline().files() == {}
    files = room.doc.get("files", type=Map)
    files["source"] = {"name": "main.py", "language": "python"}
    files["source"] = {"name": "main.go", "language": "go"}
    timeline = room.timeline()
    assert timeline.files() == {"source": {"name": "main.go", "language": "go"}}
    for file_id, entry in {
        "a": 7,
        "b": None,
        "c": {"name": "c.py"},
        "d": {"name": 1, "language": "go"},
        "e": b"x",
    }.items():
        files[file_id] = entry
    assert room.timeline().files() == timeline.files()
    assert timeline.texts(200) == (2, {"source": ""})


def test_another_documents_entries_are_passed_over() -> None:
    room = Room()
    room.text().insert(0, "a")
    room.log.append(Entry("i", 2, 200, "i.notes", "p", "update", b"not even an update"))
    timeline = room.timeline()
    assert timeline.texts(200) == (1, {"source": "a"})
    assert (timeline.entry, timeline.at_ms) == (2, 100)


def test_operations_are_those_of_the_moment_of_asking() -> None:
    room = Room()
    room.text().insert(0, "a")
    timeline = room.timeline()
    operations = timeline.operations()
    room.text().insert(0, "b")
    timeline.take(room.log[-1])
    assert [operation.inserted for operation in operations] == ["a"]
    assert [operation.inserted for operation in timeline.operations()] == ["a", "b"]


def test_an_update_that_is_none_is_named() -> None:
    room = Room()
    room.text().insert(0, "a")
    room.record(b"\x01garbage")
    with pytest.raises(RecordingBroken) as caught:
        room.timeline()
    assert (caught.value.document_id, caught.value.entry) == ("i", 2)


def test_a_difference_from_the_document_is_found() -> None:
    room = Room()
    room.text().insert(0, "a😀")
    timeline = room.timeline()
    timeline.histories["source"].append(0, [{"insert": "x"}])
    room.text().insert(0, "b")
    timeline.take(room.log[-1])
    with pytest.raises(RecordingBroken):
        timeline.verify()


def test_a_timeline_leaves_the_memory() -> None:
    room = Room()
    room.text().insert(0, "a")
    gone = weakref.ref(room.timeline()._doc)
    gc.collect()
    assert gone() is None
