"""`panelroom`, with a CRDT that dies of updates with certain bytes in them, as defects of its native code would."""

import ctypes

import pycrdt

import collab.document
from web.cli import main

POISON = "☠"
PANIC = "☢"


class Panicked(BaseException):
    """As pycrdt tells a panic."""


class Mortal(pycrdt.Doc):  # type: ignore[type-arg]
    def apply_update(self, update: bytes) -> None:
        if POISON.encode() in update:
            ctypes.string_at(0)  # a segmentation fault
        if PANIC.encode() in update:
            raise Panicked
        super().apply_update(update)


if __name__ == "__main__":
    vars(collab.document)["Doc"] = Mortal
    main()
