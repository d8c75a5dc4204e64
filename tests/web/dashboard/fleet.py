"""A dashboard over a real database, asked without a socket; what it says is checked as HTML."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
from lxml import html

from fleet.app import App, rules_of, words_of
from fleet.clock import now
from fleet.findings import Judge
from fleet.model import Account, Credentials, Line, Registration, Site
from fleet.provision.file_states import FileStates
from fleet.settings import Settings
from fleet.store import Change
from fleet.web import (
    Authenticator,
    CsrfToken,
    Dashboard,
    Figures,
    Health,
    Pages,
    PushQueue,
    Queries,
)
from tests.store.fleets import START, bad, good, judged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from starlette.routing import Route

    from fleet.model import Phone
    from fleet.provision.diagnose import Diagnoser
    from fleet.store import Store

LOGIN = Credentials(username="fleet", password="correct horse")


@dataclass(kw_only=True)
class Served:
    """A dashboard that can be asked."""

    client: httpx.AsyncClient
    app: App
    queries: Queries
    problems: list[str] = field(default_factory=list)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def page(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return html.document_fromstring(answer.text)


def line(number: int, registration: Registration = Registration.REGISTERED, **fields: Any) -> Line:
    user = f"10{number:02}"
    account = Account(raw=f"{user}@pbx.example", user=user, registrar="pbx.example")
    return Line(**{"number": number, "registration": registration, "account": account, **fields})


def add(store: Store, *phones: Phone) -> list[int]:
    """Add phones and their sites."""
    sites = [Site(name=name) for name in sorted({phone.site for phone in phones if phone.site})]
    store.inventory.apply(sites, [Change(id=None, phone=phone) for phone in phones])
    return [store.phones.find(phone.host) for phone in phones]


def polled(store: Store, seen: dict[int, Sequence[Line] | None], at: datetime = START) -> None:
    """Have phones be polled: these lines were read; None: nobody answered."""
    known = store.observations.known()
    sweep = store.sweeps.begin(
        trigger="test", selection="all", planned=len(seen), now=at, ttl=timedelta(minutes=1)
    )
    batch = [
        bad(known[number], at) if lines is None else good(known[number], at, *lines)
        for number, lines in seen.items()
    ]
    judge = Judge(rules={}, files=FileStates(store, stale_after=timedelta(hours=1), versions={}))
    store.observations.record(sweep.id, [judged(judge, each) for each in batch], judge.step)
    store.sweeps.finish(sweep.id, sweep.counts, at)


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def rows(page: Any, name: str) -> list[list[str]]:
    """The cells of a table's rows."""
    found = page.xpath(f"//table[@aria-label='{name}']/tbody/tr")
    return [[words(cell) for cell in row.xpath("td")] for row in found]


def mark_of(page: Any, number: int) -> str:
    [form] = page.xpath(f"//form[@method='post'][input[@name='line' and @value='{number}']]")
    [mark] = form.xpath("input[@name='mark']/@value")
    assert re.fullmatch("[0-9a-f]{32}", mark)
    return str(mark)


@asynccontextmanager
async def served(
    store: Store,
    *,
    login: Credentials | None = None,
    address: str = "127.0.0.1",
    host: str = "127.0.0.1:8080",
    settings: Settings | None = None,
    more: Sequence[Route] = (),
) -> AsyncIterator[Served]:
    """Serve a dashboard to a client at an address, which calls it by a host."""
    given = settings or Settings()
    app = App(settings=given, store=store, words=words_of(given), rules=rules_of(given))
    problems: list[str] = []

    async def health() -> Health:
        return Health(started=START, problems=tuple(problems))

    async def figures() -> Figures:
        return Figures(up=True)

    def diagnoser(by: str) -> Diagnoser:
        return app.diagnoser(by=by, patience=0.3)

    queries = Queries(store=store, health=health, diagnoser=diagnoser, clock=now)
    board = Dashboard(queries, csrf_token=CsrfToken(b"key"), zone="UTC", by="tester")
    pages = Pages(
        push_queue=PushQueue(), clock=now, on_push=lambda _: None, health=health, figures=figures,
        more=[*board.routes(), *more], authenticator=Authenticator(login),
        host_names={"localhost", "fleet.example"},
    )  # fmt: skip
    transport = httpx.ASGITransport(
        app=pages.application(), client=(address, 4711), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        yield Served(client=client, app=app, queries=queries, problems=problems)
