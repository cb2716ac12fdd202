"""Very many clients that all come back at once. Run in processes of its own: it must not be what is slow."""

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.support import wire

FIRST_RETRY_S, LAST_RETRY_S = 0.25, 3.0

staying: list[asyncio.Task[None]] = []


@dataclass(slots=True)
class Returned:
    """One client, as it is when it is in step: how long that took since the storm began."""

    room: int
    after_s: float
    attempts: int
    text: str


async def come_back(url: str, room: int, own: str, at_s: float) -> Returned:
    """With the page's retries; brings ``own``, typed while nobody was there."""
    document: Doc[Text] = Doc()
    text = document.get("source", type=Text)
    attempts = 0
    while True:
        attempts += 1
        connection: ClientConnection | None = None
        try:
            connection = await connect(url + "&v=1", compression=None, proxy=None, ping_interval=None, open_timeout=15)
            await _get_in_step(connection, document, text, own)
        except (OSError, EOFError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidMessage):
            delay_s = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(attempts - 1, 10))
            await asyncio.sleep(delay_s * random.uniform(0.5, 1))
            continue
        after_s = time.monotonic() - at_s
        staying.append(asyncio.create_task(_stay(connection, document)))
        return Returned(room, after_s, attempts, str(text))


async def _get_in_step(connection: ClientConnection, document: Doc[Text], text: Text, own: str) -> None:
    """Until the server's step 2 is here and ours is acknowledged."""
    if own and own not in str(text):
        text += own
    await connection.send(wire.sync(wire.STEP_1, document.get_state()))
    await connection.send(wire.awareness([(document.client_id, 1, {"user": {}, "cursor": None})]))
    has_document = is_acknowledged = False
    while not (has_document and is_acknowledged):
        frame = await connection.recv()
        assert isinstance(frame, bytes)
        if frame[:2] == bytes((wire.SYNC, wire.STEP_1)):
            state, _ = wire.read_bytes(frame, 2)
            await connection.send(wire.sync(wire.STEP_2, document.get_update(state)))
        elif frame[0] == wire.SYNC:
            document.apply_update(wire.read_bytes(frame, 2)[0])
            has_document = has_document or frame[1] == wire.STEP_2
        elif frame[0] == wire.ACKNOWLEDGEMENT:
            is_acknowledged = True


async def _stay(connection: ClientConnection, document: Doc[Text]) -> None:
    async for frame in connection:
        assert isinstance(frame, bytes)
        if frame[:2] == bytes((wire.SYNC, wire.UPDATE)):
            document.apply_update(wire.read_bytes(frame, 2)[0])


async def _main(given: dict[str, Any]) -> None:
    """Starts at the moment that is given, ends when its standard input does."""
    at_s = given["at_s"]
    await asyncio.sleep(max(0.0, at_s - time.monotonic()))
    clients = [come_back(url, room, own, at_s) for room, url, own in given["clients"]]
    for returned in await asyncio.gather(*clients):
        print(json.dumps(asdict(returned)), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.stdin.readline())))
