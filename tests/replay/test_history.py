import pytest

from replay.history import History, units

STRANGE = ["", "a", "\r\n", "é", "e\u0301", "漢字", "😀", "👩‍👩‍👧", "\U0010ffff\u200d\x00"]


@pytest.mark.parametrize("text", STRANGE)
def test_units_are_those_of_utf_16(text: str) -> None:
    assert units(text.encode()) == len(text.encode("utf-16-le")) // 2


def test_half_a_character_has_no_length() -> None:
    with pytest.raises(UnicodeDecodeError):
        units("😀".encode()[:2])


def test_bytes_become_units() -> None:
    history = History()
    history.append(0, [{"insert": "a😀é\r\nb"}])
    history.append(1, [{"retain": 7}, {"insert": "漢"}])  # a is 1 byte, 😀 4, é 2
    history.append(2, [{"retain": 1}, {"delete": 4}])
    history.append(3, [{"retain": 6}, {"delete": 2}, {"insert": "\n"}])
    assert list(history.positions) == [0, 4, 1, 3]
    assert history.deleted == ["", "", "😀", "\r\n"]
    assert [history.text(count) for count in range(5)] == ["", "a😀é\r\nb", "a😀é漢\r\nb", "aé漢\r\nb", "aé漢\nb"]


def test_one_delta_may_hold_several_operations() -> None:
    history = History()
    history.append(0, [{"insert": "one 😀 two"}])
    history.append(1, [{"insert": "("}, {"retain": 4}, {"delete": 4}, {"retain": 1}, {"insert": "ë"}, {"delete": 3}])
    assert list(zip(history.rows, history.positions, history.deleted, history.inserted, strict=True)) == [
        (0, 0, "", "one 😀 two"),
        (1, 0, "", "("),
        (1, 5, "😀", ""),
        (1, 6, "two", "ë"),
    ]
    assert history.text(4) == "(one  ë"


def test_a_delta_that_does_not_fit_is_refused() -> None:
    history = History()
    history.append(0, [{"insert": "a😀"}])
    with pytest.raises(IndexError):
        history.append(1, [{"retain": 2}, {"delete": 9}])
    with pytest.raises(UnicodeDecodeError):
        history.append(1, [{"retain": 1}, {"delete": 1}])
    assert not history.ends_in("a")
    assert history.ends_in("a😀")


def test_texts_are_the_same_from_every_checkpoint() -> None:
    history, texts = History(), [""]
    for index in range(1000):
        character = "a" if index < 700 else STRANGE[1 + index % 8]  # also where Latin-1 ends after some checkpoints
        history.append(index, [{"insert": character}])
        texts.append(character + texts[-1])
        if history.needs_checkpoint:
            history.checkpoint(texts[-1])
    assert [history.text(count) for count in range(1001)] == texts
