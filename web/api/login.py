"""/api/v1/organisation/log-in: the ways in which members sign in."""

from pydantic import Field
from quart import Blueprint, Response

from rooms.errors import ProviderUnknown
from rooms.identity import Provider
from rooms.provider import ProviderKind
from web.auth import panelroom, public_base, require_member
from web.body import Answer, Body, documented, read_body
from web.pages.sign_in import CALLBACK_PATH

blueprint = Blueprint("login", __name__, url_prefix="/api/v1/organisation/log-in")


class ProviderFields(Body):
    issuer: str | None = Field(None, description="As in its OpenID Connect metadata; by default Google's for google")
    client_id: str
    client_secret: str | None = Field(
        None, description='Never shown again. Without it, the one on record stays for the same issuer; "" for none'
    )
    domains: list[str] = Field([], max_length=50, description="Of the e-mail addresses that are let in; none for any")
    is_required: bool = Field(False, description="Whether nobody of these domains may use a password")


class ProviderAnswer(Answer):
    kind: ProviderKind
    issuer: str
    client_id: str
    has_secret: bool
    domains: list[str]
    is_required: bool

    @classmethod
    def of(cls, provider: Provider) -> "ProviderAnswer":
        return cls(
            kind=ProviderKind(provider.kind),
            issuer=provider.issuer,
            client_id=provider.client_id,
            has_secret=bool(provider.client_secret),
            domains=list(provider.domains),
            is_required=provider.is_required,
        )


class LogInAnswer(Answer):
    password: bool = Field(description="Whether anybody may use one")
    providers: list[ProviderAnswer]
    callback_url: str = Field(description="What the provider must be told to lead back to")


@blueprint.get("")
@documented(answers={200: LogInAnswer})
async def show() -> LogInAnswer:
    """Which ways there are; for owners and admins."""
    providers = await panelroom().rooms.logins.providers.of(await require_member())
    return LogInAnswer(
        password=not any(each.is_required and not each.domains for each in providers),
        providers=[ProviderAnswer.of(each) for each in providers],
        callback_url=public_base() + CALLBACK_PATH,
    )


@blueprint.put("/<kind>")
@documented(body=ProviderFields, answers={200: ProviderAnswer})
async def put(kind: str) -> ProviderAnswer:
    """Set a provider up, or change it; for owners. It is asked for its metadata before anything is kept."""
    principal = await require_member()
    body = await read_body(ProviderFields)
    provider = await panelroom().rooms.logins.providers.put(principal, _kind(kind), **dict(body))
    return ProviderAnswer.of(provider)


@blueprint.delete("/<kind>")
@documented(answers={204: "Nobody signs in this way any more; sessions go on."})
async def remove(kind: str) -> Response:
    """For owners."""
    await panelroom().rooms.logins.providers.remove(await require_member(), _kind(kind))
    return Response(status=204)


def _kind(kind: str) -> ProviderKind:
    """Raises ProviderUnknown."""
    try:
        return ProviderKind(kind)
    except ValueError:
        raise ProviderUnknown("There are google and sso.") from None
