"""/profile: what each member sets for himself."""

from quart import Blueprint, Response
from werkzeug.wrappers import Response as Redirect

from rooms.password import MIN_CHARACTERS
from web.shell import shown

blueprint = Blueprint("profile_page", __name__)


@blueprint.get("/profile")
async def profile() -> str | Response | Redirect:
    return await shown("Your profile", "src/profile.ts", min_password=MIN_CHARACTERS)
