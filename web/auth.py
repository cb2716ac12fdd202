"""Who asks, and from where."""

from dataclasses import dataclass, replace

from quart import current_app, g, request

from rooms.errors import Unauthenticated
from rooms.people import People
from rooms.principal import Principal
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
    rests_on_cookie = SESSION_COOKIE in request.cookies and "Authorization" not in request.headers
    if not origin_allowed(
        headers, arrived.scheme, arrived.host, panelroom().settings, has_credential=not rests_on_cookie
    ):
        raise OriginRefused(
            "The Origin header must be this server's own address, with its host that of PANELROOM_PUBLIC_URL or a"
            " loopback name."
        )


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carries of a key or a session; it outlives the request, to be asked again."""

    people: People
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
        return None if self.session is None else await self.people.principal_of_session(self.session)

    async def required(self) -> Principal:
        """Raises Unauthenticated."""
        principal = await self.principal()
        if principal is None:
            raise Unauthenticated("Sign in, or send a key as Authorization: Bearer KEY.")
        return principal


def credential() -> Credential:
    """The request's."""
    authorization, session = request.headers.get("Authorization"), request.cookies.get(SESSION_COOKIE)
    return Credential(panelroom().rooms.people, authorization, session, came_to().address)


async def optional_principal() -> Principal | None:
    """The key's or the session's; None for a visitor. Raises Unauthenticated for a key that does not count."""
    return await credential().principal()


async def require_principal() -> Principal:
    """Raises Unauthenticated."""
    return await credential().required()
