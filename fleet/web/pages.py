"""What is served: the phones' push endpoint, health and metrics, and what others add to it.

Nothing here changes a thing. A door for Starlette.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fleet.push import PushEvent, read_push
from fleet.web.metrics import CONTENT_TYPE, exposition
from fleet.web.middleware import AccessMiddleware, internal_error, not_found, wrong_method

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from fleet.web.access import Authenticator
    from fleet.web.health import Health
    from fleet.web.metrics import Figures
    from fleet.web.push_queue import PushQueue, PushResult

LONGEST_QUERY = 512  # bytes; the phones cannot say 128 characters of address (facts/web-ui 4.1)

# A blank URI makes the phone do nothing (facts/web-ui 4.1).
NOTHING_TO_DO = b'<AastraIPPhoneExecute><ExecuteItem URI=""/></AastraIPPhoneExecute>'

# The short forms leave room for the variables: some action URIs end after 128 characters.
PATHS = {
    PushEvent.REGISTRATION: ("/push/registration", "/p/r"),
    PushEvent.REGISTERED: ("/push/registered", "/p/ok"),
    PushEvent.STARTUP: ("/push/startup", "/p/s"),
    PushEvent.POLL: ("/push/poll", "/p/p"),
}


class Pages:
    """Answers requests. `on_push` is called for each push that is let in or of an unknown phone."""

    def __init__(
        self,
        *,
        push_queue: PushQueue,
        clock: Callable[[], datetime],
        on_push: Callable[[PushResult], None],
        health: Callable[[], Awaitable[Health]],
        figures: Callable[[], Awaitable[Figures]],
        authenticator: Authenticator,
        host_names: Collection[str],
        more: Sequence[Route] = (),
    ) -> None:
        self._push_queue, self._clock, self._on_push = push_queue, clock, on_push
        self._health, self._figures, self._more = health, figures, more
        self._authenticator, self._host_names = authenticator, host_names

    def application(self) -> ASGIApp:
        """Return the application; phones, health and metrics need no login."""
        public = {
            path: partial(self._push, event) for event, paths in PATHS.items() for path in paths
        } | {"/healthz": self._healthz, "/metrics": self._metrics}
        app = Starlette(
            routes=[
                *(Route(path, answer, methods=["GET"]) for path, answer in public.items()),
                *self._more,
            ],
            exception_handlers={404: not_found, 405: wrong_method, Exception: internal_error},
        )
        app.router.redirect_slashes = False  # a redirect would repeat the request's own Host
        return AccessMiddleware(
            app,
            authenticator=self._authenticator,
            host_names=self._host_names,
            public_paths=public.keys(),
        )

    async def _push(self, event: PushEvent, request: Request) -> Response:
        """Return the same answer to everybody, and at once: what is to be written is queued."""
        query, push = request.url.query, None
        if len(query) <= LONGEST_QUERY:
            user_agent = request.headers.get("user-agent", "")
            push = read_push(event, request.query_params, user_agent, self._clock())
        address = request.client.host if request.client else ""
        self._on_push(self._push_queue.offer(push, address, time.monotonic()))
        return Response(NOTHING_TO_DO, media_type="text/xml")

    async def _healthz(self, _: Request) -> Response:
        health = await self._health()
        return JSONResponse(health.document(), status_code=503 if health.problems else 200)

    async def _metrics(self, _: Request) -> Response:
        text = exposition(await self._figures())
        return Response(text, media_type=CONTENT_TYPE)
