"""A tab that closes right after its last keys: every frame that it handed over is in the journal."""

import pytest
from websockets.asyncio.client import connect

from tests.support import wire
from tests.support.api import Api
from tests.support.keystroke import keystrokes

pytestmark = pytest.mark.anyio

KEYS = 100


@pytest.mark.parametrize("times", [30, pytest.param(100, marks=pytest.mark.long)])
@pytest.mark.parametrize("clean", [True, False], ids=["close frame", "end of stream"])
async def test_a_hundred_updates_then_the_tab_closes(api: Api, interview: str, times: int, *, clean: bool) -> None:
    sent: dict[str, list[bytes]] = {}
    for number in range(times):
        admitted = await api.join(interview, "guest", f"Guest {number}")
        updates = sent[admitted.participant_id] = keystrokes("x" * KEYS)
        connection = await connect(admitted.code, compression=None, proxy=None, ping_interval=None)
        for update in updates:
            await connection.send(wire.sync(wire.UPDATE, update))
        if clean:
            await connection.close(1001)
        else:
            connection.transport.write_eof()
            await connection.wait_closed()
    # A commit later everything is on disk.
    await api.until_text(interview, "x" * KEYS * times)
    recorded: dict[str, list[bytes]] = {participant: [] for participant in sent}
    for entry in await api.updates(interview):
        assert entry.update is not None
        recorded[entry.delivered_by].append(entry.update)
    assert recorded == sent
