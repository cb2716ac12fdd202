"""The player's core, in Node, walked through recordings beside an independent Yjs."""

import asyncio
import base64
import hashlib
import json
import random
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from hatch_build import install_modules
from tests.support.node import node

CLIENT = Path(__file__).parents[2] / "web" / "client"
SCRIPT = Path(__file__).with_name("walk.mjs")
SPEEDS = (0.25, 1, 8, 32)

Walk = list[tuple[Any, ...]]


class Update(NamedTuple):
    entry: int
    at_ms: int
    update: bytes


class Step(NamedTuple):
    """Where the player was: at this time, behind this entry of the document, 0 before the first; texts by root."""

    at_ms: float
    entry: int
    digests: dict[str, str]


def digests(texts: dict[str, str]) -> dict[str, str]:
    """Of those that are not empty."""
    return {root: hashlib.sha256(text.encode()).hexdigest() for root, text in texts.items() if text}


class Walker:
    """`async with Walker(folder) as walker`: builds the core into a folder, once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        install_modules(CLIENT)
        built = self._folder / "walk.js"
        build = await create_subprocess_exec(
            *(node(), "node_modules/rolldown/bin/cli.mjs", SCRIPT, "--platform", "node", "--format", "esm"),
            *("--log-level", "warn", "--file", built),
            cwd=CLIENT,
            stdout=PIPE,
            stderr=PIPE,
        )
        out, problem = await build.communicate()
        assert build.returncode == 0, (out + problem).decode()
        self._process = await create_subprocess_exec(node(), built, CLIENT, stdin=PIPE, stdout=PIPE, limit=2**30)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def walk(self, files: Sequence[bytes], updates: Sequence[Update], walk: Walk) -> list[Step]:
        """The steps, at each of which the player had what Yjs has, also in what it handed on as changes.

        The first file is opened; each ``append`` of the walk takes the next, which is what came after.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {
            "files": [base64.b64encode(file).decode() for file in files],
            "entries": [(each.entry, each.at_ms, base64.b64encode(each.update).decode()) for each in updates],
            "walk": walk,
        }
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        answer, _ = await asyncio.gather(self._process.stdout.readline(), self._process.stdin.drain())
        said = json.loads(answer)
        assert "problem" not in said, said["problem"]
        assert said["proofs"] > 0
        return [Step(*step) for step in said["steps"]]


def random_walk(chance: random.Random, end_ms: int, last: int, *, length: int) -> Walk:
    """Jumps, steps, plays and looks ahead, then a sweep forward and one back."""
    walk: Walk = [("seek", end_ms), ("seek", 0)]
    while len(walk) < length:
        match chance.randrange(8):
            case 0:
                walk.append(("entry", chance.randint(0, last)))
            case 1:
                walk += [("next",)] * chance.randint(1, 5)
            case 2:
                walk += [("previous",)] * chance.randint(1, 5)
            case 3:
                walk.append(("play", chance.choice(SPEEDS), chance.random() < 0.5, chance.randint(1, 30)))
            case 4:
                walk.append(("preview", chance.randint(0, end_ms)))
            case _:
                walk.append(("seek", chance.randint(0, end_ms)))
    sweep = [("seek", end_ms * step // length) for step in range(length + 1)]
    return [*walk, *sweep, *reversed(sweep)]
