"""What the fuzz's updates are made of: texts, values as lib0 encodes them, and names."""

from tests.support.fuzz_ground import sized

KEYS = [
    "a", "b", " ", "\n", "{", "é", "漢", "😀", "👩\u200d👩\u200d👧", "𝒳", "ab", "x😀y", "\r\n", "\x00", "�", "😀😀",
    "｡", "hello", "e\u0301", "the quick brown fox 🦊 ",
]  # fmt: skip
TEXTS = [
    (sized(text.encode()), len(text.encode("utf-16-le")) // 2)
    for text in KEYS * 12 + ["line\n" * 10, "😀" * 20, "z" * 200, "漢字😀" * 30] * 2 + ["long " * 500]
]
NAMES = [
    b"source/main.py",
    b"source/1",
    b"source/\xf0\x9f\x98\x80",
    b"source/__proto__",
    b"source/files",
    b"source/../b",
]
BAD_NAMES = [b"", b"source/", b"Source", b"sourcex", b"files/x", b"code", b"constructor", b"source\xff", b"sourc"]
VALUES = [
    b"\x7f", b"\x7e", b"\x78", b"\x79", b"\x7d\x05", b"\x7d\xff\xff\xff\xff\xff\x0f", b"\x7c\x3f\x80\x00\x00",
    b"\x7c\x7f\xc0\x00\x00", b"\x7b" + b"\xff" * 8, b"\x7b\x41\xe0\x00\x00\x00\x00\x00\x00", b"\x77\x03abc",
    b"\x77\x04\xf0\x9f\x98\x80", b"\x77\x00", b"\x76\x00", b"\x76\x01\x01a\x7d\x01",
    b"\x76\x01\x09__proto__\x76\x01\x01x\x78",
    b"\x75\x00",
    b"\x75\x02\x7e\x77\x01z", b"\x75\x01" * 7 + b"\x75\x00", b"\x76\x02\x01a\x78\x01a\x79", b"\x7d\x40", b"\x7d\x7f",
]  # fmt: skip
BAD_VALUES = [
    b"\x7a" + bytes(8),
    b"\x74\x02ab",
    b"\x75\x01" * 9 + b"\x75\x00",
    b"\x75\x01" * 300 + b"\x7e",
    b"\x7d" + b"\xff" * 9,
    b"\x00",
]
FILE_KEYS = [b"main.py", b"1", b"2", b"__proto__", b"\xf0\x9f\x98\x80", b"constructor", b"k" * 60]
