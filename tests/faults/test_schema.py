"""What schemathesis makes of the OpenAPI document: no call fails, or answers what the document does not say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.server import Server, serving

CONFIG = Path(__file__).with_name("schemathesis.toml")
SESSION, KEY = "session", "key"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One of its own: what is asked changes people, keys and the organisation."""
    with serving(tmp_path / "data", {"PANELROOM_CHATS_PER_MIN": "0"}) as server:
        yield server


def credential(server: Server, kind: str) -> list[str]:
    if kind == KEY:
        return [f"Authorization: Bearer {server.key}"]
    with httpx2.Client(base_url=server.url, trust_env=False) as http:
        token = server.owner_link.partition("token=")[2]
        assert http.post("/sign-in", data={"token": token}, headers={"Origin": server.url}).status_code == 303
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    return [f"Cookie: {cookie}", f"Origin: {server.url}"]


@pytest.mark.parametrize(
    ("who", "options"),
    [
        (SESSION, ["--phases", "fuzzing", "--max-examples", "3"]),
        pytest.param(SESSION, ["--max-examples", "100"], marks=pytest.mark.long),
        pytest.param(KEY, ["--max-examples", "100"], marks=pytest.mark.long),
    ],
)
def test_the_document_is_true(server: Server, tmp_path: Path, who: str, options: list[str]) -> None:
    """With a fixed seed, so that it asks the same in every run."""
    headers = [option for header in credential(server, who) for option in ("--header", header)]
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG)),
        *("run", f"{server.url}/api/v1/openapi.json", "--seed", "1", "--workers", "1", "--no-color"),
        *("--continue-on-failure", "--warnings", "off", "--request-timeout", "30"),
    ]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [*command, *headers, *options], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    print(done.stdout[-400:])
