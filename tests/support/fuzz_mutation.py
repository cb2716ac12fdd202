"""Bytes that are nearly what they were."""

from collections.abc import Sequence
from random import Random

from tests.support.wire import write_varuint

_TELLING = [
    *[bytes((byte,)) for byte in (0, 1, 2, 3, 4, 8, 0x20, 0x40, 0x7F, 0x80, 0x84, 0x88, 0xC4, 0xFF)],
    write_varuint(2**31 - 1),
    write_varuint(2**31),
    write_varuint(2**32 - 1),
    write_varuint(2**53 - 1),
    write_varuint(2**53),
    b"\x80\x00",
    b"\xff" * 9,
    b"\xed\xa0\xbd",
    b"\xc3",
    b"\x75\x01" * 12,
]


def mutated(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """One to three changes of a few bytes; sometimes a piece of another."""
    roll = random.random
    for _ in range(1 + int(roll() * roll() * 3)):
        at, choice = int(roll() * (len(data) + 1)), int(roll() * 10)
        if choice <= 1:
            data = data[:at] + bytes((int(roll() * 256),)) + data[at + 1 :]
        elif choice == 2 and at < len(data):
            data = data[:at] + bytes((data[at] ^ 1 << int(roll() * 8),)) + data[at + 1 :]
        elif choice == 3 and at < len(data):
            data = data[:at] + bytes(((data[at] + (1 if roll() < 0.5 else -1)) & 0xFF,)) + data[at + 1 :]
        elif choice == 4:
            data = data[:at] + _TELLING[int(roll() * len(_TELLING))] + data[at + int(roll() * 2) :]
        elif choice == 5:
            data = data[:at] + data[at + 1 + int(roll() * 4) :]
        elif choice == 6:
            data = data[:at]
        elif choice == 7:
            end = at + int(roll() * 8)
            data = data[:end] + data[at:end] + data[end:]
        elif choice == 8 and others:
            other = others[int(roll() * len(others))]
            start = int(roll() * len(other))
            data = data[:at] + other[start : start + int(roll() * 24)] + data[at:]
        else:
            data = data[:at] + bytes((int(roll() * 256),)) + data[at:]
    return data
