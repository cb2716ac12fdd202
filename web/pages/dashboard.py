"""/: the log-in page, or the interviews of whoever is signed in."""

from quart import Blueprint, render_template

from web.auth import optional_principal, panelroom
from web.header import csp_nonce

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/")
async def dashboard() -> str:
    principal = await optional_principal()
    if principal is None or principal.kind != "member":
        return await render_template("signin.html", page={"methods": ["link"]})
    organisation = await panelroom().rooms.people.organisation(principal.organisation_id)
    page = {
        "member": {"id": principal.id, "name": principal.name, "email": principal.email, "role": principal.role},
        "organisation": {"name": organisation.name},
        "csp_nonce": csp_nonce(),
    }
    return await render_template("dashboard.html", page=page)
