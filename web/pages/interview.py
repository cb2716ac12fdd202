"""/i/<id>: the one address of an interview, before, during and after."""

from quart import Blueprint, Response, current_app, redirect, render_template
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Redirect

from rooms.errors import Unauthenticated
from rooms.interview import Interview, Status
from rooms.participant import Role
from rooms.policy import Part
from rooms.principal import Principal
from web.auth import optional_principal, panelroom, public_base
from web.header import csp_nonce

blueprint = Blueprint("interview_page", __name__)


@blueprint.get("/i/<interview_id>")
async def interview(interview_id: str) -> str | Response | Redirect:
    found = await panelroom().rooms.public_interview(interview_id)
    if found is None:
        raise NotFound
    if found.status is Status.CANCELLED:
        return Response(await render_template("cancelled.html", page={}), 410, content_type="text/html; charset=utf-8")
    signed_in = await _signed_in(found)
    member = await _member(found)
    if found.status is Status.FINISHED:
        if member is not None:
            return redirect(f"/i/{interview_id}/replay", 302)
        until_ms = panelroom().rooms.lifecycle.reopen_until_ms(found)
        left_ms = 0 if until_ms is None else max(0, until_ms - panelroom().journal.clock.now_ms())
        return await render_template("finished.html", page={"interview": {"title": found.title}}, left_ms=left_ms)
    organisation = await panelroom().rooms.people.organisation(found.organisation_id)
    page = {
        "interview": {
            "id": found.id,
            "title": found.title,
            "status": found.status,
            "language": found.language,
            "instructions": found.instructions,
            "meeting_url": found.meeting_url,
            "url": f"{public_base()}/i/{found.id}",
        },
        "organisation": organisation.name,
        "member": None if member is None else _own(member),
        "unassigned": signed_in.name if signed_in is not None and member is None else None,
        "set_role": None if member is None else await _set_role(found, member),
        "candidate": await _candidate(found),
        "reopen_ms": int(panelroom().settings.reopen_s * 1000),
        "csp_nonce": csp_nonce(),
    }
    return await render_template("room.html", page=page)


@blueprint.get("/service-worker.js")
async def service_worker() -> Response:
    """What opens a room while the server is away. Browsers look for another version of it at this same address."""
    worker = await current_app.send_static_file("build/worker.js")
    worker.headers["Cache-Control"] = "no-cache"
    return worker


@blueprint.get("/i/<interview_id>/lobby")
async def lobby(interview_id: str) -> dict[str, str | None]:
    """What may have changed since the form in front of the room was opened."""
    found = await panelroom().rooms.public_interview(interview_id)
    if found is None or found.status is Status.CANCELLED:
        raise NotFound
    return {"status": found.status.value, "candidate": await _candidate(found)}


@blueprint.get("/i/<interview_id>/replay")
async def replay(interview_id: str) -> str | Redirect:
    """For members. Whoever is not signed in gets what the interview's own address has for him."""
    found = await panelroom().rooms.public_interview(interview_id)
    if found is None or found.status is Status.CANCELLED:
        raise NotFound
    member = await _member(found)
    if member is None:
        return redirect(f"/i/{interview_id}", 302)
    documents = [
        {"id": part.document_id(interview_id), "name": name}
        for part, name in ((Part.CODE, "Code"), (Part.NOTES, "Notes"))
        if await panelroom().rooms.may_read_recording(member, found, part.document_id(interview_id))
    ]
    page = {
        "interview": {"id": found.id, "title": found.title, "status": found.status, "language": found.language},
        "documents": documents,
        "undo_left_ms": await panelroom().rooms.lifecycle.undo_left_ms(member, found),
        "csp_nonce": csp_nonce(),
    }
    return await render_template("replay.html", page=page)


def _own(member: Principal) -> dict[str, str | None]:
    return {"id": member.id, "name": member.name, "email": member.email, "role": member.role}


async def _candidate(interview: Interview) -> str | None:
    """The name of who has come in as the candidate."""
    there = await panelroom().rooms.participants(interview.id)
    return next((each.name for each in there if each.role is Role.CANDIDATE), None)


async def _set_role(interview: Interview, member: Principal) -> Role | None:
    """What an interviewer has made of this member."""
    there = await panelroom().rooms.participants(interview.id)
    return next((each.role for each in there if each.member_id == member.id and each.is_role_set), None)


async def _signed_in(interview: Interview) -> Principal | None:
    """The member of the interview's organisation who asks, whether he may see it or not."""
    try:
        principal = await optional_principal()
    except Unauthenticated:
        return None
    if principal is None or principal.kind != "member" or principal.organisation_id != interview.organisation_id:
        return None
    return principal


async def _member(interview: Interview) -> Principal | None:
    """The one who may see it."""
    signed_in = await _signed_in(interview)
    return signed_in if signed_in is not None and signed_in.can_see(interview) else None
