"""A crowd of peers in one room, with verbs that read as a story: type, delay, drop, rejoin, settle."""

import random
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.support.api import Admitted, Api
from tests.support.peer import Bell, Peer

SETTLE_S = 20.0
CHARACTERS = ["a", "b", " ", "\n", "\r\n", "é", "漢", "😀", "👩‍👩‍👧", "𝒳"]


class Crowd:
    """`async with Crowd(api, interview) as crowd`. Every verb takes the peer's name first."""

    def __init__(self, api: Api, interview: str, *, notes: bool = False) -> None:
        """With `notes` the peers open the notes document instead of the code."""
        self.api = api
        self.interview = interview
        self.document = f"{interview}.notes" if notes else interview
        self.peers: dict[str, Peer] = {}
        self.admitted: dict[str, Admitted] = {}
        self.bell = Bell()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for peer in self.peers.values():
            await peer.stop()

    def __getitem__(self, name: str) -> Peer:
        return self.peers[name]

    async def join(
        self,
        name: str,
        role: str = "guest",
        *,
        member: str | None = None,
        acknowledged: bool = True,
        faithful: bool = False,
    ) -> Peer:
        self.admitted[name] = await self.api.join(self.interview, role, name, member=member)
        return await self.open(name, self.admitted[name], acknowledged=acknowledged, faithful=faithful)

    join_late = join

    async def again(self, name: str, window: str) -> Peer:
        """Another window of somebody who is in already, on the same ticket."""
        return await self.open(window, self.admitted[name])

    async def open(self, name: str, admitted: Admitted, *, acknowledged: bool = True, faithful: bool = False) -> Peer:
        peer = Peer(name, admitted.urls[self.document], self.bell, acknowledged=acknowledged, faithful=faithful)
        self.peers[name] = peer
        await peer.go_online()
        await self.until(lambda: peer.synced, f"{name} is synchronised")
        return peer

    async def type(self, name: str, text: str, at: int | None = None) -> None:
        """One transaction; `at` counts code points, the default is the end."""
        peer = self.peers[name]
        peer.insert(text, len(str(peer)) if at is None else at)
        await peer.flush()

    paste = type

    async def delete(self, name: str, at: int, length: int = 1) -> None:
        self.peers[name].delete(at, length)
        await self.peers[name].flush()

    async def scribble(self, chance: random.Random, name: str | None = None) -> None:
        """Somebody, or whoever is named, types a character somewhere, or deletes three."""
        name = name or chance.choice(list(self.peers))
        length = len(str(self.peers[name]))
        if length > 10 and chance.random() < 0.3:
            await self.delete(name, chance.randrange(length - 3), 3)
        else:
            await self.type(name, chance.choice(CHARACTERS), at=chance.randint(0, length))

    async def undo(self, name: str) -> bool:
        undone = self.peers[name].undo()
        await self.peers[name].flush()
        return undone

    def delay(self, name: str) -> None:
        """From now on nothing of this peer's is sent or taken in, until `release` or `settle`."""
        self.peers[name].delayed = True

    async def release(self, name: str) -> None:
        await self.peers[name].release()

    async def drop(self, name: str) -> None:
        await self.peers[name].drop()

    async def go_offline(self, name: str) -> None:
        await self.peers[name].leave()

    async def leave(self, name: str) -> None:
        """For good: `settle` does not bring this one back."""
        await self.peers.pop(name).leave()

    async def rejoin(self, name: str) -> None:
        peer = self.peers[name]
        assert not peer.online
        await peer.go_online()

    async def settle(self, timeout_s: float = SETTLE_S, *, strangers: bool = False) -> str:
        """Brings everybody back, waits until all peers and the recording agree; the text they agree on.

        What is acknowledged must be in the recording at once. With `strangers`, others have typed, of whose frames
        nobody here knows when they are durable: then the recording may take some commits more.
        """
        for peer in self.peers.values():
            if not peer.online and not peer.faithful:
                await peer.go_online()
            await peer.release()
        await self.until(self._agreed, "everybody agrees", timeout_s)
        text = str(next(iter(self.peers.values())))
        recorded = await self.api.text(self.interview, self.document)
        if strangers or not all(peer.acknowledged for peer in self.peers.values()):
            await self.api.until_text(self.interview, text, timeout_s, self.document)
            return text
        assert recorded == text, f"the recording differs from the peers{difference(text, recorded)}"
        return text

    async def until(self, condition: Callable[[], bool], what: str, timeout_s: float = SETTLE_S) -> None:
        def settled() -> bool:
            for peer in self.peers.values():
                if peer.failure is not None:
                    raise AssertionError(f"{peer.name} failed") from peer.failure
            return condition()

        await self.bell.until(settled, timeout_s, lambda: f"waited {timeout_s} s until {what}\n{self.describe()}")

    def describe(self) -> str:
        """Each peer's standing, and where its text leaves the first one's."""
        peers = list(self.peers.values())
        return "\n".join(
            f"{peer.name}: {'online' if peer.online else f'offline, close code {peer.close_code}'}, "
            f"{'synchronised' if peer.synced else 'not synchronised'}, "
            f"{peer.confirmed} of {len(peer.counted)} frames acknowledged, {len(str(peer))} characters, "
            f"state {peer.clocks}, denied {peer.denials}{difference(str(peers[0]), str(peer))}"
            for peer in peers
        )

    def _agreed(self) -> bool:
        peers = list(self.peers.values())
        return (
            all(peer.settled for peer in peers)
            and len({str(peer) for peer in peers}) == 1
            and all(peer.clocks == peers[0].clocks for peer in peers)
        )


def difference(one: str, other: str) -> str:
    """Where two texts part, for a failure's words; empty when they are equal."""
    if one == other:
        return ""
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, at - 20)
    return f"\n  from character {at}: {one[start : at + 40]!r}\n  against            {other[start : at + 40]!r}"
