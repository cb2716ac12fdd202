"""The application: one Quart object that any ASGI server can run. Wiring only."""

from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import structlog
from quart import Quart
from quart_schema import APIKeySecurityScheme, HttpSecurityScheme, Info, QuartSchema

from collab.note import NO_NOTE, Note, Poison
from replay.errors import RecordingBroken
from web.api import (
    agenda_event,
    audit,
    chat,
    event,
    health,
    interview,
    invitation,
    key,
    login,
    member,
    organisation,
    participant,
    practice,
    principal,
    profile,
    recording,
    room,
    session,
)
from web.asgi import Dispatch
from web.asset import Assets
from web.auth import SESSION_COOKIE, check_origin
from web.header import begin_response, finish_response
from web.metric import release
from web.openapi import OPENAPI_PATH, Provider
from web.pages import audit as audit_page
from web.pages import dashboard, sample, sign_in
from web.pages import interview as interview_page
from web.pages import invitation as invitation_page
from web.pages import key as key_page
from web.pages import organisation as organisation_page
from web.pages import people as people_page
from web.pages import profile as profile_page
from web.panelroom import Panelroom
from web.problem import register
from web.settings import Settings, changed
from web.socket import Sockets

_BLUEPRINTS = (
    health.blueprint,
    principal.blueprint,
    profile.blueprint,
    session.blueprint,
    login.blueprint,
    interview.blueprint,
    agenda_event.blueprint,
    practice.blueprint,
    room.blueprint,
    participant.blueprint,
    chat.blueprint,
    event.blueprint,
    member.blueprint,
    invitation.blueprint,
    key.blueprint,
    audit.blueprint,
    organisation.blueprint,
    dashboard.blueprint,
    sample.blueprint,
    sign_in.blueprint,
    interview_page.blueprint,
    invitation_page.blueprint,
    people_page.blueprint,
    key_page.blueprint,
    audit_page.blueprint,
    organisation_page.blueprint,
    profile_page.blueprint,
)
_YEAR_S = 31_536_000

_log = structlog.get_logger("app")


def create_app(settings: Settings, data: Path, note: Note = NO_NOTE, poisons: Iterable[Poison] = ()) -> Quart:
    """``data`` is the directory of the database; it is opened when serving starts, and made where it is missing.

    ``note`` and ``poisons`` come from the supervisor, where there is one.
    """
    app = Quart("web")
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SEND_FILE_MAX_AGE_DEFAULT=_YEAR_S,  # the names of built files hold their hash
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.jinja_env.globals["asset"] = Assets(Path(app.static_folder or "")).of
    QuartSchema(
        app,
        openapi_path=OPENAPI_PATH,
        redoc_ui_path=None,
        scalar_ui_path=None,
        swagger_ui_path=None,
        info=Info("Panelroom", "1"),
        security_schemes={
            "key": HttpSecurityScheme(scheme="bearer"),
            "session": APIKeySecurityScheme(in_="cookie", name=SESSION_COOKIE),
        },
        conversion_preference="pydantic",
        openapi_provider_class=Provider,
    )
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_blueprint(recording.blueprint, url_prefix="/api/v1")
    register(app, {RecordingBroken: (500, "The recording does not fit its document")})
    app.before_request(begin_response)
    app.before_request(check_origin)
    app.after_request(finish_response)

    @app.while_serving
    async def serving() -> AsyncGenerator[None]:
        panelroom = await Panelroom.open(settings, data, note, poisons)
        app.extensions["panelroom"] = panelroom
        app.asgi_app = Dispatch(Sockets(panelroom), app.asgi_app)  # type: ignore[method-assign, assignment, arg-type]
        try:
            async with (
                panelroom.journal.running(),
                panelroom.registry.running(),
                panelroom.rooms.seats.running(),
                panelroom.rooms.revocations.running(),
                panelroom.rooms.sessions.seen.running(),
                panelroom.rooms.people.keyring.used.running(),
                panelroom.replay.running(),
                panelroom.watch.running(),
            ):
                _log.info("started", version=release(), data=str(data), **changed(settings))
                yield
        finally:
            await panelroom.database.close()
            _log.info("stopped")

    return app
