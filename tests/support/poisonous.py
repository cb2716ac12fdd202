"""`panelroom`, with a CRDT that dies of an update with certain bytes in it, as a defect of its native code would."""

import ctypes

import pycrdt

import collab.document
from web.cli import main

POISON = "☠"


class Mortal(pycrdt.Doc):  # type: ignore[type-arg]
    def apply_update(self, update: bytes) -> None:
        if POISON.encode() in update:
            ctypes.string_at(0)  # a segmentation fault
        super().apply_update(update)


if __name__ == "__main__":
    vars(collab.document)["Doc"] = Mortal
    main()
