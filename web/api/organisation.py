"""/api/v1/organisation: what holds for all of its interviews unless one says otherwise."""

from typing import Any

from quart import Blueprint

from rooms.errors import ScopeMissing
from rooms.organisation import Organisation
from web.api.interview import PolicyAnswer
from web.api.plan import PolicyFields
from web.auth import panelroom, require_principal
from web.body import Answer, Body, documented, read_body

blueprint = Blueprint("organisation", __name__, url_prefix="/api/v1/organisation")


class OrganisationChange(Body):
    name: str | None = None
    time_zone: str | None = None
    policy: PolicyFields | None = None
    lobby: bool | None = None

    def changes(self) -> dict[str, Any]:
        said = self.model_dump(exclude_none=True)
        policy: dict[str, Any] = said.pop("policy", {})
        return said | policy


class OrganisationSettings(Answer):
    """The organisation, with the policy that new interviews get."""

    id: str
    name: str
    time_zone: str
    policy: PolicyAnswer
    lobby: bool


def _answer(organisation: Organisation) -> OrganisationSettings:
    limits = organisation.limits
    return OrganisationSettings(
        id=organisation.id,
        name=organisation.name,
        time_zone=organisation.time_zone,
        policy=PolicyAnswer(
            interviewers=limits.interviewers,
            observers=limits.observers,
            guests=limits.guests,
            over_limit=limits.over_limit,
        ),
        lobby=limits.lobby,
    )


@blueprint.get("")
@documented(answers={200: OrganisationSettings})
async def show() -> OrganisationSettings:
    """For its members."""
    principal = await require_principal()
    if principal.kind == "key":
        raise ScopeMissing("A key reaches interviews only.")
    return _answer(await panelroom().rooms.people.organisation(principal.organisation_id))


@blueprint.patch("")
@documented(body=OrganisationChange, answers={200: OrganisationSettings})
async def change() -> OrganisationSettings:
    """Change what is given; interviews that are there already keep theirs."""
    principal = await require_principal()
    body = await read_body(OrganisationChange)
    return _answer(await panelroom().rooms.people.change_organisation(principal, body.changes()))
