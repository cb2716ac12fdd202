"""A gate, and the document behind it."""

from typing import Any

from pycrdt import Doc

from collab.document import unseen
from collab.gate import Gate, Limits, Verdict
from collab.update import parse


class Room:
    """A gate, and the document behind it that gets what the gate calls new."""

    def __init__(self, *updates: bytes, limits: Limits | None = None) -> None:
        self.gate = Gate(limits or Limits())
        self.doc: Doc[Any] = Doc()
        for received in updates:
            assert self.take(received) is Verdict.NEW

    def judge(self, received: bytes, by: str = "ada") -> Verdict:
        update, data = self.gate.news(parse(received), received, unseen)
        verdict = self.gate.judge(update, data, by)
        self.gate.dismiss()
        return verdict

    def take(self, received: bytes, by: str = "ada") -> Verdict:
        update, data = self.gate.news(parse(received), received, unseen)
        verdict = self.gate.judge(update, data, by)
        if verdict is Verdict.NEW:
            self.doc.apply_update(data)
            self.gate.admit()
        return verdict
