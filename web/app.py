"""The application: one Quart object that any ASGI server can run. Wiring only."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from quart import Quart
from quart_schema import APIKeySecurityScheme, HttpSecurityScheme, Info, QuartSchema

from collab.clock import Clock
from collab.database import Database
from collab.gate import Limits
from collab.journal import Journal
from collab.registry import Registry
from replay.errors import RecordingBroken
from replay.recording import Replay
from rooms.service import Service
from web.api import event, health, interview, principal, recording, room
from web.asgi import Dispatch
from web.asset import Assets
from web.auth import SESSION_COOKIE, check_origin
from web.header import finish_response
from web.metric import Metrics
from web.openapi import OPENAPI_PATH, Provider
from web.pages import dashboard, sign_in
from web.pages import interview as interview_page
from web.problem import register
from web.rate import Rate
from web.settings import Settings
from web.socket import Sockets

_BLUEPRINTS = (
    health.blueprint,
    principal.blueprint,
    interview.blueprint,
    room.blueprint,
    event.blueprint,
    dashboard.blueprint,
    sign_in.blueprint,
    interview_page.blueprint,
)
DATABASE_NAME = "panelroom.db"
_YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Panelroom:
    """What one process serves."""

    settings: Settings
    database: Database
    clock: Clock
    journal: Journal
    registry: Registry
    rooms: Service
    replay: Replay
    joins: Rate
    metrics: Metrics


def create_app(settings: Settings, data: Path) -> Quart:
    """``data`` is the directory of the database; it is opened when serving starts, and made where it is missing."""
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
    app.before_request(check_origin)
    app.after_request(finish_response)

    @app.while_serving
    async def serving() -> AsyncGenerator[None]:
        panelroom = await _open(settings, data)
        app.extensions["panelroom"] = panelroom
        app.asgi_app = Dispatch(Sockets(panelroom), app.asgi_app)  # type: ignore[method-assign, assignment, arg-type]
        try:
            async with panelroom.journal.running(), panelroom.registry.running():
                yield
        finally:
            await panelroom.database.close()

    return app


async def _open(settings: Settings, data: Path) -> Panelroom:
    database = await Database.open(data / DATABASE_NAME)
    clock = Clock()
    journal = Journal(
        database,
        clock,
        group_ms=settings.journal_group_ms,
        max_queued=settings.journal_queue_updates,
        max_queued_bytes=settings.journal_queue_bytes,
    )
    limits = Limits(settings.max_structs, settings.max_ranges, settings.max_document_bytes)
    registry = Registry(journal, limits, idle_s=settings.evict_s, tick_s=settings.keep_alive_s)
    rooms = Service(database, journal, registry, clock, reopen_s=settings.reopen_s)
    return Panelroom(
        settings=settings,
        database=database,
        clock=clock,
        journal=journal,
        registry=registry,
        rooms=rooms,
        replay=Replay(journal),
        joins=Rate(settings.joins_per_min),
        metrics=Metrics(journal, rooms),
    )
