"""People who type words, cheap enough that one process plays hundreds of them."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from pycrdt import Doc, Subscription, Text, TransactionEvent

from tests.support import wire
from tests.support.api import Admitted, Api
from tests.support.peer import Bell

WORD = 8
"""Bytes of every word in UTF-8; it is inserted whole, at a multiple of it, so that no word is ever within another."""

TRY_AGAIN_S = 0.1
HANDSHAKE_S = 60.0
DELETES = 0.1
JUMPS = 0.1
SETTLE_S = 60.0
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base_36(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    assert number == 0, "too many words"
    return digits


def words(text: str) -> list[str]:
    data = text.encode()
    assert len(data) % WORD == 0, "half a word"
    return [data[at : at + WORD].decode() for at in range(0, len(data), WORD)]


class Scribe(WSListener):
    """One participant at the code: a replica, and a connection that comes back by itself.

    He inserts words that nobody has typed before and nobody will again, and deletes some of them.
    """

    def __init__(self, tag: int, url: str, bell: Bell, chance: random.Random) -> None:
        """``tag`` is his alone in the room."""
        self.url = url + "&v=1"
        self.bell = bell
        self.document: Doc[Any] = Doc()
        self.text: Text = self.document.get("source", type=Text)
        self.typed: list[str] = []  # one for each update; where it deleted, "-" is before the word
        self.durable: set[int] = set()  # those that were acknowledged
        self.is_synced = False
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        self.connections = 0
        self.failure: str | None = None
        self._tag = base_36(tag, 2)
        self._number = 0
        self._clock = 0
        self._at = 0
        self._chance = chance
        self._hello = 0
        self._sent: list[range] = []  # for each counted frame of this connection, which updates it holds
        self._confirmed = 0
        self._is_applying = False
        self._transport: WSTransport | None = None
        self._watched: Subscription | None = self.document.observe(self._changed)
        self._task = asyncio.create_task(self._stay())

    @property
    def online(self) -> bool:
        return self._transport is not None

    @property
    def is_heard(self) -> bool:
        """In step, and something of this connection is on disk: the room can be used."""
        return self.is_synced and self._confirmed > 0

    @property
    def is_settled(self) -> bool:
        return self.is_heard and self._confirmed == len(self._sent)

    @property
    def clocks(self) -> dict[int, int]:
        return wire.read_state(self.document.get_state())

    def type(self) -> None:
        """One word, or one less; also while away."""
        length = len(self.text)
        if length and self._chance.random() < DELETES:
            at = self._chance.randrange(length // WORD) * WORD
            self.typed.append("-" + str(self.text).encode()[at : at + WORD].decode())
            del self.text[at : at + WORD]
            return
        if self._at > length or self._chance.random() < JUMPS:
            self._at = self._chance.randint(0, length // WORD) * WORD
        word = f"{self._tag}{base_36(self._number, 4)}é"
        self._number += 1
        self.typed.append(word)
        self.text.insert(self._at, word)
        self._at += WORD
        self._clock += len(word)

    def point(self) -> None:
        """Shows his caret behind his last word."""
        if self._clock:
            place = {"tname": "source", "item": {"client": self.document.client_id, "clock": self._clock - 1}}
            self._announce({"anchor": place | {"assoc": 0}, "head": place | {"assoc": 0}})

    def drop(self) -> None:
        """The network is gone."""
        if self._transport is not None:
            self._transport.underlying_transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.send_close()
            self._transport.disconnect()

    async def stop(self, *, clean: bool = False) -> None:
        """For good."""
        self._task.cancel()
        (self.close if clean else self.drop)()
        await asyncio.wait([self._task])
        self._transport = None
        if self._watched is not None:
            self.document.unobserve(self._watched)
            self._watched = None

    async def _stay(self) -> None:
        while True:
            await self.may_connect.wait()
            try:
                transport, _ = await ws_connect(lambda: self, self.url, websocket_handshake_timeout=HANDSHAKE_S)
            except (OSError, EOFError, TimeoutError, WSError):
                await asyncio.sleep(TRY_AGAIN_S)
                continue
            await transport.wait_disconnected()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self.connections += 1
        self._sent, self._confirmed = [], 0
        self._send(wire.sync(wire.STEP_1, self.document.get_state()))
        self._announce(None)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if transport is self._transport:
            self._transport = None
            self.is_synced = False
            self._sent, self._confirmed = [], 0
            self.bell.ring()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        try:
            if frame.msg_type is WSMsgType.CLOSE:
                code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big")
                assert not 4400 <= code < 4500, f"closed with {code}: {frame.get_close_reason()}"
                transport.disconnect()
            elif frame.msg_type is WSMsgType.BINARY and transport is self._transport:
                self._receive(frame.get_payload_as_bytes())
        except Exception as error:  # noqa: BLE001 - told by the next `check`
            self.failure = self.failure or repr(error)
            self._task.cancel()
            transport.disconnect()
        self.bell.ring()

    def _receive(self, payload: bytes) -> None:
        match payload[0], payload[1]:
            case wire.SYNC, wire.STEP_1:
                self._sent.append(range(len(self.typed)))
                self._send(wire.sync(wire.STEP_2, self.document.get_update(wire.read_bytes(payload, 2)[0])))
            case wire.SYNC, kind:
                self._is_applying = True
                self.document.apply_update(wire.read_bytes(payload, 2)[0])
                self._is_applying = False
                self.is_synced = self.is_synced or kind == wire.STEP_2
            case wire.ACKNOWLEDGEMENT, _:
                count = wire.read_varuint(payload, 1)[0]
                assert self._confirmed < count <= len(self._sent), f"acknowledged {count} after {self._confirmed}"
                for held in self._sent[self._confirmed : count]:
                    self.durable.update(held)
                self._confirmed = count
            case wire.AUTH, _:
                raise AssertionError("a denial")

    def _changed(self, event: TransactionEvent) -> None:
        if not self._is_applying and self._transport is not None:
            self._sent.append(range(len(self.typed) - 1, len(self.typed)))
            self._send(wire.sync(wire.UPDATE, event.update))

    def _announce(self, cursor: dict[str, Any] | None) -> None:
        self._hello += 1
        state = {"user": {"name": self._tag, "color": "#000000"}, "cursor": cursor}
        self._send(wire.awareness([(self.document.client_id, self._hello, state)]))

    def _send(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.send(WSMsgType.BINARY, frame)


class Desk:
    """A room and those who type in it."""

    def __init__(self, api: Api, interview: str, bell: Bell, chance: random.Random) -> None:
        self.api = api
        self.interview = interview
        self.scribes: list[Scribe] = []
        self.former: list[Scribe] = []
        self.admitted: list[Admitted] = []
        self._bell = bell
        self._chance = chance

    async def join(self, role: str, name: str) -> None:
        admitted = await self.api.join(self.interview, role, name)
        self.admitted.append(admitted)
        self.scribes.append(self._seat(admitted))

    async def reload(self, number: int) -> None:
        """One of them loads his page again: what was not saved is lost, as he was warned."""
        before, role = self.admitted[number], self.admitted[number].role
        await self.scribes[number].stop(clean=self._chance.random() < 0.5)
        self.admitted[number] = await self.api.join(self.interview, role, role.title(), resume=before.ticket)
        self.follow(number)

    def follow(self, number: int) -> Scribe:
        """Another page in the place of one, which begins with nothing."""
        self.former.append(self.scribes[number])
        self.scribes[number] = self._seat(self.admitted[number])
        return self.scribes[number]

    async def stop(self) -> None:
        for scribe in self.scribes:
            await scribe.stop()

    async def type_on(self, per_s: float, may_type: Callable[[], bool] = lambda: True) -> None:
        """For ever, at random moments, so often each on average."""
        while True:
            await asyncio.sleep(self._chance.expovariate(per_s * len(self.scribes)))
            if may_type():
                self._chance.choice(self.scribes).type()

    def check(self) -> None:
        for scribe in self.scribes:
            assert scribe.failure is None, f"in {self.interview}: {scribe.failure}"

    def agrees(self) -> bool:
        """Everybody has everything, and it is saved."""
        return (
            all(scribe.is_settled for scribe in self.scribes)
            and all(scribe.clocks == self.scribes[0].clocks for scribe in self.scribes)
            and len({str(scribe.text) for scribe in self.scribes}) == 1
        )

    def check_words(self, text: str, where: str) -> None:
        """Nothing that was acknowledged is missing, nothing is there twice."""
        there = Counter(words(text))
        assert not (twice := [word for word, times in there.items() if times > 1]), f"twice {where}: {twice}"
        everybody = [*self.former, *self.scribes]
        deleted = {word[1:] for scribe in everybody for word in scribe.typed if word[0] == "-"}
        for scribe in everybody:
            saved = [scribe.typed[number] for number in sorted(scribe.durable)]
            lost = [word for word in saved if word[0] != "-" and word not in there and word not in deleted]
            back = [word for word in saved if word[0] == "-" and word[1:] in there]
            assert not lost, f"saved, and missing {where}: {lost}"
            assert not back, f"its deletion was saved, and it is there {where}: {back}"

    def _seat(self, admitted: Admitted) -> Scribe:
        return Scribe(len(self.former) + len(self.scribes), admitted.code, self._bell, self._chance)


async def settle(desks: Iterable[Desk], bell: Bell, timeout_s: float = SETTLE_S) -> None:
    """Returns when everybody in every room agrees; nobody types meanwhile."""
    waiting = list(desks)

    def settled() -> bool:
        for desk in waiting:
            desk.check()
        waiting[:] = [desk for desk in waiting if not desk.agrees()]
        return not waiting

    await bell.until(settled, timeout_s, lambda: f"rooms that do not agree: {[desk.interview for desk in waiting]}")
