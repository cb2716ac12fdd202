"""One TCP connection to the server, and every way in which it may end."""

import asyncio
import base64
import os
import socket
import struct
from typing import Self
from urllib.parse import urlsplit

from tests.support.dialogue import BINARY, raw_frame

CLOSE = 8
ANSWER_S = 60.0


class Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def dial(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    async def call(cls, url: str, *, origin: str | None = None) -> Self:
        """A WebSocket whose handshake has been answered."""
        line = await cls.dial(urlsplit(url).port or 80)
        line.say(handshake(url, origin=origin))
        await line.hear_head()
        return line

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    def say_frames(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.say(raw_frame(BINARY, payload))

    async def hear_head(self) -> bytes:
        async with asyncio.timeout(ANSWER_S):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def hear(self) -> int:
        """A frame; of which kind."""
        async with asyncio.timeout(ANSWER_S):
            kind, length = await self._reader.readexactly(2)
            if length > 125:
                length = int.from_bytes(await self._reader.readexactly(2 if length == 126 else 8), "big")
            await self._reader.readexactly(length)
            return kind & 0xF

    async def answer_close(self) -> None:
        """Until the server has said that it closes, and as every browser does then."""
        while await self.hear() != CLOSE:
            pass
        self.close()
        await self.finish()

    async def hear_end(self) -> None:
        """Until the server ends it."""
        async with asyncio.timeout(ANSWER_S):
            try:
                while await self._reader.read(2**16):
                    pass
            except ConnectionError:
                pass

    def close(self, code: int = 1001) -> None:
        """A close frame."""
        self.say(raw_frame(CLOSE, code.to_bytes(2, "big")))

    async def finish(self) -> None:
        """FIN, then the server's."""
        if not self._writer.is_closing():
            self._writer.write_eof()
        await self.hear_end()
        self._writer.close()

    def reset(self) -> None:
        """RST."""
        own: socket.socket = self._writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def handshake(url: str, *, origin: str | None = None) -> bytes:
    parts = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {parts.path}?{parts.query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()
