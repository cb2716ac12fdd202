"""The replay in Chromium, with paint. Prints: python -m pytest -s -m bench tests/bench/bench_player_browser.py

Chromium has no GPU here: it paints in software, on the same cores as the server and this script. So beside the wall's
time there is what the page's main thread itself has computed for each frame, by the thread's own clock: script, style,
layout and paint.
"""

import json
import os
import random
import statistics
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.bench.frame import busy_ms
from tests.browser.conftest import browser  # noqa: F401
from tests.browser.person import House, wait
from tests.replay.trace import load, updates
from tests.support.api import Api
from tests.support.hour import make, make_from
from tests.support.server import Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.bench]

SEEKS = 300
FRAMES = 400
TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]

WATCH = """
    addEventListener("DOMContentLoaded", () => {
        const ready = () => {
            if (window.opened || !document.querySelector("[data-ready]")) return
            window.opened = { ready: performance.now() }
            requestAnimationFrame(() => setTimeout(() => { window.opened.painted = performance.now() }))
        }
        new MutationObserver(ready).observe(document, { subtree: true, childList: true, attributes: true })
    })
"""
OPENED = """() => {
    const [file] = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/recording/file"))
    return [file.responseEnd - file.startTime, opened.ready - file.responseEnd, opened.painted - file.responseEnd]
}"""
SEEK = """async (instants) => {
    const took = []
    for (const instant of instants) {
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
        const begun = performance.now()
        panelroomReplay.seek(instant)
        const sought = performance.now()
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
        took.push([sought - begun, performance.now() - begun])
    }
    return took
}"""
SCRUB = """async (instants) => {
    const intervals = []
    let last = await new Promise(requestAnimationFrame)
    for (const instant of instants) {
        panelroomReplay.seek(instant)
        const now = await new Promise(requestAnimationFrame)
        intervals.push(now - last)
        last = now
    }
    return intervals
}"""
LISTEN = """() => {
    window.frames = []
    window.long = []
    new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ type: "longtask" })
    let last = performance.now()
    const frame = (now) => {
        frames.push(now - last)
        last = now
        requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
}"""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    most_ms: float  # of a frame, 99 times of 100


CASES = [Case("hour", 16), Case("automerge-paper-timed", 33)]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
async def shown(
    request: pytest.FixtureRequest,
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> AsyncIterator[tuple[Case, Page, Server, str]]:
    """The replay page, open."""
    case: Case = request.param
    data = tmp_path / "data"
    if case.name == "hour":
        made = await make(data)
    else:
        made = await make_from(data, updates(load(case.name)))
    with serving(data) as server:
        house = House(browser, server)
        await house.sign_in()
        page = await house.window(owner=True)
        await page.add_init_script(WATCH)
        async with Api(server) as api:  # what is derived once is not what opening costs
            begun = perf_counter()
            address = f"/api/v1/interviews/{made.interview}/recording/file"
            answer = await api.http.get(address, headers=api.signed, timeout=300)
            assert answer.is_success
            print(f"\n{case.name}: derived by the server within {perf_counter() - begun:.0f} s")
        yield case, page, server, made.interview
        await house.close()


async def test_opening_seeking_and_scrubbing(
    shown: tuple[Case, Page, Server, str],
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    case, page, server, interview = shown
    print(f"\n{case.name}; load of the machine before: {' '.join(f'{each:.1f}' for each in os.getloadavg())}")
    await opening(page, server, interview)
    end_ms = await page.evaluate("panelroomReplay.end_ms()")
    chance = random.Random(1)
    took = await page.evaluate(SEEK, [chance.randint(0, end_ms) for _ in range(SEEKS)])
    tell("seek, the model", [model for model, _ in took])
    tell("seek, until painted", [painted for _, painted in took])
    sweep = [end_ms * step // FRAMES for step in [*range(FRAMES), *range(FRAMES, 0, -1)]]
    computed = await traced(browser, page, tmp_path, "by the player", page.evaluate(SCRUB, sweep))
    dragged = await traced(browser, page, tmp_path, "by dragging", drag(page))
    assert computed <= case.most_ms
    assert dragged <= case.most_ms


async def opening(page: Page, server: Server, interview: str) -> None:
    """Five times anew; the first has nothing in the browser's cache."""
    took = []
    for _ in range(5):
        begun = perf_counter()
        await page.goto(f"{server.url}/i/{interview}/replay")
        await wait(page, "window.panelroomReplay && window.opened && window.opened.painted")
        took.append((perf_counter() - begun, *await page.evaluate(OPENED)))
    whole, fetched, ready, painted = (statistics.median(column) for column in zip(*took, strict=True))
    print(
        f"  opening: {whole * 1000:.0f} ms from the address to the picture; of it the file {fetched:.0f} ms;"
        f" from its last byte {ready:.0f} ms to a page that answers, {painted:.0f} ms to the picture"
    )


async def drag(page: Page) -> list[float]:
    """The pointer over the timeline, there and back, as fast as the page takes it; the intervals of its frames."""
    slider = page.locator(".transport [role=slider]")
    box = await slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    await page.evaluate(LISTEN)
    await page.mouse.move(box["x"] + 2, middle)
    await page.mouse.down()
    for turn in range(4):
        aim = box["x"] + (box["width"] - 4 if turn % 2 == 0 else 4)
        await page.mouse.move(aim, middle, steps=120)
    await page.mouse.up()
    frames: list[float] = await page.evaluate("frames")
    long = await page.evaluate("long")
    print(f"  long tasks while dragging: {len(long)}" + (f", at most {max(long):.0f} ms" if long else ""))
    return frames


async def traced(chromium: Browser, page: Page, folder: Path, words: str, scrubbing: Any) -> float:
    """The p99 of what the main thread computed for a frame, in ms."""
    path = folder / "trace.json"
    await chromium.start_tracing(page=page, path=path, categories=TRACED)
    intervals = await scrubbing
    await chromium.stop_tracing()
    tell(f"scrubbing {words}, from frame to frame", intervals)
    frames = busy_ms(json.loads(path.read_text())["traceEvents"])
    return tell(f"scrubbing {words}, computed for a frame", frames)


def tell(words: str, took_ms: Sequence[float]) -> float:
    """Print the quantiles; the p99."""
    ordered = sorted(took_ms)
    p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    print(f"  {words}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {ordered[-1]:.2f} ms ({len(ordered)})")
    return p99
