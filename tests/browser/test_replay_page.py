"""The replay in a real browser window."""

import random

import pytest
from pycrdt import Map, Text

from tests.browser.person import WAIT_MS, House, wait
from tests.support.api import Api
from tests.support.crowd import Crowd

pytestmark = pytest.mark.anyio

INSTANTS = 50


async def test_the_replay_shows_what_the_recording_says(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    chance = random.Random(50)
    names = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest"}
    for name, role in names.items():
        await crowd.join(name, role)
    for _ in range(300):
        await crowd.scribble(chance)
        if chance.random() < 0.05:
            await crowd.settle()
    text = await crowd.settle()
    await api.finish(interview)
    end = (await api.recording(interview))["duration_ms"]
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}/replay")
    await wait(page, "window.panelroomReplay")
    shown = None
    instants = [end, 0, *(chance.randint(0, end) for _ in range(INSTANTS)), end]
    for instant in instants:
        await page.evaluate("panelroomReplay.seek(argument)".replace("argument", str(instant)))
        shown = await page.evaluate("panelroomReplay.text()")
        _, files = await api.text_at(interview, instant)
        assert shown == files.get("source", ""), instant
    assert shown == text


async def test_a_member_comes_from_the_link_to_the_replay(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.type("Cleo", "kept")
    await crowd.settle()
    await api.finish(interview)
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}")
    await page.wait_for_url(f"**/i/{interview}/replay", timeout=WAIT_MS)
    stranger = await house.window()
    await stranger.goto(f"{house.server.url}/i/{interview}")
    assert "kept" not in await stranger.content()
    answer = await stranger.goto(f"{house.server.url}/i/{interview}/replay")
    assert answer is not None
    assert answer.status in {401, 403, 404} or "/replay" not in stranger.url


async def test_the_replay_shows_every_file(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.type("Cleo", "in the first")
    files = crowd["Cleo"].document.get("files", type=Map)
    files["a"], files["b"] = {"name": "helper.py", "language": "python"}, 7
    await crowd["Cleo"].flush()
    for root, text in {"source/a": "in the second", "source/gone": "in a third"}.items():
        crowd["Cleo"].document.get(root, type=Text).insert(0, text)
        await crowd["Cleo"].flush()
    await crowd.settle()
    await api.finish(interview)
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}/replay")
    await wait(page, "window.panelroomReplay")
    await page.evaluate("panelroomReplay.seek(1e9)")
    await page.get_by_role("tab", name="helper.py").wait_for(timeout=WAIT_MS)
    content = page.locator(".replay-text .cm-content")
    for name, text in {"helper.py": "in the second", "deleted file": "in a third"}.items():
        await page.get_by_role("tab", name=name).click()
        await content.get_by_text(text).wait_for(timeout=WAIT_MS)
    await page.get_by_role("tab").first.click()
    await content.get_by_text("in the first").wait_for(timeout=WAIT_MS)
