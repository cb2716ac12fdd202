"""/: the log-in page, or the interviews of whoever is signed in."""

from quart import Blueprint, Response, render_template

from web.auth import optional_principal
from web.pages import sign_in
from web.shell import page_of

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/")
async def dashboard() -> str | Response:
    principal = await optional_principal()
    if principal is None or principal.kind != "member":
        return await sign_in.page()
    return await render_template("dashboard.html", page=await page_of(principal))
