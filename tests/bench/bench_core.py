"""The player's core in Node, on the server's files. Prints: python -m pytest -s -m bench tests/bench/bench_core.py"""

import subprocess
from pathlib import Path
from statistics import mean

import pytest

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal
from hatch_build import install_modules
from replay.cache import Cache
from replay.recording import Replay
from tests.replay.record import everything, whole
from tests.replay.trace import load, updates
from tests.support import hour
from tests.support.node import node

pytestmark = [pytest.mark.anyio, pytest.mark.bench]

HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "web" / "client"
OPENED = 15
TRACES = ["friendsforever", "json-crdt-patch", "rustcode", "automerge-paper-timed"]


@pytest.mark.parametrize("name", ["hour", *TRACES])
async def test_opening_seeking_and_scrubbing(tmp_path: Path, name: str) -> None:
    made = await (hour.make(tmp_path) if name == "hour" else hour.make_from(tmp_path, updates(load(name))))
    recording = tmp_path / "recording"
    recording.write_bytes(await _file(tmp_path, made.interview))
    install_modules(CLIENT)
    rolldown = CLIENT / "node_modules/rolldown/bin/cli.mjs"
    as_module = ["--platform", "node", "--format", "esm", "--log-level", "silent"]
    _node(rolldown, HERE / "player.mjs", *as_module, "--dir", tmp_path)
    opened_ms = [float(_node(tmp_path / "player.js", recording, "open")) for _ in range(OPENED)]
    print(f"\n{name}: opened in a new process in {mean(opened_ms):.1f} ms of CPU")
    print(_node(tmp_path / "player.js", recording))


async def _file(data: Path, interview: str) -> bytes:
    database = await Database.open(data / "panelroom.db")
    cache = Cache()
    try:
        replay = Replay(Journal(database, Clock()), cache=cache)
        return await whole(await replay.file(interview, interview, participants=[], sealed=True, told=everything))
    finally:
        await cache.aclose()
        await database.close()


def _node(*arguments: Path | str) -> str:
    return subprocess.run([node(), *arguments], cwd=CLIENT, check=True, capture_output=True, text=True).stdout.rstrip()
