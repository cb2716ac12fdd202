"""/sign-in and /sign-out: the one-time link. Looking at it (mail scanners do) uses nothing up."""

from quart import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from rooms.errors import SignInLinkInvalid
from web.auth import SESSION_COOKIE, keep, keep_session, panelroom, session_secret, visit

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
async def form() -> str:
    return await render_template("signin_link.html", page={}, token=request.args.get("token", ""))


@blueprint.post("/sign-in")
async def sign_in() -> Redirect | Response:
    token = (await request.form).get("token", "")
    try:
        secret = await panelroom().rooms.people.sign_in(token, **visit())
    except SignInLinkInvalid:
        page = await render_template("signin_link.html", page={}, token="", error=True)
        return Response(page, 410, content_type="text/html; charset=utf-8")
    response = redirect("/", 303)
    keep_session(response, secret)
    return response


@blueprint.post("/sign-out")
async def sign_out() -> Redirect:
    secret = session_secret()
    if secret is not None:
        await panelroom().rooms.sessions.sign_out(secret)
    response = redirect("/", 303)
    keep(response, SESSION_COOKIE, "", 0)
    return response
