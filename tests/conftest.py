import gc

import pytest
import structlog

pytest_plugins = ["tests.support.fixture"]

# By itself it has Rich draw every traceback, with colours and all variables: that takes seconds.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])


def pytest_collection_finish() -> None:
    """What there is now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
