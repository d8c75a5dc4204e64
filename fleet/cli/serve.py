"""`fleet serve`: the daemon."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import opened, with_settings
from fleet.cli.config import check_settings, settings_file
from fleet.cli.groups import examples, is_quiet, is_verbose
from fleet.cli.logs import FORMATS, log_to_stderr
from fleet.errors import FleetError
from fleet.loop import run, use_few_arenas
from fleet.settings import load_settings
from fleet.systemd import Notifier, unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.app import App
    from fleet.settings import Settings


log = logging.getLogger(__name__)


@click.command(
    epilog=examples(
        "fleet serve",
        "fleet serve --config /etc/fleet/fleet.toml --log-format json",
        "fleet serve --systemd-unit",
    )
)
@click.option(
    "--log-format",
    type=click.Choice(list(FORMATS)),
    default="plain",
    show_default=True,
    help="Format of the log: plain lines, or one JSON object per line.",
)
@click.option(
    "--systemd-unit",
    is_flag=True,
    help="Print a systemd unit for this installation and these settings, and exit.",
)
@with_settings
def command(settings: Settings, log_format: str, systemd_unit: bool) -> None:
    """Run the daemon: it monitors the fleet until you stop it.

    The daemon polls every phone once per [poll] interval, opens and resolves incidents, sends
    alerts, writes the nightly audit, deletes old records and serves the dashboard. Phones may push
    their events to it (docs/operations.md, The daemon).

    \b
    http://127.0.0.1:8080/          the dashboard, for this machine only
    http://127.0.0.1:8080/healthz   200 if all is well, else 503 and the reason
    http://127.0.0.1:8080/metrics   metrics for Prometheus

    It logs changes to standard error. SIGHUP reloads the settings. SIGTERM or Ctrl-C stops it
    within seconds; the next start resumes an interrupted sweep. Several daemons may share a
    database: each planned sweep runs on one of them.
    """  # noqa: D301  \b is a character here: click's mark for a block kept as it is
    if systemd_unit:
        click.echo(unit_for(settings, settings_file()), nl=False)
        return
    log_to_stderr(log_format, is_verbose=is_verbose(), is_quiet=is_quiet())
    use_few_arenas()
    config = settings_file()
    following: Settings | None = settings
    while following is not None:
        with opened(following, upgrade=True) as app:
            following = run(serve(app, reload=lambda: load_settings(config, os.environ)))


async def serve(
    app: App,
    on_ready: Callable[[], None] = lambda: None,
    reload: Callable[[], Settings] | None = None,
) -> Settings | None:
    """Run the daemon until a signal stops it; say when it listens.

    With `reload`, SIGHUP reads the settings again: return them, for the daemon to start with. Where
    they cannot be used the log says why, and the daemon goes on with the old ones. None: it ended.
    """
    from fleet.daemon import Daemon, Services, stop_on_signals

    stopping = asyncio.Event()
    stop_on_signals(stopping)
    notifier = Notifier.of(os.environ, os.getpid())
    read: list[Settings] = []

    def read_again(load: Callable[[], Settings]) -> None:
        try:
            settings = load()
            check_settings(settings)
        except FleetError as error:
            log.error("The new settings are not used, the old ones stay in effect: %s", error)
            return
        log.info("Reloaded the settings; restarting with them.")
        read.append(settings)
        notifier.reloading()
        stopping.set()

    if reload is not None:
        with suppress(NotImplementedError, AttributeError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, read_again, reload)
    await Daemon(app, Services.of(app), notifier, on_ready).run(stopping, lambda: bool(read))
    return read[-1] if read else None


def unit_for(settings: Settings, config: Path | None) -> str:
    """The unit for this installation and its settings.

    It runs as the owner of the folder that the daemon writes to: that of an SQLite database, else
    that of the key. /etc/fleet may belong to root.
    """
    folder = settings.folder.resolve()
    script = Path(sys.argv[0]).resolve()
    database = _database(settings)
    key_folder = settings.key_file.resolve().parent
    audits = settings.audit_folder.resolve()
    written = {key_folder, *database}
    # systemd wants each folder to exist, and that of the audits is made when it is needed.
    if not any(audits.is_relative_to(each) for each in written):
        written.add(folder if audits.is_relative_to(folder) else audits)
    is_script = script.name == "fleet" and os.access(script, os.X_OK)
    begin = [str(script)] if is_script else [sys.executable, "-m", "fleet"]
    return unit(
        command=[*begin, "serve", *(["--config", str(config)] if config else [])],
        folder=folder,
        user=(database or [key_folder])[0].owner(),
        writable=sorted(each for each in written if not written & set(each.parents)),
        environment=folder / "fleet.env",
        port=settings.server.port,
    )


def _database(settings: Settings) -> list[Path]:
    kind, _, path = settings.database_url.partition(":///")
    return [Path(path).resolve().parent] if kind.startswith("sqlite") and path else []
