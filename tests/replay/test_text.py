from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import text as text_module
from replay.codec import Operations
from replay.text import Text, units, walked

STRANGE = ["", "a", "\r\n", "é", "e\u0301", "漢字", "😀", "👩‍👩‍👧", "\U0010ffff\u200d\x00"]


@pytest.mark.parametrize("text", STRANGE)
def test_units_are_those_of_utf_16(text: str) -> None:
    assert units(text.encode()) == len(text.encode("utf-16-le")) // 2


def test_half_a_character_has_no_length() -> None:
    with pytest.raises(UnicodeDecodeError):
        units("😀".encode()[:2])


def test_bytes_become_units() -> None:
    text = Text()
    made = [
        *text.take([{"insert": "a😀é\r\nb"}]),
        *text.take([{"retain": 7}, {"insert": "漢"}]),  # a is 1 byte, 😀 4, é 2
        *text.take([{"retain": 1}, {"delete": 4}]),
        *text.take([{"retain": 6}, {"delete": 2}, {"insert": "\n"}]),
    ]
    assert [(position, deleted) for position, deleted, _, _ in made] == [(0, 0), (4, 0), (1, 2), (3, 2)]
    assert [(inserted, utf8.decode()) for _, _, inserted, utf8 in made] == [
        (7, "a😀é\r\nb"),
        (1, "漢"),
        (0, ""),
        (1, "\n"),
    ]
    assert (text.utf8.decode(), text.units) == ("aé漢\nb", 5)
    operations = Operations()
    for index, (position, deleted, inserted, utf8) in enumerate(made):
        operations.append(index, index, 0, 0, position, deleted, inserted)
        operations.text += utf8
    assert [walked({}, ["source"], operations, count).get("source", "") for count in range(5)] == [
        "",
        "a😀é\r\nb",
        "a😀é漢\r\nb",
        "aé漢\r\nb",
        "aé漢\nb",
    ]


def test_one_delta_may_hold_several_operations() -> None:
    text = Text()
    assert list(text.take([{"insert": "one 😀 two"}])) == [(0, 0, 10, "one 😀 two".encode())]
    delta: list[dict[str, Any]] = [
        {"insert": "("},
        {"retain": 4},
        {"delete": 4},
        {"retain": 1},
        {"insert": "ë"},
        {"delete": 3},
    ]
    assert list(text.take(delta)) == [(0, 0, 1, b"("), (5, 2, 0, b""), (6, 3, 1, "ë".encode())]
    assert (text.utf8.decode(), text.units) == ("(one  ë", 7)


def test_a_delta_that_does_not_fit_is_refused() -> None:
    text = Text("a😀".encode())
    with pytest.raises(IndexError):
        list(text.take([{"retain": 2}, {"delete": 9}]))
    with pytest.raises(UnicodeDecodeError):
        list(text.take([{"retain": 1}, {"delete": 1}]))
    assert (text.utf8.decode(), text.units) == ("a😀", 3)


def test_texts_are_the_same_from_every_place() -> None:
    operations, text, texts = Operations(), Text(), [""]
    for index in range(1000):
        character = "a" if index < 700 else STRANGE[1 + index % 8]  # also where ASCII ends after some
        at = len(texts[-1][: index * 7 % (len(texts[-1]) + 1)].encode())  # here and there
        for position, deleted, inserted, utf8 in text.take([{"retain": at}, {"insert": character}]):
            operations.append(index, index, 0, 0, position, deleted, inserted)
            operations.text += utf8
        texts.append(text.utf8.decode())
    for start in (0, 1, 699, 700, 900):
        step = 9 if start else 1
        rest = Operations()
        assert rest.decode(operations.encode(start)) > 0
        assert [
            walked({"source": texts[start].encode()}, ["source"], rest, count)["source"]
            for count in range(0, 1001 - start, step)
        ] == texts[start::step]


@given(
    st.text("ab😀é\n", max_size=60),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 40), st.text("xy漢😀", max_size=30)), max_size=25),
)
def test_a_text_in_pieces_is_the_text(start: str, edits: list[tuple[int, int, str]]) -> None:
    """Pieces of 8 bytes instead of thousands: edits reach over many, empty some and split others."""
    operations, wanted = Operations(), [start]
    for index, (place, removed, added) in enumerate(edits):
        text = wanted[-1]
        at = place % (len(text) + 1)
        gone = text[at : at + removed]
        wanted.append(text[:at] + added + text[at + len(gone) :])
        position, deleted, inserted = (units(each.encode()) for each in (text[:at], gone, added))
        operations.append(index, index, 0, 0, position, deleted, inserted)
        operations.text += added.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "_PIECE_BYTES", 8)
        for count, text in enumerate(wanted):
            assert walked({"source": start.encode()}, ["source"], operations, count)["source"] == text
