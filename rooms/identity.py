"""OpenID Connect as a client: code flow with PKCE, and what a provider says of who somebody is.

https://openid.net/specs/openid-connect-core-1_0.html, discovery-1_0; RFC 7636 (PKCE), RFC 9207 (`iss`).
"""

import time
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import KeySet

from rooms.errors import IdentityRefused, ProviderSilent

_SCOPE = "openid email profile"
_DISCOVERY = "/.well-known/openid-configuration"
_WITHIN_S = 10.0
_MAX_BYTES = 1_000_000  # of one answer
_MAX_SUBJECT = 255  # Core, section 2
_KNOWN_S = 600.0
_LEEWAY_S = 60
# Asymmetric ones only: with others whoever knows our secret, or only the provider's public key, could sign.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Provider:
    kind: str  # google, sso
    issuer: str
    client_id: str
    client_secret: str  # "" for a public client
    domains: tuple[str, ...]  # of e-mail addresses; empty for any
    is_required: bool

    def covers(self, email: str) -> bool:
        return not self.domains or email.rpartition("@")[2] in self.domains


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says, signed."""

    issuer: str
    subject: str
    email: str
    is_verified: bool
    name: str
    hosted_domain: str | None  # Google's, of an account that a company has given


@dataclass(frozen=True, slots=True)
class _Metadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    auth_methods: tuple[str, ...]
    at_s: float


@cache
def _trusted() -> SSLContext:
    """Read once: it takes as long as many requests."""
    return httpx2.create_ssl_context(trust_env=False)


class _Bounded(httpx2.AsyncBaseTransport):
    """Takes no answer into memory that is larger than _MAX_BYTES, or could become so by being unpacked."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = await self._transport.handle_async_request(request)
        if not isinstance(response.stream, httpx2.AsyncByteStream):
            raise TypeError("an answer that cannot be read piece by piece")
        body = _Body(response.stream)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            await body.aclose()
            raise httpx2.RemoteProtocolError("a packed answer, which nobody has asked for")
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=body, extensions=response.extensions
        )

    async def aclose(self) -> None:
        await self._transport.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = _MAX_BYTES
        async for part in self._stream:
            left -= len(part)
            if left < 0:
                raise httpx2.RemoteProtocolError("a larger answer than any provider has reason to give")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class Identities:
    """Asks providers."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._known: dict[str, _Metadata] = {}

    async def check(self, issuer: str) -> None:
        """Look whether a provider is there. Raises ProviderSilent."""
        self._known.pop(issuer, None)
        await self._metadata(issuer)

    async def address(
        self, provider: Provider, redirect_uri: str, *, state: str, nonce: str, code_verifier: str
    ) -> str:
        """Where the browser is sent to sign in. Raises ProviderSilent."""
        metadata = await self._metadata(provider.issuer)
        # Google shows only accounts of this domain, then; what comes back is looked at all the same.
        hint = {"hd": provider.domains[0]} if provider.kind == "google" and len(provider.domains) == 1 else {}
        client = self._client(provider, redirect_uri, metadata)
        address: str = client.create_authorization_url(
            metadata.authorization_endpoint, state=state, nonce=nonce, code_verifier=code_verifier, **hint
        )[0]
        return address

    async def claims(
        self, provider: Provider, redirect_uri: str, *, code: str, nonce: str, code_verifier: str
    ) -> Claims:
        """Who has come back with this code. Raises ProviderSilent, IdentityRefused."""
        metadata = await self._metadata(provider.issuer)
        with _answering(provider.issuer):
            async with self._client(provider, redirect_uri, metadata) as client:
                with anyio.fail_after(_WITHIN_S):
                    token = await client.fetch_token(
                        metadata.token_endpoint,
                        grant_type="authorization_code",
                        code=code,
                        redirect_uri=redirect_uri,
                        code_verifier=code_verifier,
                    )
                    keys = _object(await client.request("GET", metadata.jwks_uri, withhold_token=True))
                    said = _verified(str(token["id_token"]), keys, provider, nonce)
                    if "email" not in said and metadata.userinfo_endpoint is not None:
                        told = _object(await client.get(metadata.userinfo_endpoint))
                        if told.get("sub") != said["sub"]:
                            raise IdentityRefused("The provider speaks of somebody else now. Begin again.")
                        said = told | said
        return Claims(
            issuer=provider.issuer,
            subject=said["sub"],
            email=_text(said, "email") or "",
            is_verified=said.get("email_verified") in (True, "true"),  # some write it as text
            name=_text(said, "name") or "",
            hosted_domain=_text(said, "hd"),
        )

    async def _metadata(self, issuer: str) -> _Metadata:
        """Raises ProviderSilent."""
        known = self._known.get(issuer)
        if known is not None and known.at_s > time.monotonic() - _KNOWN_S:
            return known
        with _answering(issuer):
            _check_address(issuer)
            async with httpx2.AsyncClient(transport=self._bounded(), trust_env=False) as client:
                with anyio.fail_after(_WITHIN_S):
                    said = _object(await client.get(issuer.removesuffix("/") + _DISCOVERY))
            metadata = _Metadata(
                issuer=said["issuer"],
                authorization_endpoint=said["authorization_endpoint"],
                token_endpoint=said["token_endpoint"],
                jwks_uri=said["jwks_uri"],
                userinfo_endpoint=said.get("userinfo_endpoint"),
                auth_methods=tuple(said.get("token_endpoint_auth_methods_supported") or ("client_secret_basic",)),
                at_s=time.monotonic(),
            )
            if metadata.issuer != issuer:
                raise ValueError("it calls itself by another name")
            for address in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
                _check_address(address)
            if metadata.userinfo_endpoint is not None:
                _check_address(metadata.userinfo_endpoint)
        self._known[issuer] = metadata
        return metadata

    def _bounded(self) -> httpx2.AsyncBaseTransport:
        return _Bounded(self._transport or httpx2.AsyncHTTPTransport(verify=_trusted(), trust_env=False))

    def _client(self, provider: Provider, redirect_uri: str, metadata: _Metadata) -> Any:
        """Without types: most of its methods have none."""
        method = "none"
        if provider.client_secret:
            basic = "client_secret_basic" in metadata.auth_methods
            method = "client_secret_basic" if basic else "client_secret_post"
        return AsyncOAuth2Client(
            provider.client_id,
            provider.client_secret or None,
            token_endpoint_auth_method=method,
            scope=_SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            transport=self._bounded(),
            trust_env=False,  # settings are the only reader of the environment
        )


@contextmanager
def _answering(issuer: str) -> Generator[None]:
    """Raises ProviderSilent for whatever a provider may do wrong, and IdentityRefused where it refuses."""
    try:
        yield
    except OAuthError:
        raise IdentityRefused("The provider has refused this sign-in. Begin again.") from None
    except JoseError:
        raise IdentityRefused("What the provider has said cannot be verified. Begin again.") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
        raise ProviderSilent(f"{issuer} does not answer. Try again in a while.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ProviderSilent(f"{issuer} does not answer as an OpenID Connect provider does.") from error


def _verified(id_token: str, keys: Mapping[str, Any], provider: Provider, nonce: str) -> dict[str, Any]:
    """Its claims. Raises JoseError, ValueError."""
    said = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=list(_ALGORITHMS)).claims  # type: ignore[arg-type]
    jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
    ).validate(said)
    if not 0 < len(said["sub"]) <= _MAX_SUBJECT:
        raise InvalidClaimError("sub")
    # Also for others: then it must be we to whom it was given.
    is_only_ours = said["aud"] in (provider.client_id, [provider.client_id])
    if said.get("azp", provider.client_id if is_only_ours else None) != provider.client_id:
        raise InvalidClaimError("azp")
    return said


def _object(response: httpx2.Response) -> dict[str, Any]:
    """Raises httpx2.HTTPStatusError, ValueError."""
    response.raise_for_status()
    said = response.json()
    if not isinstance(said, dict):
        raise ValueError("no object")
    return said


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) else None


def _check_address(address: str) -> None:
    """Raises ValueError for one where others may listen."""
    url = urlsplit(address)
    is_private = url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK)
    if not is_private or not url.hostname or url.fragment or "@" in url.netloc:
        raise ValueError("an address that is not https")
