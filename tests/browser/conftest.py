import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.line import Line
from tests.browser.person import WAIT_MS, House
from tests.support.hour import make
from tests.support.server import Server, serving

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        await running.close()


@pytest.fixture(scope="session")
async def front_door(browser: Browser, server: Server) -> House:
    """The shared server with the owner signed in."""
    house = House(browser, server)
    await house.sign_in()
    return house


@pytest.fixture
async def house(front_door: House) -> AsyncIterator[House]:
    """Closes every window at the end, and fails on what a page complained of."""
    yield front_door
    await front_door.close()


@pytest.fixture(scope="session")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may be killed, and rooms of it damaged. Whoever does it starts it again."""
    server = Server(tmp_path_factory.mktemp("frail") / "data")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture(scope="session")
async def hour(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Server, str]]:
    """An interview of one hour with six people, on a server of its own, and its id."""
    data = tmp_path_factory.mktemp("hour") / "data"
    made = await make(data)
    with serving(data) as server:
        yield server, made.interview


@pytest.fixture(scope="session")
async def hour_door(browser: Browser, hour: tuple[Server, str]) -> House:
    house = House(browser, hour[0])
    await house.sign_in()
    return house
