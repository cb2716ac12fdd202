import functools
import gc
import inspect
from typing import Any

import anyio
import pytest
import structlog

pytest_plugins = ["tests.support.fixture"]

# By itself it has Rich draw every traceback, with colours and all variables: that takes seconds.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])


# The long ones bound themselves.
TEST_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that waits in vain fails where it waits, and the others go on."""
    for item in items:
        if not isinstance(item, pytest.Function) or item.get_closest_marker("long") or item.get_closest_marker("bench"):
            continue
        if inspect.iscoroutinefunction(item.obj):
            item.obj = _bounded(item.obj)


def _bounded(test: Any) -> Any:
    @functools.wraps(test)
    async def bounded(**arguments: Any) -> None:
        with anyio.fail_after(TEST_S):
            await test(**arguments)

    return bounded


def pytest_collection_finish() -> None:
    """What there is now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
