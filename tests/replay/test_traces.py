"""Real histories, and random ones with several files, against Yjs in Node."""

import base64
import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from collab.log import Entry
from replay.derivation import Derivation
from tests.replay.record import derivation, now
from tests.replay.test_histories import logs
from tests.replay.trace import entries, load, updates
from tests.support.node import interop, node

SCRIPT = Path(__file__).with_name("replay.mjs")


def yjs(log: Sequence[Entry], asked: Sequence[int]) -> dict[int, dict[str, str]]:
    """The texts by root after each asked entry."""
    lines = [json.dumps({"entry": each.entry, "update": base64.b64encode(each.payload).decode()}) for each in log]
    numbers = sorted(set(asked))
    done = subprocess.run(
        [node(), SCRIPT, interop(), ",".join(map(str, numbers))],
        input="\n".join(lines),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # One line an entry; a text may hold characters at which splitlines() would also split.
    return dict(zip(numbers, map(json.loads, done.stdout.rstrip("\n").split("\n")), strict=True))


def replayed(log: Sequence[Entry]) -> Derivation:
    derived = derivation(log)
    derived.verify()
    return derived


@pytest.mark.parametrize(
    "name",
    [
        "friendsforever",
        "rustcode",
        pytest.param("json-crdt-patch", marks=pytest.mark.long),
        pytest.param("automerge-paper-timed", marks=pytest.mark.long),
    ],
)
def test_a_real_history_at_200_random_instants(name: str) -> None:
    trace = load(name)
    log = entries(updates(trace))
    derived = replayed(log)
    assert now(derived.texts(2**53))[1] == {"source": trace["endContent"]}
    chance = random.Random(name)
    instants = [chance.randint(0, log[-1].at_ms + 10) for _ in range(200)]
    found = [now(derived.texts(at_ms)) for at_ms in instants]
    asked = [max(each.entry for each in log if each.at_ms <= at_ms) for at_ms in instants]
    assert [entry for entry, _ in found] == asked
    wanted = yjs(log, asked)
    for entry, texts in found:
        assert entry is not None
        assert texts == wanted[entry]


@settings(max_examples=25, deadline=None)
@given(logs())
def test_random_histories_at_every_instant(log: list[Entry]) -> None:
    if not log:
        return
    derived = replayed(log)
    wanted = yjs(log, [entry.entry for entry in log])
    for at_ms in {entry.at_ms for entry in log}:
        number, texts = now(derived.texts(at_ms))
        assert number is not None
        named = {root: text for root, text in wanted[number].items() if text or root == "source"}
        assert {root: text for root, text in texts.items() if text or root == "source"} == named
