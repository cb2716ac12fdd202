"""The database is moved away while it is served (B2): SQLite would go on writing where nobody finds it again."""

from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.listener import Listener
from tests.support.server import Server
from tests.support.trouble import a_room

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("which", ["panelroom.db*", "panelroom.db-wal"])
async def test_what_is_in_no_file_is_not_saved(mortal: Server, tmp_path: Path, which: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with Api(mortal) as api, a_room(api) as crowd, Listener(crowd.admitted["Olga"].events_url) as ear:
        await crowd.type("Cleo", "before")
        await crowd.settle()
        confirmed = crowd["Cleo"].confirmed
        moved = [file.rename(elsewhere / file.name) for file in mortal.data.glob(which)]
        assert moved
        await crowd.type("Cleo", ", meanwhile")
        await crowd.until(lambda: str(crowd["Gus"]) == "before, meanwhile", "it is relayed all the same")
        await ear.hear("saving.changed", is_saving=False)
        said = {"ticket": crowd.admitted["Gus"].ticket, "text": "Hello?", "to": "all"}
        await api.request("POST", f"interviews/{crowd.interview}/chat", said, signed=False, expect=503)
        assert (await api.http.get("/readyz")).json()["type"] == "urn:panelroom:not-saving"
        assert crowd["Cleo"].confirmed == confirmed
        for file in moved:
            file.rename(mortal.data / file.name)
        assert await crowd.settle() == "before, meanwhile"
        await ear.hear("saving.changed", is_saving=True)
        mortal.kill()
        mortal.start()
    async with Api(mortal) as api:
        assert await api.replay(crowd.interview) == "before, meanwhile"
