"""/api/v1/audit: every change of state, by whom."""

from typing import Annotated, Any

from pydantic import Field
from quart import Blueprint

from rooms.audit import Action, Noted
from web.auth import panelroom, require_principal
from web.body import Answer, Query, documented, read_query
from web.moment import Moment

blueprint = Blueprint("audit", __name__, url_prefix="/api/v1/audit")

_MAX_PAGE = 200


class Party(Answer):
    kind: str
    id: str
    name: str = Field(description="As it was called then")


class AuditEntry(Answer):
    """Who did what to whom."""

    id: int
    at: Moment
    actor: Party
    action: str
    subject: Party
    detail: dict[str, Any] = Field(description="What changed, as [before, after], or what else there is to say of it")
    address: str = Field(description="From which the actor asked; empty where it was no request")


class AuditPage(Answer):
    """The newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


class AuditQuery(Query):
    actor: str | None = Field(None, description="An id")
    subject: str | None = Field(None, description="An id")
    action: Action | None = None
    limit: Annotated[int, Field(ge=1)] = 50
    cursor: str | None = None


def _entry(noted: Noted) -> AuditEntry:
    actor, subject = noted.actor, noted.subject
    return AuditEntry(
        id=noted.id,
        at=noted.at_ms,
        actor=Party(kind=actor.kind, id=actor.id, name=actor.name),
        action=noted.action,
        subject=Party(kind=subject.kind, id=subject.id, name=subject.name),
        detail=noted.detail,
        address=actor.address,
    )


@blueprint.get("")
@documented(query=AuditQuery, answers={200: AuditPage})
async def index() -> AuditPage:
    """What was changed in the organisation, for owners and admins."""
    principal = await require_principal()
    query = read_query(AuditQuery)
    page = await panelroom().rooms.audit.page(
        principal,
        actor=query.actor,
        subject=query.subject,
        action=query.action,
        cursor=query.cursor,
        limit=min(query.limit, _MAX_PAGE),
    )
    return AuditPage(items=[_entry(noted) for noted in page.items], next_cursor=page.next_cursor)
