"""A real OpenID Connect provider in a process of its own: oidc-provider-mock, which also has to see a PKCE verifier."""

import base64
import hashlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx2

from tests.support.server import free_port

CLIENT = "panelroom"
_START_S = 30.0


class Pkce:
    """Around the provider's WSGI application: a code is given for a challenge, and a token for its verifier only."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._challenge = ""

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/oauth2/authorize":
            asked = parse_qs(environ["QUERY_STRING"])
            self._challenge = asked.get("code_challenge", [""])[0]
            if asked.get("code_challenge_method") != ["S256"] or not self._challenge:
                return self._refuse(start)
        if environ["PATH_INFO"] == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            verifier = parse_qs(body.decode()).get("code_verifier", [""])[0]
            hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            if hashed != self._challenge:
                return self._refuse(start)
            environ["wsgi.input"] = io.BytesIO(body)
        answer: Iterable[bytes] = self._app(environ, start)
        return answer

    def _refuse(self, start: Any) -> list[bytes]:
        start("400 Bad Request", [("Content-Type", "application/json")])
        return [b'{"error": "invalid_grant"}']


class Provider:
    def __init__(self, port: int) -> None:
        self.issuer = f"http://localhost:{port}"

    def know(self, subject: str, claims: dict[str, Any]) -> None:
        """Somebody who can sign in there by this subject."""
        httpx2.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()


@contextmanager
def providing() -> Iterator[Provider]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.provider", str(port)],
        env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        provider = Provider(port)
        until_s = time.monotonic() + _START_S
        while True:
            try:
                httpx2.get(provider.issuer)
                break
            except httpx2.TransportError:
                assert process.poll() is None, "the provider has ended"
                assert time.monotonic() < until_s, "the provider does not start"
        yield provider
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    import oidc_provider_mock  # type: ignore[import-untyped]
    import uvicorn

    uvicorn.run(Pkce(oidc_provider_mock.app(require_nonce=True)), interface="wsgi", port=int(sys.argv[1]))
