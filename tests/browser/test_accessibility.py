"""axe-core finds nothing on any page, light or dark."""

from typing import Any, Literal

import pytest
from playwright.async_api import Page

from tests.browser.person import WAIT_MS, House
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.node import interop

pytestmark = pytest.mark.anyio

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def violations(page: Page, schemes: tuple[Literal["light", "dark"], ...] = SCHEMES) -> list[str]:
    """What axe complains of, a line each."""
    await page.evaluate((interop() / "node_modules" / "axe-core" / "axe.min.js").read_text())
    lines = []
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found: list[dict[str, Any]] = await page.evaluate("axe.run().then((result) => result.violations)")
        lines += [
            f"{page.url} ({scheme}): {each['id']}: {each['help']}: {[node['target'] for node in each['nodes']]}"
            for each in found
        ]
    return lines


async def looked_at(page: Page) -> list[str]:
    """The same in the light on a phone and in the dark on a desk, and whether it is wider than the window."""
    before = page.viewport_size
    lines = []
    for width, scheme in zip((360, 1280), SCHEMES, strict=True):
        await page.set_viewport_size({"width": width, "height": 740})
        lines += [f"{width} px: {each}" for each in await violations(page, (scheme,))]
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            lines.append(f"{page.url}: wider than {width} px")
    if before is not None:
        await page.set_viewport_size(before)
    return lines


async def test_no_page_has_a_violation(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    found: list[str] = []
    base = house.server.url

    async def look(path: str, ready: str, *, owner: bool = False, click: str | None = None) -> None:
        page = await house.window(owner=owner)
        await page.goto(base + path)
        if click is not None:
            await page.get_by_role("button", name=click).click()
        await page.wait_for_selector(ready, timeout=WAIT_MS)
        found.extend(await violations(page))
        await page.close()

    await crowd.join("Cleo", "candidate")
    await crowd.join("Gus")
    await crowd.paste("Cleo", "def solve(values):\n    return sorted(values)  # 😀\n")
    await crowd.settle()
    await look("/", "h1")
    await look("/sign-in?token=used", "h1")
    await look("/no-such-page", "h1")
    await look("/", "#main table, #main ul, #main [role=tablist]", owner=True)
    await look(f"/i/{interview}", "input[name=name]")
    await look(f"/i/{interview}", "text=Enter as interviewer", owner=True)
    await look(f"/i/{interview}", ".pane-notes .cm-content", owner=True, click="Enter as interviewer")
    await look(f"/i/{interview}", ".pane-code .cm-content", owner=True, click="Observe")
    await look(f"/i/{interview}/replay", "[data-ready]", owner=True)
    await crowd.join("Olga", "interviewer")
    await crowd.settle()
    await api.finish(interview)
    await look(f"/i/{interview}", "h1")
    await look(f"/i/{interview}/replay", "[data-ready]", owner=True)
    cancelled = await api.create()
    await api.cancel(cancelled)
    await look(f"/i/{cancelled}", "h1")
    assert not found, "\n".join(found)
