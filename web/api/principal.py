"""/api/v1/whoami."""

from typing import Literal

from quart import Blueprint

from rooms.member import MemberRole
from web.auth import panelroom, require_principal
from web.body import Answer, documented
from web.moment import Moment

blueprint = Blueprint("principal", __name__, url_prefix="/api/v1")


class OrganisationAnswer(Answer):
    id: str
    name: str


class PrincipalAnswer(Answer):
    kind: Literal["member", "key"]
    id: str
    name: str
    email: str | None
    role: MemberRole | None


class Whoami(Answer):
    """On whose authority this request was made."""

    organisation: OrganisationAnswer
    principal: PrincipalAnswer
    scopes: list[str]
    expires_at: Moment | None


@blueprint.get("/whoami")
@documented(answers={200: Whoami})
async def whoami() -> Whoami:
    """Who the key or the session is."""
    principal = await require_principal()
    organisation = await panelroom().rooms.people.organisation(principal.organisation_id)
    return Whoami(
        organisation=OrganisationAnswer(id=organisation.id, name=organisation.name),
        principal=PrincipalAnswer(
            kind=principal.kind, id=principal.id, name=principal.name, email=principal.email, role=principal.role
        ),
        scopes=sorted(principal.scopes),
        expires_at=principal.expires_at_ms,
    )
