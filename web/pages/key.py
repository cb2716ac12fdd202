"""/keys: what programs come in with."""

from quart import Blueprint, Response
from werkzeug.wrappers import Response as Redirect

from rooms.access import Right
from web.shell import shown

blueprint = Blueprint("key_page", __name__)


@blueprint.get("/keys")
async def key() -> str | Response | Redirect:
    return await shown("Keys", "src/keys.ts", Right.MANAGE_KEYS)
