"""Somebody who reads the events of a room, as its page does."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2

from tests.support.tap import Tap


class Listener(Tap):
    """`async with Listener(events_url) as ear`. All that came is in `raw`, and event by event in `heard`."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(url)
        self.headers = headers or {}
        self.raw = bytearray()
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._rest = bytearray()  # of a block that has not ended
        self.status = 0

    @property
    def snapshot(self) -> dict[str, Any]:
        kind, data = self.heard[0]
        assert kind == "snapshot"
        return data

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [data for each, data in self.heard if each == kind]

    async def hear(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The first event of this kind that says this; it may have come long ago."""
        await self.until(lambda: self.has_heard(kind, **fields), f"{kind} {fields}")
        return next(self._found(kind, fields))

    def has_heard(self, kind: str, **fields: Any) -> bool:
        return any(self._found(kind, fields))

    async def hear_or_end(self, kind: str, **fields: Any) -> None:
        await self.until(lambda: self.ended or self.has_heard(kind, **fields), f"{kind} {fields}, or the end")

    def _found(self, kind: str, fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
        return (data for data in self.all(kind) if all(data[name] == value for name, value in fields.items()))

    async def end(self) -> None:
        """Returns when the server has ended the stream."""
        await self.until(lambda: self.ended, "the end of the stream")

    async def _listen(self) -> None:
        try:
            async with (
                httpx2.AsyncClient(timeout=None, trust_env=False, verify=False) as http,
                http.stream("GET", self.url, headers=self.headers) as answer,
            ):
                self.status = answer.status_code
                async for chunk in answer.aiter_bytes():
                    self.raw += chunk
                    self._read(chunk)
                    self._bell.ring()
        except httpx2.TransportError:
            pass  # the server was stopped

    def _read(self, chunk: bytes) -> None:
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
            if "event" in fields:
                self.heard.append((fields["event"], json.loads(fields["data"])))
