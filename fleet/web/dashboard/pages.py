"""The dashboard's pages and its one button. A door for Starlette."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.routing import Route

from fleet.errors import StoreError
from fleet.web.access import CsrfToken, is_own_page
from fleet.web.dashboard.api import Api
from fleet.web.dashboard.detail import LARGEST_ID
from fleet.web.dashboard.flagged import Choice
from fleet.web.dashboard.render import STYLE
from fleet.web.dashboard.responses import message, page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from fleet.web.dashboard.queries import DiagnosisResult, Queries

log = logging.getLogger(__name__)

_NO_PHONE = "There is no such phone."
_OLD_PAGE = "This button is out of date: load the phone's page again."
_NO_DATABASE = "The database cannot be used; see the log."
_LONGEST = 200  # characters of a search


class Dashboard:
    """Serves the dashboard. `zone` is the IANA zone of its times, `by` who presses buttons."""

    def __init__(self, queries: Queries, *, csrf_token: CsrfToken, zone: str, by: str) -> None:
        self._queries, self._csrf_token, self._zone, self._by = queries, csrf_token, zone, by
        self._style = STYLE.read_bytes()

    def routes(self) -> list[Route]:
        """Make the routes."""
        api = Api(self._queries)
        return [
            self._route("/", self._flagged),
            self._route("/phones", self._phones),
            self._route("/phones/{number}", self._phone),
            self._route("/phones/{number}/diagnose", self._diagnose, method="POST"),
            self._route("/dashboard.css", self._css),
            self._route("/api/lines", api.lines),
            self._route("/api/phones", api.phones),
        ]

    def _route(
        self, path: str, answer: Callable[[Request], Awaitable[Response]], method: str = "GET"
    ) -> Route:
        return Route(path, partial(_plainly, answer), methods=[method])

    async def _flagged(self, request: Request) -> Response:
        choice = Choice(
            site=_asked(request, "site"), rule=_asked(request, "rule"), text=_asked(request, "q")
        )
        (counts, shown), health, sweep = await asyncio.gather(
            self._queries.overview(choice, _number(request)),
            self._queries.health(),
            self._queries.last_sweep(),
        )
        return await self._page(
            "flagged", overview=counts, health=health, sweep=sweep, choice=choice, page=shown
        )

    async def _phones(self, request: Request) -> Response:
        choice = Choice(site=_asked(request, "site"), text=_asked(request, "q"))
        sites = await self._queries.sites()
        shown = await self._queries.phones(choice.site, choice.text, _number(request))
        return await self._page("phones", choice=choice, sites=sites, page=shown)

    async def _phone(self, request: Request) -> Response:
        return await self._show(_phone_number(request), None)

    async def _show(self, number: int, said: DiagnosisResult | None) -> Response:
        detail = await self._queries.phone(number)
        if detail is None:
            return message(_NO_PHONE, 404)
        return await self._page("phone", phone=detail, said=said, mark=self._csrf_token.make)

    async def _diagnose(self, request: Request) -> Response:
        number = _phone_number(request)
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        line, mark = fields.get("line", [""])[0], fields.get("mark", [""])[0]
        if not (_is_ours(request) and self._csrf_token.is_valid(mark, number, line)):
            return message(_OLD_PAGE, 403)
        if await self._queries.phone(number) is None:
            return message(_NO_PHONE, 404)
        return await self._show(number, await self._queries.diagnose(number, int(line), self._by))

    async def _css(self, _: Request) -> Response:
        return Response(self._style, media_type="text/css")

    async def _page(self, template: str, **values: Any) -> Response:
        now = self._queries.clock()
        return await self._queries.read(partial(page, template, now=now, zone=self._zone, **values))


async def _plainly(answer: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        return await answer(request)
    except StoreError as error:
        log.warning("The dashboard cannot answer: %s", error)
        return message(_NO_DATABASE, 503)


def _is_ours(request: Request) -> bool:
    said = request.headers
    return is_own_page(said.get("sec-fetch-site", ""), said.get("origin", ""), said.get("host", ""))


def _asked(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()[:_LONGEST]


def _phone_number(request: Request) -> int:
    """Return the number in a path; 0, which no phone has, for anything else."""
    text = request.path_params["number"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0
    return number if number <= LARGEST_ID else 0


def _number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return int(text) if text.isdecimal() and len(text) < 10 else 1
