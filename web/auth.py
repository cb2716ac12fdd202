"""Who asks, and from where."""

from dataclasses import dataclass, replace
from typing import TypedDict

from quart import Response, current_app, g, request
from werkzeug.wrappers import Response as Plain

from rooms.errors import ScopeMissing, Unauthenticated
from rooms.people import People
from rooms.principal import Principal
from rooms.session import SESSION_MS, Sessions
from web.browser import browser_of
from web.origin import Arrival, arrival, is_known_host, origin_allowed
from web.panelroom import Panelroom
from web.problem import HostUnknown, OriginRefused

SESSION_COOKIE = "panelroom_session"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def panelroom() -> Panelroom:
    """What this process serves; there since before_serving."""
    serving: Panelroom = current_app.extensions["panelroom"]
    return serving


def came_to() -> Arrival:
    """Where the request came to."""
    if "arrival" not in g:
        headers = {name.lower(): value for name, value in request.headers.items()}
        client = request.scope.get("client")
        g.arrival = arrival(headers, request.scheme, client[0] if client else "", panelroom().settings)
    arrived: Arrival = g.arrival
    return arrived


def came_to_known_host() -> Arrival:
    """Raises HostUnknown: a link made from a forged Host header would lead people elsewhere."""
    arrived = came_to()
    if not is_known_host(arrived.scheme, arrived.host, panelroom().settings):
        raise HostUnknown("Set PANELROOM_PUBLIC_URL to the address at which people reach this server.")
    return arrived


def public_base() -> str:
    """What links to share begin with."""
    return panelroom().settings.public_url or came_to_known_host().base


async def check_origin() -> None:
    """Before every request. Raises OriginRefused for an unsafe one that another site's page may have sent."""
    if request.method in _SAFE_METHODS:
        return
    arrived = came_to()
    headers = {name.lower(): value for name, value in request.headers.items()}
    rests_on_cookie = session_secret() is not None and "Authorization" not in request.headers
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        rests_on_cookie = True  # or on one that it is to get
    if not origin_allowed(
        headers, arrived.scheme, arrived.host, panelroom().settings, has_credential=not rests_on_cookie
    ):
        raise OriginRefused(
            "The Origin header must be this server's own address, with its host that of PANELROOM_PUBLIC_URL or a"
            " loopback name."
        )


def cookie_name(name: str) -> str:
    """Over https one that no other host and no page without https can have set."""
    return f"__Host-{name}" if came_to().scheme == "https" else name


def session_secret() -> str | None:
    """What the browser has sent of a session, valid or not."""
    return request.cookies.get(cookie_name(SESSION_COOKIE))


def keep(response: Response | Plain, name: str, value: str, max_age_s: int) -> None:
    """Have the browser keep a cookie that only the server reads; "" to forget it.

    Lax: a link to an interview in a mail has to find its member signed in, and so has the way back from a provider.
    """
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=max_age_s,
        path="/",
        secure=came_to().scheme == "https",
        httponly=True,
        samesite="Lax",
    )


def keep_session(response: Response | Plain, secret: str) -> None:
    """The browser is signed in from now on."""
    keep(response, SESSION_COOKIE, secret, SESSION_MS // 1000)


class Visit(TypedDict):
    """What is known of a browser that signs in; named arguments of `rooms.session.begin`."""

    browser: str
    address: str
    replacing: str | None


def visit() -> Visit:
    return {
        "browser": browser_of(request.headers.get("User-Agent", "")),
        "address": came_to().address,
        "replacing": session_secret(),
    }


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carries of a key or a session; it outlives the request, to be asked again."""

    people: People
    sessions: Sessions
    authorization: str | None
    session: str | None
    address: str

    async def principal(self) -> Principal | None:
        """Whose it is; None for a visitor. Raises Unauthenticated for a key that does not count."""
        principal = await self._principal()
        return None if principal is None else replace(principal, address=self.address)

    async def _principal(self) -> Principal | None:
        if self.authorization is not None:
            scheme, _, secret = self.authorization.partition(" ")
            principal = await self.people.principal_of_key(secret.strip()) if scheme.lower() == "bearer" else None
            if principal is None:
                raise Unauthenticated("The Authorization header holds no valid key.")
            return principal
        return None if self.session is None else await self.sessions.principal(self.session)

    async def required(self) -> Principal:
        """Raises Unauthenticated."""
        principal = await self.principal()
        if principal is None:
            raise Unauthenticated("Sign in, or send a key as Authorization: Bearer KEY.")
        return principal


def credential() -> Credential:
    """The request's."""
    rooms = panelroom().rooms
    return Credential(
        rooms.people, rooms.sessions, request.headers.get("Authorization"), session_secret(), came_to().address
    )


async def optional_principal() -> Principal | None:
    """The key's or the session's; None for a visitor. Raises Unauthenticated for a key that does not count."""
    return await credential().principal()


async def require_member() -> Principal:
    """Raises Unauthenticated, and ScopeMissing for a key."""
    principal = await require_principal()
    if principal.kind != "member":
        raise ScopeMissing("A key cannot do this: sign in.")
    return principal


async def require_principal() -> Principal:
    """Raises Unauthenticated."""
    return await credential().required()
