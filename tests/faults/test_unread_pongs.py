"""A client that asks for pongs and does not read them: what waits for it is bounded, like everything else."""

import asyncio
import os
import socket
from urllib.parse import urlsplit

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from tests.support.api import Api

pytestmark = pytest.mark.anyio

PINGS, SIZE = 8_000, 125
WINDOW_BYTES = 4096
ASK_AGAIN_S = 0.5
MOST_BYTES = PINGS * SIZE // 2


async def test_pongs_that_nobody_takes_are_not_kept(api: Api, interview: str) -> None:
    url = (await api.join(interview, "guest", "Gus")).code
    protocol = ClientProtocol(parse_uri(url))
    protocol.send_request(protocol.connect())
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
        line.setblocking(False)
        loop, address = asyncio.get_running_loop(), urlsplit(url)
        await loop.sock_connect(line, (address.hostname, address.port))
        await loop.sock_sendall(line, b"".join(protocol.data_to_send()))
        protocol.receive_data(await loop.sock_recv(line, WINDOW_BYTES))
        for _ in range(PINGS):
            protocol.send_ping(os.urandom(SIZE))
        last = b"the last one"
        protocol.send_ping(last)
        await loop.sock_sendall(line, b"".join(protocol.data_to_send()))
        taken = 0
        async with asyncio.timeout(20):
            while True:
                frames = [event for event in protocol.events_received() if isinstance(event, Frame)]
                taken += sum(len(frame.data) for frame in frames)
                if any(frame.opcode is Opcode.PONG and bytes(frame.data) == last for frame in frames):
                    break
                try:
                    protocol.receive_data(await asyncio.wait_for(loop.sock_recv(line, 2**16), ASK_AGAIN_S))
                except TimeoutError:  # the last one was left out too: who reads is answered
                    protocol.send_ping(last)
                await loop.sock_sendall(line, b"".join(protocol.data_to_send()))
        assert taken < MOST_BYTES
