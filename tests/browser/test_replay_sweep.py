"""The interview of one hour in a real browser window, wherever one looks: what is drawn is what is on record."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.person import House, wait
from tests.support.api import Api
from tests.support.server import Server

pytestmark = pytest.mark.anyio

# Each step is drawn before it is looked at: what the player has of every file, and what the editor in sight shows.
LOOK = """
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    const look = () => {
        const { at_ms } = panelroomReplay.position()
        const texts = Object.fromEntries(panelroomReplay.roots().map((root) => [root, panelroomReplay.text(root)]))
        return { at_ms, texts, shown: panelroomReplay.shown() }
    }
"""
SEEK = f"""async (instants) => {{
    {LOOK}
    const looks = []
    for (const instant of instants) {{
        panelroomReplay.seek(instant)
        await drawn()
        looks.push(look())
    }}
    return looks
}}"""
PLAY = f"""async ([from, speed, skips, frames]) => {{
    {LOOK}
    panelroomReplay.seek(from)
    panelroomReplay.setSpeed(speed)
    panelroomReplay.skipIdle(skips)
    panelroomReplay.play()
    const looks = []
    for (let frame = 0; frame < frames; frame += 1) {{
        await new Promise((done) => requestAnimationFrame(done))
        if (frame % 8 !== 7) continue
        panelroomReplay.pause()
        await drawn()
        looks.push(look())
        panelroomReplay.play()
    }}
    panelroomReplay.pause()
    return looks
}}"""


@dataclass
class Watched:
    """The page with the interview's replay."""

    page: Page
    api: Api
    interview: str
    end_ms: int

    async def check(self, looks: list[dict[str, Any]], chance: random.Random, sample: int) -> None:
        """Every editor showed what its player had, and the record says the same at some of the moments."""
        for look in looks:
            assert look["shown"]["text"] == look["texts"].get(look["shown"]["root"], ""), look["at_ms"]
        for look in chance.sample(looks, min(sample, len(looks))):
            _, files = await self.api.text_at(self.interview, int(look["at_ms"]))
            assert _written(look["texts"]) == _written(files), look["at_ms"]


def _written(texts: dict[str, str]) -> dict[str, str]:
    return {root: text for root, text in texts.items() if text}


@pytest.fixture(scope="module")
async def watched(hour: tuple[Server, str], hour_door: House) -> AsyncIterator[Watched]:
    server, interview = hour
    page = await hour_door.window(owner=True)
    await page.goto(f"{server.url}/i/{interview}/replay")
    await wait(page, "window.panelroomReplay")
    async with Api(server) as api:
        end_ms = (await api.recording(interview))["duration_ms"]
        yield Watched(page, api, interview, end_ms)
    await hour_door.close()


@pytest.mark.parametrize(
    ("seeks", "sample"), [pytest.param(40, 20, id="some"), pytest.param(500, 500, id="many", marks=pytest.mark.long)]
)
async def test_any_moment_is_drawn_as_it_is_on_record(watched: Watched, seeks: int, sample: int) -> None:
    """A48, A49: by jumps."""
    chance = random.Random(seeks)
    instants = [watched.end_ms, 0, *(chance.randint(0, watched.end_ms) for _ in range(seeks))]
    await watched.check(await watched.page.evaluate(SEEK, instants), chance, sample)


@pytest.mark.parametrize(
    ("steps", "sample"), [pytest.param(40, 12, id="some"), pytest.param(900, 300, id="many", marks=pytest.mark.long)]
)
async def test_a_sweep_forward_and_back_is_drawn_as_it_is_on_record(watched: Watched, steps: int, sample: int) -> None:
    """A48, A49."""
    there = [watched.end_ms * step // steps for step in range(steps + 1)]
    looks = await watched.page.evaluate(SEEK, [*there, *reversed(there)])
    assert [look["at_ms"] for look in looks] == [*there, *reversed(there)]
    for forth, back in zip(looks, reversed(looks), strict=True):
        assert forth["texts"] == back["texts"], forth["at_ms"]
    await watched.check(looks, random.Random(steps), sample)


@pytest.mark.parametrize("frames", [pytest.param(64, id="some"), pytest.param(900, id="many", marks=pytest.mark.long)])
@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("speed", [1, 32])
async def test_what_plays_is_drawn_as_it_is_on_record(watched: Watched, speed: int, skips: bool, frames: int) -> None:
    """A72: with idle times and without them."""
    chance = random.Random(f"{speed} {skips}")
    looks = await watched.page.evaluate(PLAY, [5 * 60_000, speed, skips, frames])
    times = [look["at_ms"] for look in looks]
    assert times == sorted(times)
    assert times[-1] > 5 * 60_000
    await watched.check(looks, chance, 10 if frames < 100 else 100)


async def test_the_page_verifies_what_it_has_against_the_record(watched: Watched) -> None:
    found = await watched.page.evaluate("panelroomReplay.verify()")
    assert found["failedEntry"] is None
    assert found["verified"] > 5
