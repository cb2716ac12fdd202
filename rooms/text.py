"""What people may be called, and how names are searched."""

import re
import unicodedata
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from rooms.errors import TextInvalid

MAX_NAME_CHARACTERS = 80
MAX_TITLE_CHARACTERS = 200
MAX_EMAIL_CHARACTERS = 254
MAX_URL_CHARACTERS = 2_000

# Control characters, line separators, lone surrogates, and the marks that turn the direction of what follows:
# a name with one of those rewrites the line it is shown in. Joiners stay: emoji and several scripts need them.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Blanks that Unicode counts as letters and symbols.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Letters with a stroke, which Unicode does not take apart.
_STROKES = str.maketrans("łøđħŧı", "lodhti")
_LINES = {ord("\n"): " ", ord("\t"): " "}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def clean(text: str, what: str, max_characters: int) -> str:
    """The text without surrounding space. Raises TextInvalid."""
    trimmed = text.strip()
    if len(trimmed) > max_characters:
        raise TextInvalid(f"The {what} is longer than {max_characters} characters.")
    if _UNSHOWABLE.search(trimmed):
        raise TextInvalid(f"The {what} has control characters in it.")
    return trimmed


def is_blank(text: str) -> bool:
    """Whether nobody would see it: nothing in it but spaces, joiners and marks."""
    return all(character in _BLANKS or unicodedata.category(character)[0] in "ZCM" for character in text)


def clean_name(name: str) -> str:
    """Empty where nobody would see it."""
    cleaned = clean(name, "name", MAX_NAME_CHARACTERS)
    return "" if is_blank(cleaned) else cleaned


def clean_title(title: str) -> str:
    return clean(title, "title", MAX_TITLE_CHARACTERS)


def clean_prose(text: str, what: str, max_characters: int) -> str:
    """Text of several lines, with tabs, without surrounding space. Raises TextInvalid."""
    trimmed = text.replace("\r\n", "\n").strip()
    if len(trimmed) > max_characters:
        raise TextInvalid(f"The {what} is longer than {max_characters} characters.")
    if _UNSHOWABLE.search(trimmed.translate(_LINES)):
        raise TextInvalid(f"The {what} has control characters in it.")
    return trimmed


def clean_url(url: str, what: str) -> str:
    """An address that a page may link to. Raises TextInvalid."""
    trimmed = clean(url, what, MAX_URL_CHARACTERS)
    try:
        parts = urlsplit(trimmed)
        is_address = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_address = False
    if not is_address or " " in trimmed:
        raise TextInvalid(f"The {what} is not an address that begins with https://.")
    return trimmed


def clean_email(email: str) -> str:
    """In lower case: addresses that differ in case only are the same member's."""
    trimmed = clean(email, "e-mail address", MAX_EMAIL_CHARACTERS).lower()
    if not _EMAIL.fullmatch(trimmed):
        raise TextInvalid("That is not an e-mail address.")
    return trimmed


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def clean_time_zone(name: str) -> str:
    """A name of the IANA database. Raises TextInvalid."""
    if name not in _time_zones():
        raise TextInvalid("The time zone must be a name of the IANA database, like Europe/Berlin.")
    return name


def fold(text: str) -> str:
    """Without case and diacritics, for searching: both sides of a comparison go through here."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_STROKES)
    return "".join(character for character in decomposed if not unicodedata.combining(character))
