"""Everything that serves files, as the settings have it: for `fleet provision serve` and daemons.

async with listeners(settings, store, open_store=partial(open_store, settings), clock=now) as it:
    await it.wait()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from fleet.descriptors import share
from fleet.http_server import Connections
from fleet.provision.files.decide import Rules
from fleet.provision.files.handshakes import Handshakes
from fleet.provision.files.limits import Limits
from fleet.provision.files.names import Paths
from fleet.provision.files.networks import is_within, parse_address, parse_networks
from fleet.provision.files.nonces import Nonces
from fleet.provision.firmware import FirmwareFolder, FirmwareGate
from fleet.provision.readiness import obstacles
from fleet.provision.serve.fetch_log import FetchLog
from fleet.provision.serve.file_source import FileSource
from fleet.provision.serve.http_app import HttpApp
from fleet.provision.serve.http_server import HttpListener
from fleet.provision.serve.request_handler import RequestHandler
from fleet.provision.serve.subprocess_listener import SubprocessListener
from fleet.provision.serve.tftp_server import TftpListener
from fleet.provision.serve.tls import legacy_context, modern_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from types import TracebackType

    from fleet.provision.serve.listener import Listener
    from fleet.settings import Settings
    from fleet.settings.provisioning import ProvisioningSettings
    from fleet.store import Store

_log = logging.getLogger(__name__)

HTTP, HTTPS, LEGACY_HTTPS, TFTP = "http", "https", "legacy-https", "tftp"

# Parts of the descriptors that a process may have; the rest are for polling and the database.
_OF_HTTP, _OF_TFTP = 0.25, 0.125
_MOST_CONNECTIONS, _MOST_TRANSFERS = 5000, 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """What is shared by all listeners of one process."""

    handler: RequestHandler
    fetch_log: FetchLog
    connections: Connections


class FileService:
    """Serves files from the start of the `with` to its end."""

    def __init__(self, parts: _Parts, listeners: Mapping[str, Listener]) -> None:
        self._parts = parts
        self._listeners = listeners
        self._upkeep: list[asyncio.Task[None]] = []

    @property
    def urls(self) -> dict[str, str]:
        """Where files are served, by the kind of the listener."""
        return {kind: listener.url for kind, listener in self._listeners.items()}

    async def refresh(self) -> None:
        """Take over the inventory at once; else it is known here within seconds."""
        await self._parts.handler.refresh()

    async def flush(self) -> None:
        """Write down at once what was fetched; else that is done every second."""
        await self._parts.fetch_log.flush()

    async def wait(self) -> None:
        """Wait until something that must not end ends, and raise what it raised."""
        done, _ = await asyncio.wait(self._upkeep, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def __aenter__(self) -> Self:
        """Start. Raises `ServerError` for what cannot be listened on, `StoreError`."""
        await self._parts.handler.start()
        async with contextlib.AsyncExitStack() as started:
            for listener in self._listeners.values():
                await listener.start()
                started.push_async_callback(listener.stop)
            self._started = started.pop_all()
        run = (self._parts.fetch_log.run(), self._parts.handler.run())
        self._upkeep = [asyncio.create_task(each) for each in run]
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Stop: finish what was begun, and write all of it down."""
        try:
            await self._started.aclose()
        finally:
            fetch_log, handler = self._upkeep
            handler.cancel()
            self._parts.fetch_log.stop()
            await asyncio.gather(fetch_log, handler, return_exceptions=True)


def listeners(
    settings: Settings,
    store: Store,
    *,
    open_store: Callable[[], Store],
    clock: Callable[[], datetime],
) -> FileService:
    """Make what serves files: http, and https, legacy https and TFTP where the settings say so.

    `open_store` and `clock` are also called in the legacy listener's own process, and so must be
    what can be pickled. Raises `SettingsError` for certificates that cannot be used.
    """
    for obstacle in obstacles(settings, store):
        _log.warning("%s %s", obstacle.text, obstacle.remedy)
    chosen, parts = settings.provisioning, _parts(settings, store, clock)
    made: dict[str, Listener] = {HTTP: _http(parts, settings)}
    if chosen.https:
        made[HTTPS] = _https(parts, settings)
    if chosen.legacy_https:
        made[LEGACY_HTTPS] = SubprocessListener(partial(_legacy, settings, open_store, clock))
    if chosen.tftp:
        made[TFTP] = TftpListener(
            parts.handler,
            host=chosen.host,
            port=chosen.tftp_port,
            paths=_paths(chosen),
            most=share(_OF_TFTP, _MOST_TRANSFERS),
        )
    return FileService(parts, made)


def firmware_folder(settings: Settings, clock: Callable[[], datetime]) -> FirmwareFolder:
    """The folder of firmware and language files."""
    path = settings.folder / Path(settings.provisioning.firmware_folder)
    return FirmwareFolder(path, lambda: clock().timestamp())


def firmware_gate(settings: Settings, store: Store, clock: Callable[[], datetime]) -> FirmwareGate:
    """Make what tells which firmware phones may have."""
    return FirmwareGate(
        store=store,
        folder=firmware_folder(settings, clock),
        versions=settings.provisioning.firmware_versions,
        clock=clock,
    )


def _parts(settings: Settings, store: Store, clock: Callable[[], datetime]) -> _Parts:
    chosen, handshakes = settings.provisioning, Handshakes()
    fetch_log = FetchLog(store, handshakes, clock, known_secrets=settings.known_secrets)
    handler = RequestHandler(
        store=store,
        source=FileSource(store, firmware_gate(settings, store, clock), chosen.phone_book),
        fetch_log=fetch_log,
        handshakes=handshakes,
        nonces=Nonces(secrets.token_bytes(32)),
        rules=_rules(chosen),
        limits=Limits.of(
            address=chosen.address_limit, phone=chosen.phone_limit, total=chosen.total_limit
        ),
        clock=clock,
        known_secrets=settings.known_secrets,
    )
    return _Parts(handler=handler, fetch_log=fetch_log, connections=_connections(chosen))


def _connections(chosen: ProvisioningSettings) -> Connections:
    """The places of all HTTP listeners of a process: far below what it may have open."""
    most = share(_OF_HTTP, _MOST_CONNECTIONS)
    proxies = parse_networks(tuple(chosen.trusted_proxies))
    return Connections(
        most, max(most // 4, 1), lambda address: is_within(parse_address(address), proxies)
    )


def _rules(chosen: ProvisioningSettings) -> Rules:
    return Rules(
        networks=parse_networks(tuple(chosen.networks)),
        second_address_after=timedelta(seconds=chosen.second_address_after),
        wants_login=chosen.login == "digest",
        takes_factory_login=chosen.factory_login,
        wants_secret=chosen.path_secret is not None,
        enrols=chosen.enrol,
    )


def _http(parts: _Parts, settings: Settings) -> HttpListener:
    chosen = settings.provisioning
    app = _app(parts, chosen, HTTP)
    return HttpListener(app, parts.connections, host=chosen.host, port=chosen.port, setting="port")


def _https(parts: _Parts, settings: Settings) -> HttpListener:
    chosen, folder = settings.provisioning, settings.folder
    return HttpListener(
        _app(parts, chosen, HTTPS),
        parts.connections,
        host=chosen.host,
        port=chosen.https_port,
        setting="https_port",
        context=modern_context(folder / chosen.https_certificate, folder / chosen.https_key),
    )


def _legacy(
    settings: Settings, open_store: Callable[[], Store], clock: Callable[[], datetime]
) -> FileService:
    """What serves files over TLS 1.0, for a process that does nothing else."""
    chosen, folder = settings.provisioning, settings.folder
    parts = _parts(settings, open_store(), clock)
    listener = HttpListener(
        _app(parts, chosen, LEGACY_HTTPS),
        parts.connections,
        host=chosen.legacy_https_host,
        port=chosen.legacy_https_port,
        setting="legacy_https_port",
        context=legacy_context(
            folder / chosen.legacy_https_certificate, folder / chosen.legacy_https_key
        ),
    )
    return FileService(parts, {LEGACY_HTTPS: listener})


def _app(parts: _Parts, chosen: ProvisioningSettings, kind: str) -> HttpApp:
    return HttpApp(
        parts.handler,
        paths=_paths(chosen),
        trusted=parse_networks(tuple(chosen.trusted_proxies)),
        protocol=kind,
    )


def _paths(chosen: ProvisioningSettings) -> Paths:
    secret = chosen.path_secret.get_secret_value() if chosen.path_secret else ""
    return Paths(secret=secret, prefixes=tuple(chosen.path_prefixes))
