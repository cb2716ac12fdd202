"""What kinds of rooms honest people are in."""

import random
from dataclasses import dataclass

CHANGES = {
    "insert": 8,
    "delete": 8,
    "replace": 6,
    "paste": 3,
    "clear": 0.5,
    "rename": 1,
    "indent": 0.5,
    "undo": 10,
    "redo": 5,
    "name": 4,
    "file": 3,
}
"""What people do to a text besides typing, and how often of a hundred."""


@dataclass(slots=True)
class Plan:
    """What kind of room it is. Times in ms; rates are per person and second."""

    kind: str
    people: int = 3
    tabs: int = 1
    notebooks: int = 0
    watchers: int = 0
    length_ms: float = 15_000
    delay_ms: float = 60
    commit_ms: float = 400
    pause_ms: float = 900
    key_ms: float = 140
    run: int = 8
    caret: float = 0.25
    cuts: float = 0.04
    offline: float = 0.02
    offline_ms: float = 4_000
    reloads: float = 0.015
    comings: float = 0.01
    crashes: int = 1
    restarts: int = 0
    incidents: int = 1
    gone: float = 0  # of those who are there when the server crashes, how many tabs go too
    max_queued: int = 20_000
    where: float | None = None


def plan_of(seed: int) -> Plan:
    """Fourteen kinds of rooms in turn, each different with every seed."""
    chance = random.Random(f"plan {seed}")
    people = chance.randint(2, 5)
    plans = (
        Plan("an afternoon", people, notebooks=1),
        Plan("one place", people, delay_ms=1_500, pause_ms=300, run=3, where=chance.choice([0.0, 0.5, 1.0])),
        Plan("a train", people, cuts=0.3, delay_ms=300),
        Plan("tabs", 2, tabs=3, cuts=0.1, offline=0.04, reloads=0.03),
        Plan("crashes", people, crashes=4, commit_ms=3_000, delay_ms=20),
        Plan("away", people, offline=0.12, crashes=2, pause_ms=500),
        Plan("notebooks", 2, notebooks=2, cuts=0.2, pause_ms=600, crashes=3, commit_ms=2_000, gone=0.1),
        Plan("reloads", people, tabs=2, reloads=0.12, comings=0.05, crashes=2),
        Plan("a slow disk", people, commit_ms=4_000, max_queued=chance.randint(5, 60), crashes=1),
        Plan("lost", 3, 2, notebooks=1, watchers=1, cuts=0.2, crashes=5, commit_ms=4_000, delay_ms=150, gone=0.4),
        Plan("a storm", 3, cuts=0.5, pause_ms=300, crashes=6, commit_ms=3_000, delay_ms=150),
        Plan("a tunnel", 3, offline=0.04, offline_ms=30_000, length_ms=60_000, pause_ms=400, run=4, where=1),
        Plan("incidents", people, notebooks=1, watchers=1, incidents=8, cuts=0.1, delay_ms=200),
        Plan("everything", people, 2, 1, cuts=0.1, offline=0.05, reloads=0.04, crashes=3, restarts=2, incidents=2),
    )
    plan = plans[seed % len(plans)]
    plan.delay_ms *= chance.uniform(0.3, 2)
    plan.commit_ms *= chance.uniform(0.2, 2)
    plan.length_ms *= chance.uniform(0.6, 1.4)
    plan.restarts += chance.random() < 0.3
    return plan
