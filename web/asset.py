"""The built front end: which hashed files a page loads."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_BUILD = "build"


class Assets:
    """Reads Vite's manifest below the folder of static files."""

    def __init__(self, static: Path) -> None:
        self._manifest = static / _BUILD / ".vite" / "manifest.json"
        self.of = cache(self._of)

    def _of(self, entry: str) -> dict[str, Any]:
        """``{"js": url, "css": [url, …]}`` of an entry like ``src/room.ts``, shared chunks' styles included."""
        chunks: dict[str, Any] = json.loads(self._manifest.read_bytes())
        seen: dict[str, None] = {}
        styles: dict[str, None] = {}

        def collect(name: str) -> None:
            if name in seen:
                return
            seen[name] = None
            for imported in chunks[name].get("imports", ()):
                collect(imported)
            styles.update(dict.fromkeys(chunks[name].get("css", ())))

        collect(entry)
        return {"js": _url(chunks[entry]["file"]), "css": [_url(style) for style in styles]}


def _url(file: str) -> str:
    return f"/static/{_BUILD}/{file}"
