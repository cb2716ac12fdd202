"""What people may be called."""

import pytest

from rooms.errors import TextInvalid
from rooms.text import clean_email, clean_name, clean_title, fold


@pytest.mark.parametrize(
    "name", ["Ada", "Zoë Müller-Łęcka", "محمد", "山田 太郎", "👩‍💻", "<b>Ada</b>", "O'Brien", "x" * 80]
)
def test_names_that_people_have(name: str) -> None:
    assert clean_name(f"  {name}\t") == name


@pytest.mark.parametrize(
    "name", ["x" * 81, "a\nb", "a\x00b", "a\x7fb", "a\x85b", "a\u202eb", "a\u2066b", "a\u2028b", "a\ud800b"]
)
def test_names_that_break_the_line_they_are_shown_in(name: str) -> None:
    with pytest.raises(TextInvalid):
        clean_name(name)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\u200d\ufe0f", "\u3164\u2800", "\u0301"])
def test_names_that_nobody_sees_are_none(name: str) -> None:
    assert clean_name(name) == ""


def test_titles_may_be_longer() -> None:
    assert clean_title("x" * 200)
    with pytest.raises(TextInvalid):
        clean_title("x" * 201)


def test_addresses_differ_in_more_than_case() -> None:
    assert clean_email(" Ada@Example.ORG ") == "ada@example.org"
    for wrong in ("", "ada", "@", "a b@c", "a@b@c", "x" * 255 + "@c"):
        with pytest.raises(TextInvalid):
            clean_email(wrong)


@pytest.mark.parametrize(
    ("written", "sought"), [("Zoë", "ZOE"), ("Straße", "strasse"), ("ŁÓDŹ", "lodz"), ("Søren", "soren"), ("É", "é")]
)
def test_search_ignores_case_and_diacritics(written: str, sought: str) -> None:
    assert fold(sought) in fold(written)
