"""/healthz, /readyz, /metrics: for whoever runs the server."""

from ipaddress import ip_address

from prometheus_client import CONTENT_TYPE_LATEST
from quart import Blueprint, Response, request

from web.auth import came_to, panelroom
from web.body import Answer, documented
from web.problem import problem

blueprint = Blueprint("health", __name__)


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
    """People may be sent here; 503, and why, while the server is stopping or cannot save."""
    trouble = await panelroom().readiness.trouble()
    return Health(status="ok") if trouble is None else problem(503, *trouble)


@blueprint.get("/metrics")
@documented(answers={200: "Prometheus text"})
async def metrics() -> Response:
    """Prometheus text, for the addresses of PANELROOM_METRICS_FROM."""
    if not _may_read_metrics():
        return problem(403, "metrics-private", "This is not for you", "PANELROOM_METRICS_FROM says who reads it.")
    metrics = panelroom().metrics
    await metrics.look()
    return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics() -> bool:
    """Who comes through a proxy that is not trusted is nobody known, whatever that proxy's own address."""
    address, client = came_to().address, request.scope.get("client")
    if not client:
        return True  # a socket of this machine
    if "X-Forwarded-For" in request.headers and address == client[0]:
        return False
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in panelroom().settings.metrics_from)
