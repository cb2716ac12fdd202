"""What every response says to the browser beside its body."""

import secrets

from quart import Response, g, request

from web.auth import came_to, panelroom
from web.origin import is_known_host


def csp_nonce() -> str:
    """This response's nonce for style elements."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


async def finish_response(response: Response) -> Response:
    arrived = came_to()
    # 'self' does not cover WebSockets in every browser. A forged host must not get into the policy.
    known = is_known_host(arrived.scheme, arrived.host, panelroom().settings)
    sockets = f" ws://{arrived.host} wss://{arrived.host}" if known else ""
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{csp_nonce()}'; connect-src 'self'{sockets};"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not no-referrer: with that, browsers send `Origin: null` with a page's own forms.
    response.headers["Referrer-Policy"] = "same-origin"
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    rule = request.url_rule
    panelroom().metrics.count(request.method, rule.rule if rule else None, response.status_code)
    return response
