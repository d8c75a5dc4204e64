"""`fleet provision serve`, `fetches` and `firmware`: files on their way to phones."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from fleet.app import now
from fleet.cli.common import TIME, console, counted, no_phones, opened, with_app, with_settings
from fleet.cli.groups import is_quiet, is_verbose
from fleet.cli.logs import FORMATS, log_to_stderr
from fleet.cli.tables import local, table
from fleet.daemon import stop_on_signals
from fleet.loop import run
from fleet.model import FetchOutcome
from fleet.provision.firmware import Compliance, compliance
from fleet.provision.serve import firmware_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from fleet.app import App
    from fleet.model import Fetch
    from fleet.provision.firmware import FirmwareRecord, FolderFile
    from fleet.settings import Settings

log = logging.getLogger(__name__)

MOST = 100  # fetches that are shown unless more are asked for
_WIDE = 100  # columns from which on there is room for the phone's name
_SHORT = 12  # characters of a checksum, for people to compare


@click.command()
@click.option(
    "--log-format",
    type=click.Choice(list(FORMATS)),
    default="plain",
    show_default=True,
    help="Lines of time, level and message, or a JSON object a line.",
)
@with_settings
def serve(settings: Settings, log_format: str) -> None:
    """Give phones their files until stopped: over http, and what [provisioning] says beside it.

    What was applied is served, nothing else; firmware and languages come from [provisioning]
    firmware_folder. fleet provision fetches shows who was given what. SIGTERM or Ctrl-C stops it.
    """
    log_to_stderr(log_format, is_verbose=is_verbose(), is_quiet=is_quiet())
    with opened(settings) as app:
        run(_serve(app))


async def _serve(app: App) -> None:
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    async with app.file_service() as service:
        for url in service.urls.values():
            log.info("Serving files at %s", url)
        stopped = asyncio.create_task(stopping.wait())
        broken = asyncio.create_task(service.wait())
        await asyncio.wait([stopped, broken], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if broken.done():
            await broken
        broken.cancel()


@click.command()
@click.argument("phone", required=False, metavar="[PHONE]")
@click.option("--since", type=TIME, help="From then on: 2026-11-23T07:00, or 6h ago.")
@click.option(
    "--outcome",
    "outcomes",
    type=click.Choice([outcome.value for outcome in FetchOutcome]),
    multiple=True,
    metavar="OUTCOME",
    help="Only what ended so, such as unknown-mac; may be given several times.",
)
@click.option("--file", help="Only this file, such as aastra.cfg.")
@click.option("--limit", type=click.IntRange(min=1), default=MOST, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_app
def fetches(
    app: App,
    phone: str | None,
    since: datetime | None,
    outcomes: tuple[str, ...],
    file: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show who asked for which file, from where, and what became of it; the newest first.

    served and not-modified gave the file. cut-off: the connection ended before the last byte. What
    the others mean is in docs/serving.md.
    """
    found = app.store.fetches(
        phone_id=app.store.find_phone(phone) if phone else None,
        since=since,
        file=file,
        outcomes=[FetchOutcome(each) for each in outcomes] or None,
        limit=limit,
    )
    if as_json:
        click.echo(json.dumps([_fetch_object(each) for each in found], indent=1))
        return
    screen = console()
    if not found:
        screen.print("No fetches of that kind." if app.store.count_phones() else no_phones(app))
        return
    columns, rows = _columns(found, names=_names(app) if screen.width >= _WIDE else None)
    screen.print(table(columns, rows, folds=("phone", "file", "from")))


def _columns(
    found: Sequence[Fetch], names: dict[int, str] | None
) -> tuple[list[str], list[list[str]]]:
    columns = ["at", "file", "from", "outcome", "bytes", "rev"]
    rows = [
        [
            local(fetch.at),
            fetch.file,
            fetch.address,
            fetch.outcome.value,
            str(fetch.sent),
            "" if fetch.revision is None else str(fetch.revision),
        ]
        for fetch in found
    ]
    if names is not None:
        columns.insert(1, "phone")
        for row, fetch in zip(rows, found, strict=True):
            row.insert(1, names.get(fetch.phone_id or 0, fetch.mac))
    return columns, rows


def _names(app: App) -> dict[int, str]:
    return {one.stored.id: one.stored.phone.label for one in app.store.statuses()}


def _fetch_object(fetch: Fetch) -> dict[str, Any]:
    return asdict(fetch) | {"at": fetch.at.isoformat(timespec="milliseconds")}


@click.command()
@click.option("--site", help="Only the phones of this site.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in Compliance]),
    help="Only phones of which this holds.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_app
def firmware(app: App, site: str | None, state: str | None, as_json: bool) -> None:
    """Compare the firmware that phones run with the files that they would get.

    What a phone runs is what its last poll saw. Which version a file holds only an admin can say:
    [provisioning.firmware_versions] in the settings.
    """
    app.check_site(site)
    files = firmware_folder(app.settings, now).files()
    versions = app.settings.provisioning.firmware_versions
    all_of_them = list(compliance(app.store.statuses(site=site), files, versions))
    records = [one for one in all_of_them if state in (None, one.state)]
    if as_json:
        document = {
            "files": [_file_object(file) for file in files.values()],
            "phones": [_record_object(record) for record in records],
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    _show(app, files.values(), records)


def _show(app: App, files: Iterable[FolderFile], records: Sequence[FirmwareRecord]) -> None:
    screen = console()
    listed = [
        (file.name, str(file.size), local(file.modified), file.sha256[:_SHORT], file.md5)
        for file in files
    ]
    if listed:
        titles = ("file", "bytes", "changed", "sha256", "md5")
        screen.print(table(titles, listed, folds=("file", "md5")))
    else:
        folder = app.settings.folder / app.settings.provisioning.firmware_folder
        screen.print(f"There is no firmware in {folder}.")
    if records:
        screen.print()
        rows = [
            (one.phone, one.model, one.firmware, one.file, one.version, one.state.value)
            for one in records
        ]
        columns = ("phone", "model", "runs", "file", "holds", "state")
        screen.print(table(columns, rows, folds=("phone", "file", "holds")))
    counts = Counter(one.state.value for one in records)
    parts = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    screen.print(f"{counted(len(records), 'phone')}{f': {parts}' if parts else ''}.")


def _file_object(file: FolderFile) -> dict[str, Any]:
    return asdict(file) | {"modified": file.modified.isoformat(timespec="seconds")}


def _record_object(record: FirmwareRecord) -> dict[str, Any]:
    at = record.observed_at
    return asdict(record) | {"observed_at": at.isoformat(timespec="seconds") if at else None}
