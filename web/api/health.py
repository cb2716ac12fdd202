"""/healthz, /readyz, /metrics: for whoever runs the server."""

import anyio
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from quart import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from web.auth import panelroom
from web.body import Answer, documented
from web.problem import problem

blueprint = Blueprint("health", __name__)

_DATABASE_S = 2.0


class Health(Answer):
    """All is well."""

    status: str


@blueprint.get("/healthz")
@documented(answers={200: Health})
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@blueprint.get("/readyz")
@documented(answers={200: Health})
async def readyz() -> Health | Response:
    """The database answers too; 503 while it does not."""
    try:
        with anyio.fail_after(_DATABASE_S):
            async with panelroom().database.reading() as connection:
                await connection.execute(text("SELECT 1 FROM organisation"))
    except (SQLAlchemyError, TimeoutError):
        return problem(503, "database-silent", "The database does not answer", "Rooms go on; nothing new is saved.")
    return Health(status="ok")


@blueprint.get("/metrics")
@documented(answers={200: "Prometheus text"})
async def metrics() -> Response:
    """Prometheus text."""
    return Response(generate_latest(panelroom().metrics.registry), content_type=CONTENT_TYPE_LATEST)
