"""An hour with six people, watched by a reviewer."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.person import House, wait
from tests.browser.test_accessibility import violations
from tests.support.api import Api
from tests.support.server import Server

pytestmark = pytest.mark.anyio

MINUTE_MS = 60_000


class Reviewer:
    """One window on the replay; `state` is what the player says."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def ask(self, what: str) -> Any:
        return await self.page.evaluate(f"panelroomReplay.{what}")

    async def seek(self, at_ms: int) -> None:
        await self.ask(f"seek({at_ms})")
        await self.drawn()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)
        await self.drawn()

    async def drawn(self) -> None:
        await self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    async def now(self) -> int:
        return int(await self.ask("position().at_ms"))

    async def files(self) -> list[str]:
        return await self.page.locator(".file-tab:not(.is-deleted) .file-tab-name").all_inner_texts()

    async def caret(self, name: str) -> Locator:
        return self.page.locator(f'.replay-pane .cm-remote-caret[title="{name}"]')

    async def who(self, name: str) -> int:
        """The index of somebody, by the order of the rows."""
        names = await self.page.locator(".replay-people .roster-name").all_inner_texts()
        return names.index(name)


@pytest.fixture
async def house(hour_door: House) -> AsyncIterator[House]:
    yield hour_door
    await hour_door.close()


async def review(house: House, interview: str, query: str = "", **who: Any) -> Reviewer:
    page = await house.window(**(who or {"owner": True}))
    await page.goto(f"{house.server.url}/i/{interview}/replay{query}")
    await wait(page, "window.panelroomReplay")
    return Reviewer(page)


async def test_the_files_are_those_of_the_moment(house: House, hour: tuple[Server, str]) -> None:
    """A49: tabs have the names that the files had, come when a file was made, and show what was deleted."""
    reviewer = await review(house, hour[1])
    assert await reviewer.files() == ["main.py"]
    seen: set[str] = set()
    for minute in range(1, 60):
        await reviewer.seek(minute * MINUTE_MS)
        there = await reviewer.ask("files()")
        await expect(reviewer.page.locator(".file-tab:not(.is-deleted)")).to_have_count(max(1, len({"source", *there})))
        assert {each["name"] for each in there.values()} <= set(await reviewer.files())
        seen.update(each["name"] for each in there.values())
    assert {"lru_cache.py", "task.md", "test_lru_cache.py", "output.txt"} <= seen
    await expect(reviewer.page.locator(".file-tab.is-deleted")).to_contain_text("output.txt")
    await reviewer.seek(0)
    assert await reviewer.files() == ["main.py"]


async def test_the_page_goes_where_the_edits_are_until_one_chooses(house: House, hour: tuple[Server, str]) -> None:
    """A49: the file and the place of the edit are in sight; a file that one chose stays."""
    reviewer = await review(house, hour[1])
    roots = set()
    for minute in (7, 10, 20, 29, 30, 40, 55):
        await reviewer.seek(minute * MINUTE_MS)
        position = await reviewer.ask("position()")
        assert (await reviewer.ask("shown()"))["root"] == position["root"]
        roots.add(position["root"])
        name = await reviewer.page.locator(".replay-people .roster-name").nth(position["who"]).inner_text()
        await expect(await reviewer.caret(name)).to_be_in_viewport()
    assert len(roots) > 1
    await reviewer.page.get_by_role("tab", name="task.md").click()
    await expect(reviewer.page.locator(".follow-chip")).to_contain_text("Follow the edits")
    await reviewer.seek(10 * MINUTE_MS)
    assert (await reviewer.ask("shown()"))["root"] == "source/1-task"
    await reviewer.press(".")
    assert (await reviewer.ask("shown()"))["root"] == (await reviewer.ask("position()"))["root"] != "source/1-task"
    await reviewer.page.locator(".replay-pane .cm-scroller").hover()
    await reviewer.page.mouse.wheel(0, -300)
    await expect(reviewer.page.locator(".follow-chip")).to_be_visible()
    await reviewer.press("f")
    await expect(reviewer.page.locator(".follow-chip")).to_be_hidden()


async def test_one_follows_a_person(house: House, hour: tuple[Server, str]) -> None:
    """A49: file and place are those of the person, whoever else types, until Escape or one's own scrolling."""
    reviewer = await review(house, hour[1])
    chip = reviewer.page.locator(".follow-chip")
    olga = await reviewer.who("Olga Owner")
    follow = reviewer.page.locator(".roster-follow").nth(olga)
    await follow.click()
    await expect(chip).to_contain_text("Following Olga Owner")
    for minute in (12, 25, 40):
        await reviewer.seek(minute * MINUTE_MS)
        carets = [caret for caret in await reviewer.ask("carets()") if caret["who"] == olga]
        roots = await reviewer.ask("roots()")
        assert (await reviewer.ask("shown()"))["root"] == roots[carets[0]["root"]]
        await expect(await reviewer.caret("Olga Owner")).to_be_in_viewport()
    await reviewer.press("Escape")
    await expect(chip).to_be_hidden()
    await expect(follow).to_have_attribute("aria-pressed", "false")
    await reviewer.press("Shift+F")
    await expect(chip).to_contain_text("Following")
    await reviewer.page.locator(".replay-pane .cm-scroller").hover()
    await reviewer.page.mouse.wheel(0, 200)
    await expect(chip).to_contain_text("Follow the edits")


async def test_the_notes_go_by_the_same_clock(house: House, hour: tuple[Server, str]) -> None:
    """A49: beside the code, the notes of the same moment; not for who may not read them."""
    server, interview = hour
    reviewer = await review(house, interview)
    await reviewer.press("n")
    notes = reviewer.page.locator(".replay-notes")
    await expect(notes).to_be_visible()
    async with Api(server) as api:
        for minute in (5, 25, 45, 10):
            await reviewer.seek(minute * MINUTE_MS)
            _, files = await api.text_at(interview, minute * MINUTE_MS, f"{interview}.notes")
            lines = await notes.locator(".cm-line").all_inner_texts()
            assert "\n".join(line.rstrip("\n") for line in lines) == files.get("source", "")
    await reviewer.press("n")
    await expect(notes).to_be_hidden()
    await house.employ("Ida")
    other = await review(house, interview, member="Ida")
    await other.press("n")
    await expect(other.page.locator(".replay-notes")).to_have_count(0)
    await expect(other.page.get_by_role("button", name="Notes", exact=True)).to_have_count(0)


async def test_a_link_leads_to_a_moment(house: House, hour: tuple[Server, str]) -> None:
    """A49: `?t=` and `file=`, copied and opened; what cannot be read does no harm."""
    reviewer = await review(house, hour[1], "?t=12:34")
    assert await reviewer.now() == 754_000
    await reviewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await reviewer.page.get_by_role("tab", name="task.md").click()
    await reviewer.press("c")
    await expect(reviewer.page.get_by_role("button", name="Copied")).to_be_visible()
    link = await reviewer.page.evaluate("navigator.clipboard.readText()")
    assert link.endswith("?t=754000&file=1-task")
    await expect(reviewer.page).to_have_url(link)
    await reviewer.page.goto(link)
    await wait(reviewer.page, "window.panelroomReplay")
    await reviewer.drawn()
    assert (await reviewer.now(), (await reviewer.ask("shown()"))["root"]) == (754_000, "source/1-task")
    for query in ("?t=soon", "?t=-5&file=", "?t=1e9", "?file=%00nothing&t=99:99"):
        await reviewer.page.goto(f"{house.server.url}/i/{hour[1]}/replay{query}")
        await wait(reviewer.page, "window.panelroomReplay")
        assert (await reviewer.now(), (await reviewer.ask("shown()"))["root"]) == (0, "source")
    await reviewer.page.goto(f"{house.server.url}/i/{hour[1]}/replay?t=4294967295")
    await wait(reviewer.page, "window.panelroomReplay")
    assert await reviewer.ask("atEnd()")


async def test_chat_and_events_move_along(house: House, hour: tuple[Server, str]) -> None:
    """A49: each is a place to go to; the one of now is in sight unless one reads elsewhere."""
    reviewer = await review(house, hour[1])
    log = reviewer.page.get_by_role("region", name="Chat and events")
    await log.get_by_role("button", name="Chat", exact=True).click()
    rows = log.locator(".happened-row")
    count = await rows.count()
    assert count > 5
    await rows.nth(5).click()
    await expect(rows.nth(5)).to_have_attribute("aria-current", "true")
    said = (await rows.nth(5).locator(".happened-time").inner_text()).split(":")
    assert await reviewer.now() // 1000 == int(said[0]) * 60 + int(said[1])
    await expect(log.locator(".is-ahead")).to_have_count(count - 6)
    await log.get_by_role("button", name="All", exact=True).click()
    await reviewer.press("End")
    current = log.locator("[aria-current]")
    await expect(current).to_contain_text("finished the interview")
    await expect(current).to_be_in_viewport()
    await log.locator(".happened-scroller").hover()
    await reviewer.page.mouse.wheel(0, -5_000)
    await reviewer.seek(30 * MINUTE_MS)
    await expect(current).not_to_be_in_viewport()
    await log.get_by_role("button", name="Jump to now").click()
    await expect(current).to_be_in_viewport()


async def test_only_what_one_person_did_in_one_file(house: House, hour: tuple[Server, str]) -> None:
    """A49: a filter by person and by file, for the list and for the next and previous edit."""
    reviewer = await review(house, hour[1])
    cleo, ben = await reviewer.who("Cleo Marsh"), await reviewer.who("Ben Okafor")
    await reviewer.page.get_by_role("button", name="Only Ben Okafor").click()
    for row in await reviewer.page.locator(".happened-row").all_inner_texts():
        assert "Ben Okafor" in row
    for _ in range(5):
        await reviewer.press(".")
        assert (await reviewer.ask("position()"))["who"] == ben
    await reviewer.page.get_by_role("button", name="Everybody").click()
    await reviewer.seek(30 * MINUTE_MS)
    await reviewer.page.get_by_role("tab", name="test_lru_cache.py").click()
    await reviewer.page.get_by_role("button", name="Only test_lru_cache.py").click()
    await reviewer.page.get_by_role("button", name="Only Cleo Marsh").click()
    for _ in range(3):
        await reviewer.press(",")
        position = await reviewer.ask("position()")
        assert (position["root"], position["who"]) == ("source/2-tests", cleo)


async def test_everything_by_keys(house: House, hour: tuple[Server, str]) -> None:
    """A49: with the focus anywhere but in a field."""
    reviewer = await review(house, hour[1])
    end = await reviewer.ask("end_ms()")
    for key, at_ms in {
        "l": 10_000, "ArrowRight": 15_000, "Shift+ArrowRight": 45_000, "j": 35_000, "ArrowLeft": 30_000,
        "5": end / 2, "End": end, "Home": 0,
    }.items():  # fmt: skip
        await reviewer.press(key)
        assert await reviewer.now() == round(at_ms), key
    await reviewer.press("]")
    assert await reviewer.now() > 0
    await reviewer.press("3", ".")
    edit = await reviewer.ask("position()")
    await reviewer.press(".", ",")
    assert (await reviewer.ask("position()"))["entry"] == edit["entry"]
    await reviewer.press("+", "+", "+", "-", "i")
    position = await reviewer.ask("position()")
    assert (position["speed"], position["skipsIdle"]) == (4, True)
    await expect(reviewer.page.get_by_label("Speed")).to_have_value("4")
    await reviewer.press("k")
    await wait(
        reviewer.page,
        "panelroomReplay.position().playing && panelroomReplay.position().at_ms > argument",
        edit["at_ms"],
    )
    await reviewer.press(" ")
    assert not (await reviewer.ask("position()"))["playing"]
    await expect(reviewer.page.locator("#announcements")).to_contain_text("Paused at")
    await reviewer.press("?")
    sheet = reviewer.page.get_by_role("dialog")
    await expect(sheet).to_contain_text("Previous or next edit")
    await reviewer.press("Escape")
    await expect(sheet).to_have_count(0)
    await reviewer.page.get_by_label("Speed").focus()
    at_ms = await reviewer.now()
    await reviewer.press("l")
    assert await reviewer.now() == at_ms


async def test_what_is_shown_is_verified(house: House, hour: tuple[Server, str]) -> None:
    """A49: the badge tells how many checks, and shows the head hash; a changed text is told with its place."""
    server, interview = hour
    reviewer = await review(house, interview)
    await reviewer.page.get_by_role(
        "button", name=re.compile(r"^Text verified against the record: (\d+) of \1 checks$")
    ).click()
    async with Api(server) as api:
        documents = (await api.recording(interview))["documents"]
    for document in documents:
        await expect(reviewer.page.get_by_role("dialog")).to_contain_text(document["head_hash"])
    await reviewer.page.get_by_role("button", name="Close").click()

    async def tamper(route: Any) -> None:
        answer = await route.fetch()
        body = await answer.body()
        assert b"capacity" in body
        await route.fulfill(response=answer, body=body.replace(b"capacity", b"opacityc", 1))

    await reviewer.page.route(f"**/recording/file?document={interview}", tamper)
    await reviewer.page.reload()
    warning = reviewer.page.locator(".verified-warning")
    await expect(warning).to_contain_text("does not match the record")
    await expect(warning).to_contain_text(re.compile(r"entry \d+ \(\d+:\d\d\)"))
    await warning.get_by_role("button", name="Go there").click()
    assert await reviewer.now() > 0
    assert not await violations(reviewer.page)


async def test_nothing_stands_in_the_way(house: House, hour: tuple[Server, str]) -> None:
    """B6: axe finds nothing in any state of the page, and nothing is wider than a telephone."""
    reviewer = await review(house, hour[1], "?t=25:00")
    page = reviewer.page
    await expect(page.locator(".verified[data-mood=good]")).to_be_visible()
    await reviewer.press("n")
    await page.locator(".roster-follow").first.click()
    await page.get_by_role("button", name="Only Cleo Marsh").click()
    found = await violations(page)
    await reviewer.press("?")
    found += await violations(page)
    await reviewer.press("Escape")
    await page.set_viewport_size({"width": 360, "height": 740})
    for pane in ("Code", "Notes", "Room"):
        await page.get_by_role("group", name="Show").first.get_by_role("button", name=pane).click()
        await reviewer.drawn()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        wide = await page.evaluate(
            """[...document.querySelectorAll(".topbar, .controls, .pane-switch, .replay-side")]
                .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth)
                .map((each) => each.className)"""
        )
        assert wide == []
        found += await violations(page)
    assert not found, "\n".join(found)


async def test_playing_waits_while_it_is_held_and_is_found_again(house: House, hour: tuple[Server, str]) -> None:
    """A49: the pointer on the timeline stops playing until it is let go; loading the page again goes on from there."""
    reviewer = await review(house, hour[1], "?t=10:00")
    page = reviewer.page
    await page.get_by_role("button", name="Play", exact=True).click()
    box = await page.get_by_role("slider", name="Time").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
    await page.mouse.down()
    await wait(page, "!panelroomReplay.position().playing")
    held = await reviewer.now()
    assert held > 11 * MINUTE_MS
    await page.mouse.up()
    await wait(page, "panelroomReplay.position().playing")
    await wait(page, "Number(new URL(location).searchParams.get('t')) > argument", held)
    assert (await reviewer.ask("position()"))["playing"]
    await page.reload()
    await wait(page, "window.panelroomReplay")
    assert await reviewer.now() > held


@pytest.mark.parametrize(("width", "height", "lines"), [(640, 400, 8), (740, 360, 6), (320, 256, 3)])
async def test_where_there_is_little_height_the_code_comes_first(
    house: House, hour: tuple[Server, str], width: int, height: int, lines: int
) -> None:
    """B6: a small window, or a large one at 200 % and 400 %."""
    reviewer = await review(house, hour[1], "?t=25:00")
    await reviewer.page.set_viewport_size({"width": width, "height": height})
    await reviewer.drawn()
    seen = await reviewer.page.evaluate(
        """() => {
            const box = (of) => document.querySelector(of).getBoundingClientRect()
            const line = box(".replay-pane .cm-line").height
            const code = box(".replay-pane .cm-scroller")
            return [code.height / line, box(".controls").top - box(".replay-pane .pane-head").bottom]
        }"""
    )
    assert seen[0] >= lines
    assert seen[1] >= 0
    assert not await violations(reviewer.page)
