"""Who is seen where, over real sockets: under his own name, and for as long as he is connected."""

import pytest

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import Dialogue
from tests.support.peer import Peer
from tests.support.server import Server

pytestmark = pytest.mark.anyio

PLACE = {"type": None, "tname": "source", "item": None, "assoc": 0}
HERE = {"anchor": PLACE, "head": PLACE}


def seen_by(peer: Peer) -> dict[int, str]:
    """Client id -> name, as the others' carets show it."""
    return {client: state["user"]["name"] for client, state in peer.presence.items()}


async def until_seen(crowd: Crowd, *names: str) -> None:
    """Until everybody who is online sees exactly the others of these, under their own ids."""
    ids = {crowd[name].document.client_id: name for name in names}

    def settled() -> bool:
        return all(
            seen_by(peer) == {client: name for client, name in ids.items() if name != peer.name}
            for peer in crowd.peers.values()
            if peer.online
        )

    await crowd.until(settled, f"everybody sees {names}")


async def test_nobody_stays_who_has_gone(crowd: Crowd) -> None:
    for name in ("Ann", "Ben", "Cy", "Dan"):
        await crowd.join(name)
    await until_seen(crowd, "Ann", "Ben", "Cy", "Dan")
    await crowd.go_offline("Ann")
    await until_seen(crowd, "Ben", "Cy", "Dan")
    await crowd.drop("Ben")
    await until_seen(crowd, "Cy", "Dan")
    await crowd["Cy"].send(b"\xff")
    await crowd.until(lambda: crowd["Cy"].close_code == 4400, "Cy is refused")
    await until_seen(crowd, "Dan")
    for name in ("Ann", "Ben"):
        crowd[name].presence.clear()
        await crowd.rejoin(name)
    await until_seen(crowd, "Ann", "Ben", "Dan")


async def test_after_a_restart_everybody_is_seen_again(mortal: Server) -> None:
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        for name in ("Ann", "Ben"):
            await crowd.join(name, faithful=True)
        await until_seen(crowd, "Ann", "Ben")
        mortal.restart()
        for peer in crowd.peers.values():
            peer.presence.clear()
        await crowd.until(lambda: all(peer.connections == 2 for peer in crowd.peers.values()), "both are back")
        await until_seen(crowd, "Ann", "Ben")


async def test_a_tab_that_comes_back_replaces_itself(crowd: Crowd, api: Api, interview: str) -> None:
    """On the same id, while its old connection is still half open."""
    ben = await crowd.join("Ben")
    ann = await api.join(interview, "guest", "Ann")
    hello = wire.awareness([(7, 1, {"user": {"name": "Not Ann"}, "cursor": HERE})])
    async with Dialogue(ann.code) as new:
        async with Dialogue(ann.code) as old:
            await old.say(hello)
            await crowd.until(lambda: seen_by(ben) == {7: "Ann"}, "Ann is seen")
            await new.say(hello)
            await new.echo()
        await ben.announce(HERE)
        await new.echo()
        while not any(ben.document.client_id in people(frame) for frame in new.heard):
            await new.hear(wire.AWARENESS)
        assert seen_by(ben) == {7: "Ann"}
        assert not any(7 in people(frame) for frame in new.heard), "told of itself"
    await crowd.until(lambda: seen_by(ben) == {}, "Ann has gone")


def people(frame: bytes | str) -> list[int]:
    """The ids of an awareness frame; none of another one."""
    assert isinstance(frame, bytes)
    return [client for client, _, _ in wire.read_awareness(frame)] if frame[0] == wire.AWARENESS else []
