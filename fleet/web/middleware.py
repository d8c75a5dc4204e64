"""ASGI middleware in front of the router: every answer passes it, 404, 405 and 500 too."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response

from fleet.web.access import Admission, Authenticator, Visitor, foreign_host
from fleet.web.dashboard.responses import message

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

# `same-origin` and not `no-referrer`: browsers would send `Origin: null` with our own forms.
SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_MOST_LOGGED_HOSTS = 20
_LONGEST_LOGGED_HOST = 100
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="fleet", charset="UTF-8"'}
_FOREIGN_HOST = (
    "This server is not known by that name. Add the name to [server] hosts, or use its IP address."
)
_LOCAL_ONLY = (
    "Without [server] password the dashboard answers this machine only, at http://127.0.0.1."
)
_LOGIN_REQUIRED = "Log in with the user and password of [server]."


class AccessMiddleware:
    """Refuses foreign hosts and people without a login, and adds the security headers.

    `host_names` are the names of this server, in lower case. `public_paths` are answered without
    a login: phones' pushes, health, metrics. A path that no route has is not public.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        authenticator: Authenticator,
        host_names: Collection[str],
        public_paths: Collection[str],
    ) -> None:
        self._app, self._authenticator = app, authenticator
        self._host_names, self._public_paths = host_names, public_paths
        self._logged_hosts: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_headers(part: Message) -> None:
            if part["type"] == "http.response.start":
                headers = MutableHeaders(scope=part)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = HSTS
            await send(part)

        answer = await self._refusal(scope) or self._app
        await answer(scope, receive, send_with_headers)

    async def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = tuple(headers.getlist("host"))
        path = scope["path"]
        foreign = foreign_host(hosts, self._host_names)
        if foreign is not None:
            self._log_foreign_host(foreign)
            return error_response(path, _FOREIGN_HOST, 403)
        if path in self._public_paths:
            return None
        visitor = Visitor(
            address=scope["client"][0] if scope.get("client") else "",
            hosts=hosts,
            authorization=headers.get("authorization", ""),
            is_forwarded=any(name in headers for name in _FORWARDED),
        )
        admission = await self._authenticator.admit(visitor)
        if admission is Admission.LOCAL_ONLY:
            return error_response(path, _LOCAL_ONLY, 403)
        if admission is Admission.LOGIN_REQUIRED:
            return error_response(path, _LOGIN_REQUIRED, 401, _CHALLENGE)
        return None

    def _log_foreign_host(self, host: str) -> None:
        name = host[:_LONGEST_LOGGED_HOST]
        if name not in self._logged_hosts and len(self._logged_hosts) < _MOST_LOGGED_HOSTS:
            self._logged_hosts.add(name)
            log.warning(
                "Refused a request for %a, which is not a name of this server. If it is one, add "
                "it to [server] hosts.",
                name,
            )


def error_response(
    path: str, text: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return one sentence: as JSON under /api, else as a page."""
    if path.startswith("/api/"):
        return JSONResponse({"error": text}, status_code=status, headers=headers)
    response = message(text, status)
    response.headers.update(headers or {})
    return response


async def not_found(request: Request, _: Exception) -> Response:
    """Answer for a path that no route has."""
    return error_response(request.url.path, "There is no such page.", 404)


async def wrong_method(request: Request, error: Exception) -> Response:
    """Answer for a method that a route does not have."""
    headers = getattr(error, "headers", None)
    return error_response(request.url.path, "This method is not allowed here.", 405, headers)


async def internal_error(request: Request, _: Exception) -> Response:
    """Answer for a bug, which the server logs with its traceback."""
    return error_response(request.url.path, "fleet failed to answer; see its log.", 500)
