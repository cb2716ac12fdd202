"""The frame around every page of somebody signed in: who it is, what he may do, and where he may go."""

from typing import Any
from urllib.parse import quote

from quart import Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from rooms.access import Right
from rooms.principal import Principal
from web.auth import optional_principal, panelroom
from web.header import csp_nonce

# Path -> name, and what one must be allowed to do to be shown the way there.
_PLACES: dict[str, tuple[str, Right | None]] = {
    "/": ("Interviews", None),
}


async def shown(template: str, right: Right | None = None) -> str | Response | Redirect:
    """The page of a member, or a refusal that says whom to ask; who is not signed in is led to the log-in and back."""
    principal = await optional_principal()
    if principal is None or principal.kind != "member":
        return redirect(f"/?return_to={quote(request.path)}", 302)
    page = await page_of(principal)
    if right is not None and not principal.may(right):
        refusal = await render_template("refused.html", page=page)
        return Response(refusal, 403, content_type="text/html; charset=utf-8")
    return await render_template(template, page=page)


async def page_of(member: Principal) -> dict[str, Any]:
    """What the page's script is told, too."""
    organisation = await panelroom().rooms.people.organisation(member.organisation_id)
    return {
        "member": {"id": member.id, "name": member.name, "email": member.email, "role": member.role},
        "organisation": {"name": organisation.name},
        "rights": [right for right in Right if member.may(right)],
        "places": [
            {"path": path, "name": name}
            for path, (name, right) in _PLACES.items()
            if right is None or member.may(right)
        ],
        "csp_nonce": csp_nonce(),
    }
