import pytest

pytest_plugins = ["tests.support.fixture"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
