"""/api/v1/members: who belongs to the organisation."""

from typing import Annotated, Literal

from pydantic import Field
from quart import Blueprint

from rooms.member import Member, MemberRole
from rooms.text import clean_name
from web.auth import panelroom, public_base, require_principal
from web.body import Answer, Body, Query, documented, read_body, read_query
from web.moment import Moment
from web.problem import BodyInvalid

blueprint = Blueprint("member", __name__, url_prefix="/api/v1/members")

_MAX_PAGE = 200


class MemberChange(Body):
    name: str | None = None
    role: MemberRole | None = None


class MemberAnswer(Answer):
    """A member of the organisation."""

    id: str
    email: str
    name: str
    role: MemberRole
    state: Literal["active", "deactivated"]
    time_zone: str | None
    created_at: Moment
    seen_at: Moment | None


class MemberPage(Answer):
    """In the order of their names."""

    items: list[MemberAnswer]
    next_cursor: str | None


class SignInLink(Answer):
    """To be handed to the member: it signs in once."""

    url: str
    expires_at: Moment


class MemberQuery(Query):
    q: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1)] = 50
    cursor: str | None = None


def answer(member: Member) -> MemberAnswer:
    return MemberAnswer(
        id=member.id,
        email=member.email,
        name=member.name,
        role=member.role,
        state="active" if member.is_active else "deactivated",
        time_zone=member.time_zone,
        created_at=member.created_at_ms,
        seen_at=member.seen_at_ms,
    )


@blueprint.get("")
@documented(query=MemberQuery, answers={200: MemberPage})
async def index() -> MemberPage:
    """The members, deactivated ones too; ``q`` looks in names and e-mail addresses."""
    principal = await require_principal()
    query = read_query(MemberQuery)
    page = await panelroom().rooms.membership.page(
        principal, needle=query.q, cursor=query.cursor, limit=min(query.limit, _MAX_PAGE)
    )
    return MemberPage(items=[answer(member) for member in page.items], next_cursor=page.next_cursor)


@blueprint.patch("/<member_id>")
@documented(body=MemberChange, answers={200: MemberAnswer})
async def change(member_id: str) -> MemberAnswer:
    """Change name or role; what is not given stays."""
    principal = await require_principal()
    body = await read_body(MemberChange)
    name = None if body.name is None else clean_name(body.name)
    if name == "":
        raise BodyInvalid("The name is empty.")
    return answer(await panelroom().rooms.membership.change(principal, member_id, name=name, role=body.role))


@blueprint.post("/<member_id>/deactivate")
@documented(answers={200: MemberAnswer})
async def deactivate(member_id: str) -> MemberAnswer:
    """At once: sessions, links, sockets and streams of the member end. Keys go on."""
    return answer(await panelroom().rooms.membership.deactivate(await require_principal(), member_id))


@blueprint.post("/<member_id>/reactivate")
@documented(answers={200: MemberAnswer})
async def reactivate(member_id: str) -> MemberAnswer:
    """Let a deactivated member sign in again."""
    return answer(await panelroom().rooms.membership.reactivate(await require_principal(), member_id))


@blueprint.post("/<member_id>/sign-in-link")
@documented(answers={201: SignInLink})
async def sign_in_link(member_id: str) -> tuple[SignInLink, int]:
    """A one-time link for a member who cannot sign in otherwise."""
    base = public_base()
    token, expires_at_ms = await panelroom().rooms.membership.new_link(await require_principal(), member_id)
    return SignInLink(url=f"{base}/sign-in?token={token}", expires_at=expires_at_ms), 201
