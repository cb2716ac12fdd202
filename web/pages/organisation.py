"""/organisation: its settings, and how its members sign in."""

from quart import Blueprint, Response
from werkzeug.wrappers import Response as Redirect

from rooms.access import Right
from web.shell import shown

blueprint = Blueprint("organisation_page", __name__)


@blueprint.get("/organisation")
async def organisation() -> str | Response | Redirect:
    return await shown("Organisation", "src/organisation.ts", Right.CHANGE_ORGANISATION)
