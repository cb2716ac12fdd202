"""/people: who belongs to the organisation, and who is invited."""

from quart import Blueprint, Response
from werkzeug.wrappers import Response as Redirect

from rooms.access import Right
from web.shell import shown

blueprint = Blueprint("people_page", __name__)


@blueprint.get("/people")
async def people() -> str | Response | Redirect:
    return await shown("People", "src/members.ts", Right.SEE_MEMBERS)
