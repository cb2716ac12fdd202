"""Signing in and out: by a password, by a provider, by a one-time link."""

from typing import Any

from quart import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from rooms.errors import (
    IdentityRefused,
    LoginExpired,
    PasswordWrong,
    ProviderSilent,
    ProviderUnknown,
    SignInLinkInvalid,
    SsoRequired,
    TooBusy,
)
from web.auth import (
    SESSION_COOKIE,
    came_to,
    cookie_name,
    keep,
    keep_session,
    panelroom,
    public_base,
    session_secret,
    visit,
)
from web.guess import check_address, check_guess, forgive
from web.origin import own_path
from web.problem import PROBLEMS, TooManyRequests

blueprint = Blueprint("sign_in", __name__)

CALLBACK_PATH = "/sign-in/callback"
_LOGIN_COOKIE = "panelroom_login"
_LOGIN_S = 600
_HTML = "text/html; charset=utf-8"
_REFUSALS = (
    IdentityRefused,
    LoginExpired,
    PasswordWrong,
    ProviderSilent,
    ProviderUnknown,
    SsoRequired,
    TooBusy,
    TooManyRequests,
)


async def page(refusal: Exception | None = None, *, email: str = "", return_to: str | None = None) -> Response:
    """The log-in page, with the ways that there are, and what went wrong."""
    providers = await panelroom().rooms.logins.offered()
    is_closed = any(each.is_required and not each.domains for each in providers)
    methods = [*([] if is_closed else ["password"]), *(each.kind for each in providers), "link"]
    status, title = (200, "") if refusal is None else PROBLEMS[type(refusal)]
    config: dict[str, Any] = {"methods": methods}
    shown = await render_template(
        "signin.html",
        page=config,
        title=title,
        detail=str(refusal or ""),
        email=email,
        return_to=own_path(request.args.get("return_to", "/") if return_to is None else return_to),
    )
    response = Response(shown, status, content_type=_HTML)
    if isinstance(refusal, TooManyRequests):
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


@blueprint.post("/sign-in/password")
async def by_password() -> Redirect | Response:
    form = await request.form
    email, return_to = form.get("email", ""), own_path(form.get("return_to", "/"))
    try:
        secret = await _with_password(email, form.get("password", ""))
    except _REFUSALS as error:
        return await _refused(error, email=email, return_to=return_to)
    response = redirect(return_to, 303)
    keep_session(response, secret)
    return response


@blueprint.get("/sign-in/<any(google, sso):kind>")
async def to_provider(kind: str) -> Redirect | Response:
    return_to = own_path(request.args.get("return_to", "/"))
    try:
        check_address()
        departure = await panelroom().rooms.logins.leave(kind, public_base() + CALLBACK_PATH, return_to)
    except _REFUSALS as error:
        return await _refused(error, return_to=return_to)
    response = redirect(departure.address, 302)
    keep(response, _LOGIN_COOKIE, departure.browser, _LOGIN_S)
    return response


@blueprint.get(CALLBACK_PATH)
async def from_provider() -> Redirect | Response:
    try:
        check_address()
        returned = await panelroom().rooms.logins.come_back(
            state=request.args.get("state", ""),
            left_with=request.cookies.get(cookie_name(_LOGIN_COOKIE)),
            code=request.args.get("code"),
            issuer=request.args.get("iss"),
            redirect_uri=public_base() + CALLBACK_PATH,
            **visit(),
        )
    except _REFUSALS as error:
        return await _refused(error)
    response = redirect(returned.return_to, 303)
    keep_session(response, returned.session)
    keep(response, _LOGIN_COOKIE, "", 0)
    return response


@blueprint.get("/sign-in")
async def form() -> str:
    """Of a link; looking at it (mail scanners do) uses nothing up."""
    return_to = own_path(request.args.get("return_to", "/"))
    token = request.args.get("token", "")
    return await render_template("signin_link.html", page={}, token=token, return_to=return_to)


@blueprint.post("/sign-in")
async def by_link() -> Redirect | Response:
    form = await request.form
    try:
        secret = await panelroom().rooms.people.sign_in(form.get("token", ""), **visit())
    except SignInLinkInvalid:
        shown = await render_template("signin_link.html", page={}, token="", error=True)
        return Response(shown, 410, content_type=_HTML)
    response = redirect(own_path(form.get("return_to", "/")), 303)
    keep_session(response, secret)
    return response


@blueprint.post("/sign-out")
async def sign_out() -> Redirect:
    secret = session_secret()
    if secret is not None:
        await panelroom().rooms.sessions.sign_out(secret, came_to().address)
    response = redirect("/", 303)
    keep(response, SESSION_COOKIE, "", 0)
    return response


async def _refused(error: Exception, *, email: str = "", return_to: str = "/") -> Response:
    """The log-in page again for a browser; a problem for others."""
    if "text/html" not in request.headers.get("Accept", ""):
        raise error
    return await page(error, email=email, return_to=return_to)


async def _with_password(email: str, password: str) -> str:
    """A session's secret. Raises TooManyRequests, and what Logins.with_password does."""
    check_address()
    await check_guess(email)
    secret = await panelroom().rooms.logins.with_password(email, password, **visit())
    forgive(email)
    return secret
