"""A provider of identities in the same process, which says whatever it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from quart import Quart

from web.panelroom import Panelroom

ISSUER = "https://id.example.org"


@dataclass
class Issuer:
    """Signs what `says` makes of honest claims, with `key`; `metadata`, `userinfo` and `instead` replace its other
    answers."""

    claims: dict[str, Any]
    issuer: str = ISSUER
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "ES256", "kid": "1"})
    signing: Any = None  # another key than the published one
    says: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    token: Callable[[str], str] = lambda token: token
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    instead: dict[str, Callable[[], httpx2.Response]] = field(default_factory=dict)  # by path
    requests: list[httpx2.Request] = field(default_factory=list)
    nonce: str = ""
    now_s: int = 1_800_000_000

    def settle_in(self, app: Quart) -> None:
        """The application asks it instead of the network."""
        panelroom: Panelroom = app.extensions["panelroom"]
        panelroom.rooms.logins._identities._transport = httpx2.MockTransport(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.path in self.instead:
            return self.instead[request.url.path]()
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx2.Response(200, json=self._metadata())
            case "/jwks":
                keys: Any = KeySet([self.key]).as_dict(private=False)
                return httpx2.Response(200, json=keys)
            case "/token":
                return httpx2.Response(
                    200, json={"access_token": "a", "token_type": "Bearer", "id_token": self._id_token()}
                )
            case "/userinfo":
                return httpx2.Response(200, json=self.userinfo)
        return httpx2.Response(404)

    def asked(self, location: str) -> dict[str, str]:
        """What the browser was sent there with; it is remembered as an honest provider does."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self.nonce = asked["nonce"]
        return asked

    def sent(self, path: str) -> dict[str, str]:
        """The form of the last request to this path."""
        request = next(each for each in reversed(self.requests) if each.url.path == path)
        return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        } | self.metadata

    def _id_token(self) -> str:
        honest = {
            "iss": self.issuer,
            "aud": "panelroom",
            "exp": self.now_s + 600,
            "iat": self.now_s,
            "nonce": self.nonce,
        } | self.claims
        algorithms = [self.header["alg"]]
        return self.token(jwt.encode(self.header, self.says(honest), self.signing or self.key, algorithms=algorithms))
