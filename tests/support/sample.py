"""Makes the sample that the first start brings, by a real interview: python -m tests.support.sample.

A server, three browsers, and some five minutes; then what the API says of the interview goes into rooms/sample.json.gz.
"""

import asyncio
import gzip
import json
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from rooms.sample import SAMPLE
from tests.browser.conftest import FLAGS
from tests.browser.person import House
from tests.support.api import Api
from tests.support.sample_session import hold
from tests.support.server import Server, serving

TITLE = "Sample: when is the room taken?"


async def record(server: Server, pace: float) -> bytes:
    async with Api(server) as api, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        interview = await api.create(title=TITLE, candidate={"name": "Cleo Marsh"}, language="python", interviewers=[])
        house = House(browser, server)
        await hold(house, interview, pace)
        await house.close()
        await browser.close()
        content = {
            "interview": await api.request("GET", f"interviews/{interview}"),
            "recording": await api.request("GET", f"interviews/{interview}/recording"),
            "entries": await _entries(api, interview),
        }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


async def _entries(api: Api, interview: str) -> list[object]:
    found: list[object] = []
    after: int | None = 0
    while after is not None:
        page = await api.request("GET", f"interviews/{interview}/recording/entries", after=after, limit=1000)
        found += page["items"]
        after = page["next"]
    return found


if __name__ == "__main__":
    faster = float(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as data, serving(Path(data) / "data") as running:
        SAMPLE.write_bytes(gzip.compress(asyncio.run(record(running, faster)), mtime=0))
    print(f"{SAMPLE}: {SAMPLE.stat().st_size} bytes")
