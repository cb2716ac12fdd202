"""Every error that a request can end in, as application/problem+json (RFC 9457) or, for a browser's page, as a page."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from quart import Quart, Response, json, render_template, request
from sqlalchemy.exc import DatabaseError, IntegrityError
from werkzeug.exceptions import HTTPException

from rooms import errors as rooms
from web.moment import iso

_RETRY_AFTER_S = "2"

_SHOWN = 200
_SILENT, _TRY_AGAIN = "The database does not answer", "Nothing was changed. Try again in a while."

_log = structlog.get_logger("http")


class BodyInvalid(Exception):
    """Raised when a body or query is well-formed, but not of the shape that is asked for."""


class BodyMalformed(Exception):
    """Raised when a body is no JSON."""


class BodyNotJson(Exception):
    """Raised when a body says that it is something else than JSON."""


class OriginRefused(Exception):
    """Raised when an unsafe request comes from another site's page, or rests on a cookie and has no Origin."""


class HostUnknown(Exception):
    """Raised when a link is needed to the host that the request came to, and that is none of ours."""


class TooManyRequests(Exception):
    """Raised when somebody asks too often."""

    def __init__(self, retry_after_s: int, what: str = "joins from your address") -> None:
        super().__init__(f"Too many {what}. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


# Domain error -> status and title; the detail is the error's own text.
PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    BodyMalformed: (400, "The body is not JSON"),
    rooms.Unauthenticated: (401, "Sign in, or send a key"),
    rooms.TicketInvalid: (401, "The ticket is not valid"),
    rooms.PasswordWrong: (401, "E-mail address or password is wrong"),
    rooms.ScopeMissing: (403, "This is not allowed"),
    rooms.NotAnInterviewer: (403, "Only interviewers of this interview may do this"),
    rooms.Removed: (403, "You were removed from this room"),
    rooms.RoleFixed: (403, "An interviewer has set your role"),
    rooms.Muted: (403, "You are muted"),
    rooms.NotInside: (403, "You do not take part in this room"),
    rooms.CurrentPasswordWrong: (403, "The password is wrong"),
    rooms.SsoRequired: (403, "Your organisation's single sign-on is required"),
    rooms.IdentityRefused: (403, "You cannot sign in this way"),
    OriginRefused: (403, "This page may not do that"),
    HostUnknown: (403, "The server does not know this host name"),
    rooms.InterviewUnknown: (404, "There is no such interview"),
    rooms.DocumentUnknown: (404, "There is no such document"),
    rooms.ParticipantUnknown: (404, "There is no such participant"),
    rooms.DeviceUnknown: (404, "There is no such device"),
    rooms.SessionUnknown: (404, "There is no such session"),
    rooms.ProviderUnknown: (404, "This way of signing in is not set up"),
    rooms.MemberIdUnknown: (404, "There is no such member"),
    rooms.InvitationUnknown: (404, "There is no such invitation"),
    rooms.KeyUnknown: (404, "There is no such key"),
    rooms.InterviewFinished: (409, "The interview is finished"),
    rooms.InterviewNotActive: (409, "The interview is not active"),
    rooms.InterviewNotFinished: (409, "The interview is not finished"),
    rooms.ReopenTooLate: (409, "The finish cannot be undone any more"),
    rooms.CandidateProtected: (409, "The candidate is protected"),
    rooms.RoleForMembersOnly: (409, "This role is for members"),
    rooms.OneselfModerated: (409, "That is you"),
    rooms.MemberDeactivated: (409, "The member is deactivated"),
    rooms.MemberExists: (409, "There is such a member already"),
    rooms.LastOwner: (409, "An organisation has an owner"),
    rooms.InvitationPending: (409, "There is such an invitation already"),
    rooms.InvitationOver: (409, "The invitation is over"),
    rooms.ExternalRefTaken: (409, "The external_ref is taken"),
    rooms.InvitationInvalid: (410, "The link does not work any more"),
    rooms.SignInLinkInvalid: (410, "The link does not work any more"),
    rooms.LoginExpired: (410, "This sign-in has expired"),
    BodyNotJson: (415, "The body is not JSON"),
    BodyInvalid: (422, "The request is not valid"),
    rooms.TextInvalid: (422, "The request is not valid"),
    rooms.CursorInvalid: (422, "The request is not valid"),
    rooms.PasswordWeak: (422, "The password cannot be used"),
    rooms.MemberUnknown: (422, "There is no such member"),
    rooms.OnBehalfMissing: (422, "The request is not valid"),
    rooms.IdempotencyKeyReused: (422, "The Idempotency-Key was used before"),
    TooManyRequests: (429, "Too many requests"),
    rooms.ProviderSilent: (502, "The sign-in provider does not answer"),
    rooms.TooBusy: (503, "The server is busy"),
}


def register(app: Quart, more: Mapping[type[Exception], tuple[int, str]]) -> None:
    """Let the app answer every exception with its problem; ``more`` are those of other packages."""
    for kind, (status, title) in {**PROBLEMS, **more}.items():
        app.register_error_handler(kind, _known(status, title))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DatabaseError, _silent)
    app.register_error_handler(IntegrityError, _unexpected)
    app.register_error_handler(Exception, _unexpected)


def told(error: Exception) -> dict[str, str]:
    """A domain error as members of a problem, for one row of several."""
    if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError):
        return {"type": _urn("database-silent"), "title": _SILENT, "detail": _TRY_AGAIN}
    if type(error) not in PROBLEMS:
        raise error
    return {"type": _urn(_slug(type(error).__name__)), "title": PROBLEMS[type(error)][1], "detail": str(error)}


def problem(status: int, kind: str, title: str, detail: str, **members: Any) -> Response:
    body = {"type": _urn(kind), "title": title, "status": status, "detail": detail, **members}
    return Response(json.dumps(body), status, content_type="application/problem+json")


def _known(status: int, title: str) -> Callable[[Exception], Any]:
    async def answer(error: Exception) -> Response:
        if status == 500:
            _log.error("failed", **_asked(), exc_info=error)
        members: dict[str, Any] = {}
        if isinstance(error, rooms.InterviewFinished) and error.at_ms is not None:
            members = {"by": error.by, "at": iso(error.at_ms)}
        response = await _answer(status, _slug(type(error).__name__), title, str(error), **members)
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, TooManyRequests):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    return answer


async def _http(error: HTTPException) -> Response:
    """What the framework itself refuses: unknown routes and methods, oversized bodies."""
    status = error.code or 500
    response = await _answer(
        status, _slug(error.name), error.name, re.sub("<[^>]*>", "", error.description or error.name)
    )
    for name, value in error.get_headers():
        if name in {"Allow", "Content-Range"}:
            response.headers[name] = value
    return response


async def _silent(error: DatabaseError) -> Response:
    """The database is locked, full or broken. Rooms go on; this request has changed nothing."""
    _log.error("the database does not answer", **_asked(), reason=str(error.orig))
    response = await _answer(503, "database-silent", _SILENT, _TRY_AGAIN)
    response.headers["Retry-After"] = _RETRY_AFTER_S
    return response


async def _unexpected(error: Exception) -> Response:
    _log.error("unexpected error", **_asked(), exc_info=error)
    return await _answer(
        500, "internal-error", "Something went wrong", "The server could not do this; it is in its log."
    )


async def _answer(status: int, kind: str, title: str, detail: str, **members: Any) -> Response:
    if status < 500:
        _log.info("refused", status=status, problem=kind, **_asked())
    if not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", ""):
        try:
            return await _page(status, title, detail)
        except Exception:  # noqa: BLE001 - what made a page fail may fail this one too
            _log.exception("the page of an error failed", **_asked())
    return problem(status, kind, title, detail, **members)


def _asked() -> dict[str, str]:
    """For the log, which anybody may fill: not more of it than says what it was."""
    return {"method": request.method[:_SHOWN], "path": request.path[:_SHOWN]}


async def _page(status: int, title: str, detail: str) -> Response:
    template = "not_found.html" if status == 404 else "error.html"
    shown = await render_template(template, page={}, title=title, detail=detail)
    return Response(shown, status, content_type="text/html; charset=utf-8")


def _urn(kind: str) -> str:
    return f"urn:panelroom:{kind}"


def _slug(name: str) -> str:
    """``InterviewUnknown`` and ``Not Found`` alike as ``interview-unknown``, ``not-found``."""
    return re.sub(r"[^a-z]+", "-", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()).strip("-")
