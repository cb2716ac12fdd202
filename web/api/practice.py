"""/api/v1/practice: a room to learn with."""

from quart import Blueprint

from web.api.interview import InterviewAnswer, answer
from web.auth import panelroom, public_base, require_principal
from web.body import documented

blueprint = Blueprint("practice", __name__, url_prefix="/api/v1/practice")


@blueprint.post("")
@documented(answers={201: InterviewAnswer})
async def begin() -> tuple[InterviewAnswer, int]:
    """Make a practice interview, which counts nowhere; the one that the member has begun before is closed."""
    base = public_base()
    return await answer(await panelroom().rooms.practice.begin(await require_principal()), base), 201
