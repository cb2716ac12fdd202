"""/sign-in and /sign-out: the one-time link. Looking at it (mail scanners do) uses nothing up."""

from quart import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from rooms.errors import SignInLinkInvalid
from rooms.people import SESSION_MS
from web.auth import SESSION_COOKIE, came_to, panelroom

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
async def form() -> str:
    return await render_template("signin_link.html", page={}, token=request.args.get("token", ""))


@blueprint.post("/sign-in")
async def sign_in() -> Redirect | Response:
    token = (await request.form).get("token", "")
    try:
        session = await panelroom().rooms.people.sign_in(token)
    except SignInLinkInvalid:
        page = await render_template("signin_link.html", page={}, token="", error=True)
        return Response(page, 410, content_type="text/html; charset=utf-8")
    response = redirect("/", 303)
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="Lax",
        secure=came_to().scheme == "https",
    )
    return response


@blueprint.post("/sign-out")
async def sign_out() -> Redirect:
    session = request.cookies.get(SESSION_COOKIE)
    if session is not None:
        await panelroom().rooms.people.sign_out(session)
    response = redirect("/", 303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax")
    return response
