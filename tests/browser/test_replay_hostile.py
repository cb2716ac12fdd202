"""Recording files that nobody should ever be sent: the page says what is wrong, and stays alive and small."""

import json
import random
import struct
from collections.abc import Callable

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.person import House, wait
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.recording import Block, blocks, joined

pytestmark = pytest.mark.anyio

MOST_BYTES = 400 * 2**20  # of the page: a file may have 128 MiB
NOBODY = 0xFFFFFFFF


def words(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def oper(rows: list[tuple[int, int, int, int, int, int, int]], text: bytes = b"") -> Block:
    """(entry, at_ms, writer, root, position, deleted, inserted) each."""
    return "oper", words(len(rows), *(row[column] for column in range(7) for row in rows)) + text


def seesaw(parts: list[Block]) -> bytes:
    """A large text, written at its two ends in turn."""
    length, count = 8 * 2**20, 20_000
    last = json.loads(parts[-1][1])["entry"]
    rows = [(1, 0, 0, 0, 0, 0, length)]
    rows += [(1, 0, 0, 0, 0 if index % 2 else length, 0, 1) for index in range(count)]
    end = json.dumps(json.loads(parts[-1][1]) | {"proofs": [], "files": [], "entry": max(1, last)}).encode()
    return joined([parts[0], oper(rows, (b"x" * 63 + b"\n") * (length // 64) + b"y" * count), ("end ", end)])


def odd(parts: list[Block]) -> bytes:
    """Nothing in it is wrong: unknown parts, a month, programs for names and colours, files called like anything."""
    head, end = (json.loads(parts[at][1]) for at in (0, -1))
    head["duration_ms"] = 2**32 - 1
    for each in head["participants"]:
        each.update(name="<img src=x onerror=alert(1)>", color="red;background:url(//x)")
    end["roots"] = ["source", "__proto__", "constructor"]
    return joined(
        [("head", json.dumps(head).encode()), ("junk", b"12345"), *parts[1:-1], ("end ", json.dumps(end).encode())]
    )


# The reader's own tests, wrong_file.test.ts, have every kind of wrong file; these say that the page tells of them.
WRONG: dict[str, Callable[[list[Block]], bytes]] = {
    "This is not a Panelroom recording": lambda parts: b"<!doctype html><title>Sign in</title>",
    "found at entry 3": lambda parts: joined([*parts[:-1], ("brok", b'{"entry": 3, "problem": "it does not fit"}')]),
    "It is damaged at entry 1": lambda parts: joined(
        [parts[0], oper([(1, 0, 0, 0, 1_000_000, 0, 1)], b"x"), parts[-1]]
    ),
}
ODD: dict[str, Callable[[list[Block]], bytes]] = {"whatever is odd": odd}
COSTLY: dict[str, Callable[[list[Block]], bytes]] = {"a see-saw": seesaw}


# Nothing but zeros behind the head of a part of 4 GB.
ENDLESS = """
    const real = window.fetch
    window.fetch = (asked, how) => {
        if (!String(asked.url ?? asked).includes("/recording/file")) return real(asked, how)
        let sent = 0
        const body = new ReadableStream({
            pull(to) {
                const part = new Uint8Array(2 ** 20)
                if (sent === 0) part.set([80, 78, 76, 82, 2, 0, 0, 0, 106, 117, 110, 107, 240, 255, 255, 255])
                sent += 1
                to.enqueue(part)
            },
        })
        const headers = { "content-type": "application/vnd.panelroom.recording" }
        return Promise.resolve(new Response(body, { headers }))
    }
"""


async def shown(page: Page, url: str, file: bytes) -> str:
    """Open the page with this file; what it says is wrong, or nothing."""

    async def answer(route: Route) -> None:
        await route.fulfill(body=file, content_type="application/vnd.panelroom.recording")

    await page.unroute_all()
    await page.route("**/recording/file*", answer)
    return await opened(page, url)


async def opened(page: Page, url: str) -> str:
    """What the page says is wrong, or nothing; it is alive, and has not grown."""
    await page.goto(url)
    await wait(page, "window.panelroomReplay || document.querySelector('.replay-failure')")
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    session = await page.context.new_cdp_session(page)
    heap = await session.send("Runtime.getHeapUsage")
    assert heap["usedSize"] + heap["backingStorageSize"] < 2 * MOST_BYTES, heap
    await session.send("HeapProfiler.collectGarbage")
    heap = await session.send("Runtime.getHeapUsage")
    assert heap["usedSize"] + heap["backingStorageSize"] < MOST_BYTES, heap
    await session.detach()
    failure = page.locator(".replay-failure")
    return await failure.inner_text() if await failure.count() else ""


async def replayed(crowd: Crowd, api: Api, interview: str) -> bytes:
    """The file of a short interview."""
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    for word in ("def ", "f():\n", "    return ", "'😀'\n"):
        await crowd.type("Cleo", word)
    await crowd.delete("Cleo", 4, 1)
    await crowd.settle()
    await api.finish(interview)
    answer = await api.http.get(f"/api/v1/interviews/{interview}/recording/file", headers=api.signed)
    return answer.content


async def test_what_is_no_recording_is_said(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    file = await replayed(crowd, api, interview)
    url = f"{house.server.url}/i/{interview}/replay"
    page = await house.window(owner=True)
    for words, make in WRONG.items():
        said = await shown(page, url, make(blocks(file)))
        assert "The recording cannot be shown." in said
        assert words in said
        assert "undefined" not in said, said
        assert "Something went wrong in this page" not in said, said  # which is for our own mistakes


async def test_a_file_without_end_is_not_read_for_ever(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    await replayed(crowd, api, interview)
    page = await house.window(owner=True)
    await page.add_init_script(ENDLESS)
    assert "over 128 MB" in await opened(page, f"{house.server.url}/i/{interview}/replay")


@pytest.mark.parametrize(
    "files", [pytest.param(ODD, id="odd"), pytest.param(COSTLY, id="costly", marks=pytest.mark.long)]
)
async def test_what_is_only_odd_is_shown(
    house: House, crowd: Crowd, api: Api, interview: str, files: dict[str, Callable[[list[Block]], bytes]]
) -> None:
    file = await replayed(crowd, api, interview)
    url = f"{house.server.url}/i/{interview}/replay"
    page = await house.window(owner=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    for name, make in files.items():
        said = await shown(page, url, make(blocks(file)))
        assert said == "", name
        end_ms = await page.evaluate("panelroomReplay.end_ms()")
        for at_ms in (end_ms, 0, end_ms // 2):
            await page.evaluate(f"panelroomReplay.seek({at_ms})")
    assert all(each.startswith(house.server.url) for each in asked), asked


async def test_a_changed_text_does_not_pass_for_the_record(
    house: House, crowd: Crowd, api: Api, interview: str
) -> None:
    file = await replayed(crowd, api, interview)
    page = await house.window(owner=True)
    assert file.count(b"return") == 1
    assert await shown(page, f"{house.server.url}/i/{interview}/replay", file.replace(b"return", b"retorn")) == ""
    await expect(page.locator(".verified[data-mood=bad]")).to_have_text("Does not match the record")


@pytest.mark.long
async def test_a_damaged_file_is_shown_or_said(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    """Cut off anywhere, or with some bytes changed; what still opens does not pass for the record, or is its text."""
    chance = random.Random(600)
    file = await replayed(crowd, api, interview)
    text = (await api.text_at(interview, 2**32))[1]["source"]
    url = f"{house.server.url}/i/{interview}/replay"
    page = await house.window(owner=True)
    for number in range(600):
        damaged = bytearray(file)
        if number % 2:
            del damaged[chance.randrange(len(file)) :]
        else:
            for _ in range(chance.randint(1, 3)):
                damaged[chance.randrange(len(file))] ^= chance.randint(1, 255)
        said = await shown(page, url, bytes(damaged))
        assert "Something went wrong in this page" not in said, said
        if number % 2:
            assert "The recording cannot be shown." in said, len(damaged)
        elif said == "":
            await expect(page.locator(".verified")).not_to_have_attribute("data-mood", "busy")
            await page.evaluate("panelroomReplay.seek(panelroomReplay.end_ms())")
            if await page.evaluate("panelroomReplay.text()") != text:
                await expect(page.locator(".verified")).to_have_attribute("data-mood", "bad")
