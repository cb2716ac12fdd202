"""Behind real proxies, with TLS, in Chromium: room, events and replay, and the proxy restarts meanwhile."""

import shutil
from pathlib import Path

import pytest
from anyio import to_thread
from playwright.async_api import async_playwright, expect

from tests.browser.conftest import FLAGS
from tests.browser.person import WAIT_MS, House, wait
from tests.support.api import Api
from tests.support.proxy import PROXIES, Fronted, Proxy, in_front

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", PROXIES, ids=lambda kind: kind.name)
async def test_a_room_and_its_replay_behind_a_proxy(kind: type[Proxy], tmp_path: Path) -> None:
    proxy = kind(tmp_path / kind.name)
    with in_front(proxy, tmp_path) as (server, secrets):
        async with async_playwright() as playwright:
            path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
            trusting = [*FLAGS, "--ignore-certificate-errors"]  # as if an authority had signed it
            browser = await playwright.chromium.launch(executable_path=path, args=trusting)
            await live(House(browser, server), proxy, server)
            await browser.close()
        secrets.append(server.owner_link.rpartition("=")[2])


async def live(house: House, proxy: Proxy, server: Fronted) -> None:
    await house.sign_in()
    async with Api(server) as api:
        interview = await api.create()
        olga = await house.interviewer(interview)
        cleo = await house.visitor(interview, "Cleo")
        await expect(olga.page.get_by_role("list", name="People in this room").get_by_text("Cleo")).to_have_count(1)
        await cleo.type("through the proxy ")
        await olga.until_text("through the proxy ")
        await to_thread.run_sync(proxy.stop)
        await cleo.until("room.state().connection !== 'synchronised'")
        await cleo.type("and while it is away")
        await to_thread.run_sync(proxy.start, server.port)
        text = "through the proxy and while it is away"
        await olga.until_text(text)
        await cleo.until_saved()
        await olga.say("back again")
        await cleo.page.locator(".chat-said").get_by_text("back again").wait_for()
        replay = await house.window(owner=True)
        await replay.goto(f"{server.url}/i/{interview}/replay")
        await wait(replay, "window.panelroomReplay")
        await replay.evaluate("panelroomReplay.seek(panelroomReplay.end_ms())")
        await wait(replay, "panelroomReplay.text('source') === argument", text)
        await expect(replay.locator(".verified")).to_contain_text("Text verified", timeout=WAIT_MS)
    await house.close()
