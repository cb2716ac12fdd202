"""What participants select, for the record: at most the last of each half second, as it is in the text by then."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from collab.clock import Clock
from collab.gate import Gate
from collab.position import Relative

WINDOW_MS = 500
_PIECES_PER_MS = 20  # a text of many pieces takes long to walk, so it is walked less often

Cursor = dict[str, Relative]
"""``anchor`` and ``head``; a caret where they are the same."""


@dataclass(slots=True)
class _Person:
    cursor: Cursor  # as it was last heard
    is_selected: bool = False  # more than a caret, and nothing written since
    written_at_ms: int = -WINDOW_MS


class Selections:
    """Of one document, by participant.

    A caret that somebody's own writing moves says nothing that the writing does not. The explicit ones wait: a
    selection, the caret after one, and a caret that was moved without writing.
    """

    def __init__(self, clock: Clock, record: Callable[[], None]) -> None:
        """``record`` is called when it is time to ``take`` what waits, and again later if it does not."""
        self._clock = clock
        self._record = record
        self._people: dict[str, _Person] = {}
        self._waiting: dict[str, Cursor] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._not_before_ms = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def heard(self, participant: str, cursor: Cursor) -> None:
        """This is where somebody who may write is."""
        person = self._people.get(participant)
        if person is None:
            person = self._people[participant] = _Person({})
        if cursor == person.cursor:
            return
        person.cursor = cursor
        now_ms = self._clock.now_ms()
        is_selection = not _is_caret(cursor)
        if is_selection or person.is_selected or now_ms - person.written_at_ms >= WINDOW_MS:
            person.is_selected = is_selection
            self._waiting[participant] = cursor
            self._wait(now_ms)
        else:
            self._waiting.pop(participant, None)

    def wrote(self, participant: str) -> None:
        """His caret is where he wrote."""
        person = self._people.get(participant)
        if person is not None:
            person.written_at_ms = self._clock.now_ms()
            person.is_selected = False
            waiting = self._waiting.get(participant)
            if waiting is not None and _is_caret(waiting):
                del self._waiting[participant]

    def hurry(self) -> None:
        """Do not wait any longer, unless the last ones were recorded just now."""
        if self._waiting and self._clock.now_ms() >= self._not_before_ms:
            self._record()

    def take(self, gate: Gate) -> list[tuple[str, bytes]]:
        """What waits, as the journal keeps it, with whose it is; what is not in the text any more is left out."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        self._not_before_ms = self._clock.now_ms() + max(WINDOW_MS, gate.pieces // _PIECES_PER_MS)
        found = gate.positions([gate.outside(cursor[end]) for cursor in waiting.values() for end in ("anchor", "head")])
        taken = []
        for (participant, cursor), anchor, head in zip(waiting.items(), found[::2], found[1::2], strict=True):
            if anchor is None or head is None or anchor[0] != head[0] or (anchor == head and not _is_caret(cursor)):
                continue
            self._people[participant].is_selected = anchor != head
            selection = {"root": anchor[0], "anchor": anchor[1], "head": head[1]}
            taken.append((participant, json.dumps(selection, ensure_ascii=False, separators=(",", ":")).encode()))
        return taken

    def forget(self) -> None:
        """Nothing that waits will be recorded."""
        self._waiting.clear()

    def _wait(self, now_ms: int) -> None:
        if self._timer is None:
            wait_ms = max(WINDOW_MS, self._not_before_ms - now_ms)
            self._timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._is_due)

    def _is_due(self) -> None:
        self._timer = None
        if self._waiting:
            self._record()
        if self._waiting:
            self._wait(self._clock.now_ms())


def _is_caret(cursor: Cursor) -> bool:
    return cursor["anchor"] == cursor["head"]
