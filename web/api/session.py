"""/api/v1/sessions: where a member is signed in."""

from quart import Blueprint, Response

from rooms.errors import Unauthenticated
from rooms.session import Session
from web.auth import panelroom, require_member, session_secret
from web.body import Answer, documented
from web.moment import Moment

blueprint = Blueprint("session", __name__, url_prefix="/api/v1/sessions")


class SessionAnswer(Answer):
    id: str
    method: str
    browser: str
    address: str
    created_at: Moment
    seen_at: Moment
    is_current: bool

    @classmethod
    def of(cls, session: Session) -> "SessionAnswer":
        return cls(
            id=session.id,
            method=session.method,
            browser=session.browser,
            address=session.address,
            created_at=session.created_at_ms,
            seen_at=session.seen_at_ms,
            is_current=session.is_current,
        )


class SessionsAnswer(Answer):
    items: list[SessionAnswer]


class EndedAnswer(Answer):
    ended: int


def own_secret() -> str:
    """The session's that asks. Raises Unauthenticated."""
    secret = session_secret()
    if secret is None:
        raise Unauthenticated("Sign in: this is a member's own.")
    return secret


@blueprint.get("")
@documented(answers={200: SessionsAnswer})
async def listed() -> SessionsAnswer:
    """The asking member's, the one that asks first."""
    principal = await require_member()
    sessions = await panelroom().rooms.sessions.of_member(principal, own_secret())
    return SessionsAnswer(items=[SessionAnswer.of(each) for each in sessions])


@blueprint.delete("/<session_id>")
@documented(answers={204: "It has ended."})
async def end(session_id: str) -> Response:
    """Sign out there."""
    await panelroom().rooms.sessions.end(await require_member(), session_id)
    return Response(status=204)


@blueprint.post("/end-others")
@documented(answers={200: EndedAnswer})
async def end_others() -> EndedAnswer:
    """Sign out everywhere else."""
    principal = await require_member()
    return EndedAnswer(ended=await panelroom().rooms.sessions.end_others(principal, own_secret()))
