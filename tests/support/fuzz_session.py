"""What honest people once typed, as updates; and bytes that once broke something. The fuzz continues and bends them."""

import gzip
import json
from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

from collab.update import parse
from tests.collab.typist import Typist
from tests.replay.trace import load, updates

Session = list[tuple[bytes, list[tuple[int, int]]]]
"""Updates in an order in which they can be merged, each with the (client, clock) that it leads to."""

_HOSTILE = Path(__file__).parents[1] / "data" / "hostile.json.gz"
_LARGE = 4096
_KEYS = ["a", "b", " ", "\n", "é", "漢", "😀", "👩‍👩‍👧", "𝒳", "def f(x):\n", "\r\n"]


def of(payloads: Iterable[bytes]) -> Session:
    session: Session = []
    for payload in payloads:
        ends: dict[int, int] = {}
        for struct in parse(payload).structs:
            ends[struct.client] = struct.clock + struct.length
        session.append((payload, list(ends.items())))
    return session


def typed(random: Random, people: int, length: int) -> list[bytes]:
    """People at one document who hear each other late."""
    typists = [Typist(random.getrandbits(32)) for _ in range(people)]
    heard = [0] * people
    made: list[bytes] = []
    for _ in range(length):
        who = random.randrange(people)
        typist = typists[who]
        if random.random() < 0.3:
            typist.receive(*made[heard[who] :])
            heard[who] = len(made)
        now = str(typist)
        at = random.randrange(len(now) + 1)
        choice = random.random()
        if choice < 0.15 and at < len(now):
            made.append(typist.delete(at, min(len(now) - at, random.randint(1, 4))))
        elif choice < 0.25:
            made.append(
                typist.put(random.choice(["main.py", "b", "c"]), random.choice([1, "x", None, True, [1, {"a": 2.5}]]))
            )
        elif choice < 0.6:
            made.append(typist.insert(len(now), random.choice(_KEYS)))
        else:
            made.append(typist.insert(at, random.choice(_KEYS)))
    return made


@cache
def sessions() -> list[Session]:
    random = Random("sessions")
    found = [of(typed(random, people, 400)) for people in (1, 2, 3, 4, 6)]
    return found + [of(islice(updates(load(name)), 1_500)) for name in ("friendsforever", "rustcode")]


@cache
def hostile(kind: str) -> list[bytes]:
    """The small bodies of one kind: update or awareness."""
    return [body for body in _hostile(kind) if len(body) < _LARGE]


@cache
def large() -> list[bytes]:
    """The updates among them that are not small."""
    return [body for body in _hostile("update") if len(body) >= _LARGE]


def _hostile(kind: str) -> list[bytes]:
    cases = json.loads(gzip.decompress(_HOSTILE.read_bytes()))
    return [bytes.fromhex(body) for case in cases if case["kind"] == kind for body in case["seq"]]


@cache
def seeds() -> list[bytes]:
    """Small updates to bend."""
    random = Random("seeds")
    usual = [payload for session in sessions() for payload, _ in random.sample(session, 60)]
    return hostile("update") * 8 + [payload for payload in usual if len(payload) < 400]
