"""The timeline of an hour's replay, by mouse, finger, keys and ear."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.person import House, wait
from tests.browser.test_accessibility import violations
from tests.support.server import Server

pytestmark = pytest.mark.anyio

MARKS_Y = 32
TRACKS_Y = 54
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Line:
    """The timeline in one window; places are shares of its width."""

    page: Page

    @property
    def slider(self) -> Locator:
        return self.page.get_by_role("slider", name="Time")

    @property
    def card(self) -> Locator:
        return self.page.locator(".timeline-card")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def at(self, share: float, y: float = TRACKS_Y) -> tuple[float, float]:
        box = await self.slider.bounding_box()
        assert box is not None
        # Whole pixels: a wheel's place has no others.
        return round(box["x"] + min(box["width"] - 1, share * box["width"])), round(box["y"] + y)

    async def hover(self, share: float, y: float = TRACKS_Y) -> str:
        await self.page.mouse.move(*await self.at(share, y))
        await self.drawn()
        return await self.card.inner_text()

    async def click(self, share: float, y: float = TRACKS_Y) -> int:
        await self.page.mouse.click(*await self.at(share, y))
        await self.drawn()
        return await self.now()

    async def drawn(self) -> None:
        await self.page.evaluate(DRAWN)

    async def now(self) -> int:
        """What the slider says, which is where the player is."""
        at_ms = round(await self.page.evaluate("panelroomReplay.position().at_ms"))
        await expect(self.slider).to_have_attribute("aria-valuenow", str(at_ms))
        return int(at_ms)

    async def end(self) -> int:
        return int(await self.slider.get_attribute("aria-valuemax") or 0)

    async def seek(self, at_ms: int) -> None:
        await self.page.evaluate("(at_ms) => panelroomReplay.seek(at_ms)", at_ms)
        await self.drawn()

    async def in_view(self) -> float:
        """How much of all of it."""
        share: float = await self.page.evaluate(
            """() => document.querySelector(".timeline-window").getBoundingClientRect().width
                / document.querySelector(".timeline-overview").getBoundingClientRect().width"""
        )
        return share

    async def wheel(self, share: float, across: float, down: float, *, control: bool = False) -> None:
        await self.page.mouse.move(*await self.at(share))
        if control:
            await self.page.keyboard.down("Control")
        await self.page.mouse.wheel(across, down)
        if control:
            await self.page.keyboard.up("Control")
        await self.drawn()

    async def a_fold(self) -> float:
        """Where one is."""
        for place in range(1, 128):
            if " idle." in await self.hover(place / 128):
                return place / 128
        raise AssertionError("The hour has no fold.")


@pytest.fixture(scope="module")
async def opened(hour_door: House, hour: tuple[Server, str]) -> AsyncIterator[Line]:
    server, interview = hour
    page = await hour_door.window(owner=True)
    await page.goto(f"{server.url}/i/{interview}/replay")
    await wait(page, "window.panelroomReplay")
    yield Line(page)
    await hour_door.close()


@pytest.fixture
async def line(opened: Line) -> Line:
    """All of it in view, folded, at the beginning."""
    if await opened.button("Show the whole interview").is_enabled():
        await opened.button("Show the whole interview").click()
    await opened.page.mouse.move(0, 0)
    await opened.seek(0)
    return opened


async def test_one_drags_through_time(line: Line) -> None:
    await line.page.mouse.move(*await line.at(0.2))
    await line.page.mouse.down()
    await line.drawn()
    seen = [await line.now()]
    for step in range(1, 12):
        await line.page.mouse.move(*await line.at(0.2 + step * 0.05, TRACKS_Y + 400 * (step % 2)))
        await line.drawn()
        seen.append(await line.now())
    assert seen == sorted(set(seen))
    await line.page.mouse.move(*await line.at(-0.5))
    await line.drawn()
    assert await line.now() == 0
    await line.page.mouse.up()
    await line.page.mouse.move(*await line.at(0.6))
    await line.drawn()
    assert await line.now() == 0
    await line.page.mouse.down()
    await line.page.mouse.move(*await line.at(0.99))
    x, y = await line.at(1)
    await line.page.mouse.move(x + 100, y)
    await line.page.mouse.up()
    await line.drawn()
    assert await line.now() == await line.end()


async def test_what_was_there_is_shown_before_one_goes_there(line: Line) -> None:
    share = 0.5
    while " idle." in (words := await line.hover(share)):
        share += 0.01
    assert re.match(r"\d+:\d\d\s.+ in .+", words)
    box = await line.card.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= (await line.at(0))[1]
    lines = (await line.card.locator("pre").inner_text()).split("\n")
    assert await line.now() == 0
    assert await line.click(share) > 0
    texts = await line.page.evaluate("panelroomReplay.roots().map((root) => panelroomReplay.text(root)).join()")
    assert len(lines) > 1
    assert all(each.strip().removesuffix("…") in texts for each in lines)
    await line.page.mouse.move(0, 0)
    await expect(line.card).to_be_hidden()


async def test_zoom_keeps_what_one_points_at(line: Line) -> None:
    there = await line.click(0.4)
    await expect(line.button("Zoom out")).to_be_disabled()
    await line.wheel(0.4, 0, -800, control=True)
    assert await line.in_view() < 0.7
    assert abs(await line.click(0.4) - there) <= 2
    await line.wheel(0.4, 0, 300)
    assert await line.click(0.4) > there
    await line.wheel(0.4, -300, 0)
    assert abs(await line.click(0.4) - there) <= 2
    await line.button("Zoom in").click()
    await line.drawn()
    assert abs(await line.click(0.4) - there) <= 2
    await line.button("Show the whole interview").click()
    await expect(line.button("Show the whole interview")).to_be_disabled()
    assert await line.in_view() == pytest.approx(1)


async def test_the_window_on_the_overview_is_dragged(line: Line) -> None:
    await line.click(0.5)
    for _ in range(4):
        await line.button("Zoom in").click()
    await line.drawn()
    middle = await line.click(0.5)
    window = await line.page.locator(".timeline-window").bounding_box()
    assert window is not None
    await line.page.mouse.move(window["x"] + window["width"] / 2, window["y"] + window["height"] / 2)
    await line.page.mouse.down()
    await line.page.mouse.move(window["x"] + window["width"] / 2 - 100, window["y"])
    await line.page.mouse.up()
    await line.drawn()
    assert await line.now() == middle
    assert await line.click(0.5) < middle


async def test_the_slider_alone_is_enough_with_keys(line: Line) -> None:
    await line.slider.focus()
    end = await line.end()
    for key, expected in [
        ("ArrowRight", 5_000),
        ("ArrowUp", 10_000),
        ("Shift+ArrowRight", 40_000),
        ("PageUp", 100_000),
        ("PageDown", 40_000),
        ("ArrowLeft", 35_000),
        ("ArrowDown", 30_000),
        ("End", end),
        ("ArrowRight", end),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        await line.page.keyboard.press(key)
        await line.drawn()
        assert await line.now() == expected, key


async def test_it_is_told_to_those_who_listen(line: Line) -> None:
    await line.seek(744_000)
    await expect(line.slider).to_have_attribute(
        "aria-valuetext", re.compile(r"^12 minutes 24 seconds of 59 minutes( \d+ seconds?)?(;|$)")
    )
    await line.page.keyboard.press(".")
    await line.drawn()
    await expect(line.slider).to_have_attribute("aria-valuetext", re.compile(r" of 59 minutes.*; .+ typing in .+$"))


async def test_idle_time_is_folded_and_unfolds(line: Line) -> None:
    fold = await line.a_fold()
    place = await line.at(fold)
    await line.page.mouse.dblclick(*place)
    assert " idle." not in await line.hover(fold)
    await line.page.mouse.dblclick(*place)
    switch = line.button("Fold idle time")
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "false")
    assert await line.click(0.5) == pytest.approx(await line.end() / 2, rel=0.01)
    assert await line.click(0.25) == pytest.approx(await line.end() / 4, rel=0.01)
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await line.a_fold()


async def test_a_mark_says_what_happened_and_leads_there(line: Line) -> None:
    for percent in range(20, 100):
        words = await line.hover(percent / 100, MARKS_Y)
        if await line.page.locator(".timeline-plot.on-mark").count() == 0:
            continue
        told = re.search(r"(\d+):(\d\d)", words)
        assert told is not None
        assert len(words) > len(told[0]) + 5
        assert await line.click(percent / 100, MARKS_Y) // 1000 == int(told[1]) * 60 + int(told[2])
        return
    raise AssertionError("The hour has no marks.")


async def test_keys_lead_from_mark_to_mark(line: Line) -> None:
    marks = [await line.now()]
    for _ in range(4):
        await line.page.keyboard.press("]")
        await line.drawn()
        marks.append(await line.now())
    assert marks == sorted(set(marks))
    for mark in reversed(marks[1:-1]):
        await line.page.keyboard.press("[")
        await line.drawn()
        assert await line.now() == mark


async def test_fingers_scrub_and_pinch(line: Line) -> None:
    client = await line.page.context.new_cdp_session(line.page)

    async def touch(kind: str, *shares: float) -> None:
        points: list[dict[str, Any]] = []
        for number, share in enumerate(shares):
            x, y = await line.at(share)
            points.append({"x": x, "y": y, "id": number})
        await client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        await line.drawn()

    await client.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    await touch("touchStart", 0.3)
    assert await line.now() == 0, "it may become a scroll up or down"
    await touch("touchMove", 0.4)
    there = await line.now()
    assert there > 0
    await expect(line.card).to_be_visible()
    await touch("touchMove", 0.5)
    assert await line.now() > there
    await touch("touchEnd")
    await expect(line.card).to_be_hidden()
    here = await line.now()
    await touch("touchStart", 0.5)
    await touch("touchStart", 0.45, 0.55)
    await touch("touchMove", 0.3, 0.7)
    await touch("touchEnd")
    assert await line.in_view() < 0.5
    assert await line.click(0.5) == pytest.approx(here, abs=15_000)
    await client.send("Emulation.setTouchEmulationEnabled", {"enabled": False})


async def test_it_fits_a_telephone_and_axe_finds_nothing(line: Line) -> None:
    await line.page.set_viewport_size({"width": 360, "height": 740})
    await line.drawn()
    assert await line.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await line.click(0.5) > 0
    found = await violations(line.page)
    await line.page.set_viewport_size({"width": 1200, "height": 700})
    await line.button("Zoom in").click()
    await line.hover(0.5)
    found += await violations(line.page)
    assert not found, "\n".join(found)
