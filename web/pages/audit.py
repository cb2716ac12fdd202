"""/audit: who has changed what."""

from quart import Blueprint, Response
from werkzeug.wrappers import Response as Redirect

from rooms.access import Right
from web.shell import shown

blueprint = Blueprint("audit_page", __name__)


@blueprint.get("/audit")
async def audit() -> str | Response | Redirect:
    return await shown("Audit log", "src/audit.ts", Right.READ_AUDIT)
