"""What every response says to the browser beside its body."""

import secrets
import time

from quart import Response, g, request

from web.auth import came_to, panelroom
from web.origin import is_known_host


def csp_nonce() -> str:
    """This response's nonce for style elements."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


async def begin_response() -> None:
    """Before everything else that is done for a request."""
    g.began_at = time.perf_counter()


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
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
    if arrived.scheme == "https":
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    # Not no-referrer: with that, browsers send `Origin: null` with a page's own forms.
    response.headers["Referrer-Policy"] = "same-origin"
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    rule = request.url_rule
    after_s = time.perf_counter() - g.began_at
    panelroom().metrics.answered(request.method, rule.rule if rule else None, response.status_code, after_s)
    return response
