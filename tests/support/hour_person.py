"""People at a keyboard, each verb a part of a play."""

import json
from collections.abc import Callable
from contextlib import ExitStack

from pycrdt import UndoManager

from collab.log import SELECTION
from collab.peer import Peer
from collab.wire import encode_step_2
from rooms.grant import Grant
from rooms.participant import Role
from rooms.policy import Part
from rooms.principal import Principal
from rooms.service import Joined
from tests.support.hour_world import LOCAL, Desk, Play, World

NEIGHBOURS = {"a": "s", "e": "r", "i": "o", "l": "k", "n": "m", "o": "p", "r": "t", "s": "d", "t": "y", "u": "i"}


class Person:
    """Somebody in the room, with a keyboard: every verb is a part of a play."""

    def __init__(
        self, world: World, name: str, role: Role, principal: Principal | None = None, *, key_ms: int = 150
    ) -> None:
        """``key_ms`` is how long a key takes within a word."""
        self.world, self.name, self.role, self.principal, self.key_ms = world, name, role, principal, key_ms
        self.joined: Joined | None = None
        self.device: str | None = None
        self._grants: list[Grant] = []
        self._desks: dict[Part, Desk] = {}
        self._seats = ExitStack()

    @property
    def id(self) -> str:
        assert self.joined is not None
        return self.joined.participant.id

    def until(self, minute: float) -> Play:
        wait_ms = int(minute * 60_000) - self.world.now_ms
        if wait_ms > 0:
            yield wait_ms

    def think(self, least_s: float, most_s: float) -> Play:
        yield int(self.world.chance.uniform(least_s, most_s) * 1000)

    # Coming and going

    def enter(self) -> Play:
        yield self._enter()

    def leave(self) -> Play:
        assert self.joined is not None
        yield self.world.rooms.leave(self.world.interview, self.joined.ticket)
        yield self.gone()

    async def _enter(self) -> None:
        rooms, interview = self.world.rooms, self.world.interview
        member = await rooms.people.acting_member(self.principal, None) if self.principal else None
        self.joined = await rooms.join(
            interview, self.role, name=self.name, member=member, device=self.device, browser="Firefox on Linux"
        )
        self.device = self.joined.device or self.device
        for opening in self.joined.openings:
            document = opening.part.document_id(interview)
            grant = await rooms.authorise_socket(document, self.joined.ticket)
            live = await self.world.registry.open(interview, document)
            peer = Peer(self.id, grant.user, may_write=grant.may_write, outbox_limit=2**40, frames_per_s=0)
            self._seats.enter_context(live.joined(peer))
            live.accept(peer, encode_step_2(b"\x00\x00"))
            await rooms.enter(grant)
            await rooms.seats.connected(grant, peer.close)
            self._grants.append(grant)
            self._desks[opening.part] = Desk(self.world, live, peer)
            self.world.desks.append(self._desks[opening.part])

    async def gone(self) -> None:
        """The connections have ended."""
        for grant in self._grants:
            await self.world.rooms.seats.disconnected(grant)
        self._seats.close()
        for desk in self._desks.values():
            self.world.desks.remove(desk)
        self._grants, self._desks = [], {}

    # Talking

    def say(self, text: str, to: str = "all") -> Play:
        yield sum(self._pause_ms(key) for key in text) // 2
        assert self.joined is not None
        yield self.world.rooms.chat.say(self.world.interview, self.joined.ticket, text, to)

    # Files

    def name_file(self, file: str, name: str, language: str) -> Play:
        desk = self._desks[Part.CODE]
        desk.files[file] = {"name": name, "language": language}
        yield from desk.send()

    def delete_file(self, file: str) -> Play:
        desk = self._desks[Part.CODE]
        del desk.files[file]
        yield from desk.send()

    # The keyboard

    def go(self, root: str, *, after: str = "", before: str = "", part: Part = Part.CODE) -> Play:
        """The caret: behind or in front of these words, or at the end."""
        at, end = self._find(part, root, after or before) if after or before else (self._length(part, root),) * 2
        self._put(part, root, at if before else end)
        yield from self._mark(part, root, at if before else end, at if before else end)
        yield self.world.chance.randint(300, 900)

    def select(self, root: str, words: str, part: Part = Part.CODE) -> Play:
        """With the mouse; what is typed next replaces it where ``over`` is given these words."""
        start, end = self._find(part, root, words)
        yield from self._mark(part, root, start, start + (end - start) // 2)
        yield self.world.chance.randint(200, 500)
        yield from self._mark(part, root, start, end)
        yield self.world.chance.randint(400, 2_000)

    def type(self, root: str, text: str, part: Part = Part.CODE, *, over: str = "") -> Play:
        """Key by key where the caret is; an editor indents the next line by itself."""
        if over:
            yield from self.select(root, over, part)
            start, end = self._find(part, root, over)
            yield from self._edit(part, root, start, end, "")
        at = 0
        while at < len(text):
            end = at + 1
            if text[at] == "\n":
                while end < len(text) and text[end] == " ":
                    end += 1
            key = text[at:end]
            if key in NEIGHBOURS and self.world.chance.random() < 0.06:
                yield from self._mistype(part, root, NEIGHBOURS[key])
            yield from self._insert(part, root, key)
            yield self._pause_ms(key[0])
            at = end

    def rest(self, root: str, words: str, part: Part = Part.CODE) -> str:
        """From these words to the end."""
        text = str(self._desks[part].text(root))
        return text[text.rindex(words) :]

    def paste(self, root: str, text: str, part: Part = Part.CODE) -> Play:
        yield self.world.chance.randint(300, 1_200)
        yield from self._insert(part, root, text)
        yield self.world.chance.randint(500, 1_500)

    def cut(self, root: str, words: str, part: Part = Part.CODE) -> Play:
        yield from self.select(root, words, part)
        start, end = self._find(part, root, words)
        yield from self._edit(part, root, start, end, "")
        yield self.world.chance.randint(500, 1_500)

    def erase(self, root: str, length: int, part: Part = Part.CODE) -> Play:
        """Backspace, held down."""
        for _ in range(length):
            yield from self._backspace(part, root)
            yield self.world.chance.randint(28, 60)

    def undo(self, root: str, times: int, part: Part = Part.CODE) -> Play:
        yield from self._travel(root, times, part, UndoManager.undo)

    def redo(self, root: str, times: int, part: Part = Part.CODE) -> Play:
        yield from self._travel(root, times, part, UndoManager.redo)

    def _travel(self, root: str, times: int, part: Part, step: Callable[[UndoManager], bool]) -> Play:
        desk = self._desks[part]
        for _ in range(times):
            step(desk.history(root))
            yield from desk.send()
            yield self.world.chance.randint(150, 420)

    def _mistype(self, part: Part, root: str, wrong: str) -> Play:
        yield from self._insert(part, root, wrong)
        yield self._pause_ms(wrong) + self.world.chance.randint(100, 400)
        yield from self._backspace(part, root)
        yield self._pause_ms(wrong)

    def _pause_ms(self, key: str) -> int:
        chance = self.world.chance
        pause = self.key_ms * chance.lognormvariate(0, 0.45)
        if key in "\n.:":
            pause += chance.lognormvariate(6.4, 0.9)
        elif key in " (,=" and chance.random() < 0.12:
            pause += chance.lognormvariate(6.6, 0.8)
        return min(20_000, int(pause))

    def _insert(self, part: Part, root: str, text: str) -> Play:
        at = self._caret(part, root)
        yield from self._edit(part, root, at, at, text)

    def _backspace(self, part: Part, root: str) -> Play:
        at = self._caret(part, root)
        before = str(self._desks[part].text(root)).encode()[:at].decode()
        if before:
            yield from self._edit(part, root, at - len(before[-1].encode()), at, "")

    def _edit(self, part: Part, root: str, start: int, end: int, text: str) -> Play:
        """Offsets are those of pycrdt, in bytes of UTF-8."""
        desk = self._desks[part]
        desk.history(root)
        with desk.doc.transaction(origin=LOCAL):
            if end > start:
                del desk.text(root)[start:end]
            if text:
                desk.text(root).insert(start, text)
        self._put(part, root, start + len(text.encode()))
        yield from desk.send()

    def _mark(self, part: Part, root: str, anchor: int, head: int) -> Play:
        """An explicit selection, as the room records it; not while the server has what this desk has not heard yet."""
        desk = self._desks[part]
        text = str(desk.text(root))
        if desk.live.texts().get(root) == text:
            places = [len(text.encode()[:at].decode().encode("utf-16-le")) // 2 for at in (anchor, head)]
            payload = {"root": root, "anchor": places[0], "head": places[1]}
            self.world.journal.append(desk.live.log, desk.live.id, self.id, json.dumps(payload).encode(), SELECTION)
        yield from ()

    def _caret(self, part: Part, root: str) -> int:
        caret = self._desks[part].carets.get(root)
        return self._length(part, root) if caret is None else caret

    def _put(self, part: Part, root: str, at: int) -> None:
        self._desks[part].carets[root] = at

    def _length(self, part: Part, root: str) -> int:
        return len(self._desks[part].text(root))

    def _find(self, part: Part, root: str, words: str) -> tuple[int, int]:
        text = str(self._desks[part].text(root))
        assert words in text, f"{self.name} looks for {words!r} in:\n{text}"
        start = len(text[: text.rindex(words)].encode())
        return start, start + len(words.encode())
