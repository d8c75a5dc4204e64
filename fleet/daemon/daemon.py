"""The daemon: schedule, web server, dead man's switch and systemd, from the start to the end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.daemon.vitals import Vitals
from fleet.daemon.work import Work
from fleet.loop import log_failure
from fleet.model import Credentials
from fleet.ping import Pinger, get
from fleet.schedule import Schedule, Timetable
from fleet.sweep import SCHEDULE
from fleet.web import (
    Authenticator,
    CsrfToken,
    Dashboard,
    Pages,
    Place,
    PushQueue,
    PushResult,
    Queries,
    listen,
    server,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fleet.app import App
    from fleet.daemon.services import Services
    from fleet.systemd import Notifier

log = logging.getLogger(__name__)

_PATIENCE = 4.0  # seconds for which a registrar may be silent before somebody at a button
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Daemon:
    """Everything that runs for months. Made and run within one event loop.

    `on_ready` is called once it listens.
    """

    def __init__(
        self,
        app: App,
        services: Services,
        notifier: Notifier,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        ping_url = app.settings.watchdog.ping_url
        self._app, self._notifier, self._on_ready = app, notifier, on_ready
        self._pinger = Pinger(url=ping_url.get_secret_value(), send=get) if ping_url else None
        self._push_queue = PushQueue()
        self._work = work = Work(app, services, self._push_queue, self._pinger)
        table = Timetable(name=SCHEDULE, interval=work.interval, audit=services.audit_at)
        self._schedule = Schedule(work.duties(), table, now)
        work.look_at, work.wake = self._schedule.look_at, self._schedule.wake
        self._vitals = Vitals(app, work, self._schedule, self._push_queue, self._pinger)
        self._place = place_of(app)

    async def run(
        self, stopping: asyncio.Event, is_reload: Callable[[], bool] = lambda: False
    ) -> None:
        """Work until `stopping` is set. Raises `ServerError` if it cannot listen.

        `is_reload`: whether the daemon starts again at once, of which systemd was informed.
        """
        async with self._serving_files(stopping):
            await self._watch_phones(stopping, is_reload)
        log.info("Stopped.")

    @asynccontextmanager
    async def _serving_files(self, stopping: asyncio.Event) -> AsyncIterator[None]:
        """Give phones their files meanwhile, if the settings say so."""
        if not self._app.settings.provisioning.enabled:
            yield
            return
        async with self._app.file_service() as service:
            for url in service.urls.values():
                log.info("Serving files at %s", url)
            broken = asyncio.create_task(service.wait())
            broken.add_done_callback(lambda _: stopping.set())
            try:
                yield
            finally:
                if broken.done():
                    broken.result()  # phones without files: end with the reason
                broken.cancel()

    async def _watch_phones(self, stopping: asyncio.Event, is_reload: Callable[[], bool]) -> None:
        await asyncio.to_thread(self._app.rejudge)  # other settings, or what a kill left to do
        web = server(self._pages().application(), self._place)
        await self._work.learn_callers()
        taken = listen(self._place)
        helpers = [asyncio.create_task(self._watch(), name="What informs systemd")]
        if self._pinger is not None:
            ping = asyncio.create_task(self._pinger.run(), name="What pings the watchdog")
            helpers.append(ping)
        for task in helpers:
            task.add_done_callback(log_failure)
        serving = asyncio.create_task(web.serve(sockets=[taken]))
        # Without its server nobody would hear the phones: end, for systemd to start it anew.
        serving.add_done_callback(lambda _: stopping.set())
        self._say_hello(taken)
        try:
            await self._schedule.run(stopping)
        finally:
            if not is_reload():
                self._notifier.stopping()
            web.should_exit = True
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await serving

    def _pages(self) -> Pages:
        return Pages(
            push_queue=self._push_queue,
            clock=now,
            on_push=self._on_push,
            health=self._vitals.health,
            figures=self._vitals.figures,
            authenticator=Authenticator(login_of(self._app)),
            host_names=host_names(self._app),
            more=self._dashboard().routes(),
        )

    def _dashboard(self) -> Dashboard:
        app, login = self._app, login_of(self._app)
        queries = Queries(
            store=app.store,
            health=self._vitals.health,
            diagnoser=lambda by: app.diagnoser(by=by, patience=_PATIENCE),
            clock=now,
        )
        return Dashboard(
            queries,
            csrf_token=CsrfToken(secrets.token_bytes(32)),
            zone=app.settings.timezone,
            by=f"dashboard, {login.username}" if login else "dashboard",
        )

    def _on_push(self, result: PushResult) -> None:
        if result in (PushResult.TAKEN, PushResult.UNKNOWN_PHONE):
            self._schedule.wake("push")

    def _say_hello(self, taken: socket.socket) -> None:
        host, port = taken.getsockname()[:2]
        log.info(
            "Watching %d phones of %s, polling each every %g s; listening on %s port %d.",
            self._app.store.phones.count(),
            self._app.store.place,
            self._app.settings.poll.interval,
            host,
            port,
        )
        self._notifier.ready()
        self._on_ready()

    async def _watch(self) -> None:
        """Tell systemd that all is well, as long as the loop and the jobs are alive."""
        if self._notifier.watchdog is None:
            return
        was_told = ""
        while True:
            trouble = self._schedule.trouble()
            if not trouble:
                self._notifier.alive()
            elif trouble != was_told:
                log.error("%s systemd will restart fleet.", trouble)
                self._notifier.status(trouble)
            was_told = trouble
            await asyncio.sleep(self._notifier.watchdog / 3)


def login_of(app: App) -> Credentials | None:
    """The login of the dashboard; None where it is for this machine alone."""
    given = app.settings.server
    if given.password is None:
        return None
    return Credentials(username=given.username, password=given.password.get_secret_value())


def host_names(app: App) -> frozenset[str]:
    """Return the names by which requests may call this server, in lower case."""
    names = ("localhost", socket.gethostname(), *app.settings.server.hosts)
    return frozenset(name.lower().removesuffix(".") for name in names)


def place_of(app: App) -> Place:
    """Where the settings want the daemon to listen."""
    settings = app.settings.server
    folder = app.settings.folder
    return Place(
        host=settings.host,
        port=settings.port,
        proxies=settings.trusted_proxies,
        certificate=folder / settings.certificate if settings.certificate else None,
        certificate_key=folder / settings.certificate_key if settings.certificate_key else None,
    )


def stop_on_signals(stopping: asyncio.Event) -> None:
    """Have SIGTERM and SIGINT set the event; a second one of either ends the process at once."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        log.info("Stopping; unfinished work continues at the next start.")
        stopping.set()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in _SIGNALS:
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop)
