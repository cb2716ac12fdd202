"""/sample: the replay of the sample, at an address that is the same on every server."""

from quart import Blueprint, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Redirect

from web.auth import optional_principal, panelroom

blueprint = Blueprint("sample", __name__)


@blueprint.get("/sample")
async def sample() -> Redirect:
    principal = await optional_principal()
    if principal is None or principal.kind != "member":
        return redirect("/?return_to=/sample", 302)
    found = await panelroom().rooms.samples.find(principal.organisation_id)
    if found is None or not principal.sees_all:
        raise NotFound
    return redirect(f"/i/{found}/replay", 302)
