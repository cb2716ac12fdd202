"""/invitation: becoming a member. Looking at it (mail scanners do) uses nothing up."""

from quart import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from rooms.errors import InvitationInvalid, PasswordWeak, SsoRequired, TextInvalid, TooBusy
from rooms.invitation import Invitation
from rooms.password import MIN_CHARACTERS
from web.auth import keep_session, optional_principal, panelroom, visit
from web.problem import PROBLEMS

blueprint = Blueprint("invitation_page", __name__)

_ACCOUNTS = {"google": "Google", "sso": "your company's account"}
_HTML = "text/html; charset=utf-8"


@blueprint.get("/invitation")
async def show() -> Response:
    return await _page(request.args.get("token", ""))


@blueprint.post("/invitation")
async def accept() -> Response | Redirect:
    form = await request.form
    token, name = form.get("token", ""), form.get("name", "")
    try:
        secret = await _accepted(token, name, form.get("password", ""))
    except (InvitationInvalid, PasswordWeak, SsoRequired, TextInvalid, TooBusy) as error:
        if "text/html" not in request.headers.get("Accept", ""):
            raise
        return await _page(token, error, name)
    response = redirect("/", 303)
    keep_session(response, secret)
    return response


async def _accepted(token: str, name: str, password: str) -> str:
    """The secret of a new session."""
    rooms = panelroom().rooms
    invitation = await rooms.invitations.look(token)
    if await _required(invitation):
        raise SsoRequired("Your organisation wants you to sign in with its provider: accept with the button for it.")
    hashed = await rooms.logins.passwords.hashed(password, name, invitation.email) if password else None
    return await rooms.invitations.accept(token, name, hashed, **visit())


async def _required(invitation: Invitation) -> bool:
    """Whether this address signs in through a provider alone."""
    providers = await panelroom().rooms.logins.offered()
    return any(each.is_required and each.covers(invitation.email) for each in providers)


async def _page(token: str, refusal: Exception | None = None, name: str = "") -> Response:
    rooms = panelroom().rooms
    try:
        invitation = await rooms.invitations.look(token)
    except InvitationInvalid:
        shown = await render_template("invitation.html", page={}, invitation=None)
        return Response(shown, 410, content_type=_HTML)
    member = await optional_principal()
    shown = await render_template(
        "invitation.html",
        page={},
        invitation=invitation,
        token=token,
        organisation=(await rooms.people.organisation(invitation.organisation_id)).name,
        member=None if member is None else member.name,
        name=name or invitation.name,
        refusal=str(refusal or ""),
        min_password=MIN_CHARACTERS,
        is_required=await _required(invitation),
        providers=[
            (each.kind, _ACCOUNTS[each.kind]) for each in await rooms.logins.offered() if each.covers(invitation.email)
        ],
    )
    return Response(shown, 200 if refusal is None else PROBLEMS[type(refusal)][0], content_type=_HTML)
