"""The frame around every page of somebody signed in: who it is, what he may do, and where he may go."""

from typing import Any
from urllib.parse import quote

from quart import Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from rooms.access import Right
from rooms.people import FIRST_OWNER
from rooms.principal import Principal
from web.auth import optional_principal, panelroom
from web.header import csp_nonce

# Path -> name, and what one must be allowed to do to be shown the way there.
_PLACES: dict[str, tuple[str, Right | None]] = {
    "/": ("Interviews", None),
    "/people": ("People", Right.SEE_MEMBERS),
    "/keys": ("Keys", Right.MANAGE_KEYS),
    "/audit": ("Audit log", Right.READ_AUDIT),
    "/organisation": ("Organisation", Right.CHANGE_ORGANISATION),
}


async def shown(title: str, entry: str, right: Right | None = None, **told: Any) -> str | Response | Redirect:
    """A member's page, or a refusal that says whom to ask. Others are led to the log-in, and back."""
    principal = await optional_principal()
    if principal is None or principal.kind != "member":
        return redirect(f"/?return_to={quote(request.path)}", 302)
    page = await page_of(principal)
    if right is not None and not principal.may(right):
        refusal = await render_template("refused.html", page=page)
        return Response(refusal, 403, content_type="text/html; charset=utf-8")
    return await render_template("place.html", page=page | told, title=title, entry=entry)


async def page_of(member: Principal) -> dict[str, Any]:
    """What the page's script is told, too. Without a time zone of the member's own it is the browser's."""
    people = panelroom().rooms.people
    organisation = await people.organisation(member.organisation_id)
    record = await people.member_of_email(member.organisation_id, member.email or "")
    return {
        "member": {
            "id": member.id,
            "name": member.name,
            "email": member.email,
            "role": member.role,
            "time_zone": record.time_zone,
            "is_named": member.email != FIRST_OWNER,
        },
        "organisation": {"name": organisation.name},
        "rights": [right for right in Right if member.may(right)],
        "places": [
            {"path": path, "name": name}
            for path, (name, right) in _PLACES.items()
            if right is None or member.may(right)
        ],
        "csp_nonce": csp_nonce(),
    }
