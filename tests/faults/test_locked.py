"""Catalogue row 4: another process has the database for a while (B2)."""

from functools import partial
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.trouble import ANSWERED_S, TOLD_S, locked, story

pytestmark = pytest.mark.anyio

AT_ONCE_S = 1.0  # much less than any time-out


def check(took: dict[str, float]) -> None:
    assert took["told"] <= TOLD_S
    assert took["refused"] <= ANSWERED_S
    assert took["reads"] <= AT_ONCE_S
    assert took["saved"] <= AT_ONCE_S


async def test_four_seconds(server: Server) -> None:
    check(await story(server, partial(locked, server), 4))


@pytest.mark.long
@pytest.mark.parametrize("name", ["uvicorn", "hypercorn"])
async def test_thirty_seconds(name: str, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", {"PANELROOM_SERVER": name})
    server.start()
    try:
        check(await story(server, partial(locked, server), 30))
    finally:
        server.kill()
