"""The replay's page when something goes wrong, and where there is nothing to see."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.person import House, wait
from tests.browser.test_accessibility import violations
from tests.support.api import Api
from tests.support.crowd import Crowd

pytestmark = pytest.mark.anyio

FILE = "**/recording/file?*"


async def test_what_cannot_be_loaded_is_said_and_tried_again(
    house: House, crowd: Crowd, api: Api, interview: str
) -> None:
    """A49: a failure in words, with what to do next; trying again keeps the moment."""
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.type("Cleo", "kept")
    await crowd.settle()
    await api.finish(interview)
    page = await house.window(owner=True)
    failure = page.locator(".replay-failure")

    async def truncate(route: Any) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.body())[:-9])

    answers: dict[str, Any] = {
        "could not give out": lambda route: route.fulfill(status=500, body="oops"),
        "not open to you": lambda route: route.fulfill(status=404, body="{}"),
        "could not be loaded": lambda route: route.abort(),
        "cannot be shown": truncate,
    }
    for at_ms, (words, answer) in enumerate(answers.items()):
        await page.route(FILE, answer)
        await page.goto(f"{house.server.url}/i/{interview}/replay?t={at_ms}")
        await expect(failure).to_contain_text(words)
        await failure.get_by_role("button", name="Try again").click()
        await expect(failure).to_contain_text(words)
        assert not await violations(page)
        await page.unroute(FILE)
        await failure.get_by_role("button", name="Try again").click()
        await expect(page.locator(".replay-stage")).to_be_visible()
        await wait(page, "panelroomReplay.position().at_ms === argument", at_ms)


async def test_a_long_wait_is_told(house: House, interview: str) -> None:
    """A49: while the server does not answer, the page says that it goes on."""
    page = await house.window(owner=True)
    await page.clock.install()
    held: list[Any] = []

    async def hold(route: Any) -> None:
        held.append(route)

    await page.route(FILE, hold)
    await page.goto(f"{house.server.url}/i/{interview}/replay")
    loading = page.locator(".replay-loading")
    await expect(loading).to_contain_text("Preparing the recording")
    await page.clock.fast_forward(6_000)
    await expect(loading).to_contain_text("takes longer than usual")
    for route in held:
        await route.abort()


async def test_a_lost_connection_comes_back_by_itself(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    """A72: a running interview goes on being watched after the connection was lost."""
    await crowd.join("Cleo", "candidate")
    await crowd.type("Cleo", "before")
    await crowd.settle()
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}/replay")
    await expect(page.locator(".replay-state")).to_have_text("Live")
    await page.route(FILE, lambda route: route.abort())
    notice = page.locator(".replay-notice")
    await expect(notice).to_contain_text("The connection is lost.")
    await crowd.type("Cleo", " and after")
    await crowd.settle()
    await page.unroute(FILE)
    await expect(notice).to_be_hidden()
    await page.get_by_role("button", name="Go to live").click()
    await wait(page, "panelroomReplay.shown().text === 'before and after'")
    assert not await violations(page)
    await crowd.join("Olga", "interviewer")
    await crowd.settle()
    await api.finish(interview)
    await expect(notice).to_contain_text("The interview has just finished")
    await expect(page.locator(".replay-state")).to_have_text("Replay")


async def test_what_does_not_pass_is_said_and_not_asked_again(
    house: House, crowd: Crowd, api: Api, interview: str
) -> None:
    """A72: a running interview that may be seen no more, or whose file is none, is no lost connection."""
    await crowd.join("Cleo", "candidate")
    await crowd.type("Cleo", "seen")
    await crowd.settle()
    page = await house.window(owner=True)
    asked: list[str] = []
    notice = page.locator(".replay-notice.is-lost")
    page.on("request", lambda request: asked.append(request.url))
    answers: dict[str, Any] = {
        "not open to you. You may no longer.": lambda route: route.fulfill(
            status=403, content_type="application/problem+json", body='{"detail": "You may no longer."}'
        ),
        "cannot be shown. It is incomplete": lambda route: route.fulfill(body=b"PNLR\2\0\0\0"),
    }
    for words, answer in answers.items():
        await page.goto(f"{house.server.url}/i/{interview}/replay")
        await expect(page.locator(".replay-state")).to_have_text("Live")
        await page.route(FILE, answer)
        await expect(notice).to_contain_text(words)
        await expect(notice).to_contain_text("What had come until now can still be watched")
        await page.unroute(FILE)
        before = len(asked)
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await page.evaluate("panelroomReplay.seek(panelroomReplay.end_ms())")
        await wait(page, "panelroomReplay.shown().text === 'seen'")
        assert asked[before:] == []
        assert not await violations(page)


async def test_without_its_notes_the_code_is_shown(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.type("Cleo", "seen")
    await crowd.settle()
    page = await house.window(owner=True)
    for start in (b"oops", b"PNLR"):

        async def spoil(route: Any, *, start: bytes = start) -> None:
            await route.fulfill(body=start + bytes(9))

        await page.route("**/recording/file?document=*notes", spoil)
        await page.goto(f"{house.server.url}/i/{interview}/replay")
        await expect(page.locator(".replay-without")).to_contain_text("The notes cannot be shown beside the code.")
        await wait(page, "window.panelroomReplay")
        await page.evaluate("panelroomReplay.seek(panelroomReplay.end_ms())")
        await wait(page, "panelroomReplay.shown().text === 'seen'")
        assert not await violations(page)


async def test_an_interview_in_which_nobody_typed_says_so(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}/replay")
    await expect(page.locator(".replay-empty")).to_contain_text("Nobody has typed yet.")
    await api.finish(interview)
    await expect(page.locator(".replay-empty")).to_contain_text("Nobody typed in this interview.")
    assert not await violations(page)
