"""`fleet provision serve`, `fetches` and `firmware`: files on their way to phones."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import (
    JSON,
    TIME,
    console,
    no_phones,
    opened,
    print_json,
    user_name,
    with_app,
    with_settings,
)
from fleet.cli.completion import PHONE, SITE
from fleet.cli.groups import Group, examples, is_quiet, is_verbose
from fleet.cli.logs import FORMATS, log_to_stderr
from fleet.cli.tables import local, table
from fleet.clock import now
from fleet.loop import run
from fleet.model import FetchOutcome
from fleet.provision.firmware import Compliance, compliance
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from datetime import datetime

    from fleet.app import App
    from fleet.model import Fetch
    from fleet.provision.firmware import FirmwareRecord, FolderFile
    from fleet.settings import Settings

log = logging.getLogger(__name__)

MOST = 100  # fetches that are shown unless more are asked for
_WIDE = 100  # columns from which on there is room for the phone's name
_SHORT = 12  # characters of a checksum, for people to compare


@click.command(
    epilog=examples(
        "fleet provision serve",
        "fleet provision serve --log-format json",
    )
)
@click.option(
    "--log-format",
    type=click.Choice(list(FORMATS)),
    default="plain",
    show_default=True,
    help="Format of the log: plain lines, or one JSON object per line.",
)
@with_settings
def serve(settings: Settings, log_format: str) -> None:
    """Serve the phones' files over http, and as [provisioning] says over https and TFTP.

    Phones get applied revisions only. Firmware and languages come from [provisioning]
    firmware_folder. fleet provision fetches shows who fetched what. Stop it with SIGTERM or Ctrl-C.
    """
    log_to_stderr(log_format, is_verbose=is_verbose(), is_quiet=is_quiet())
    with opened(settings) as app:
        run(_serve(app))


async def _serve(app: App) -> None:
    from fleet.daemon import stop_on_signals

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


@click.command(
    epilog=examples(
        "fleet provision fetches --since 6h",
        "fleet provision fetches reception --file aastra.cfg",
        "fleet provision fetches --outcome unknown-mac --json",
    )
)
@click.argument("phone", type=PHONE, required=False, metavar="[PHONE]")
@click.option(
    "--since", type=TIME, help="List only fetches after this time: 2026-11-23T07:00 or 6h."
)
@click.option(
    "--outcome",
    "outcomes",
    type=click.Choice([outcome.value for outcome in FetchOutcome]),
    multiple=True,
    metavar="OUTCOME",
    help="List only this outcome, such as unknown-mac; may be repeated.",
)
@click.option("--file", help="List only this file, such as aastra.cfg.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=MOST,
    show_default=True,
    help="Maximum number of fetches.",
)
@JSON
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
    """List who asked for which file, from where, and the outcome; the newest first.

    served and not-modified are successful. cut-off: the connection ended before the last byte.
    docs/serving.md describes the other outcomes.
    """
    found = app.store.fetches.load(
        phone_id=app.store.phones.find(phone) if phone else None,
        since=since,
        file=file,
        outcomes=[FetchOutcome(each) for each in outcomes] or None,
        limit=limit,
    )
    if as_json:
        print_json({"fetches": [_fetch_object(each) for each in found]})
        return
    screen = console()
    if not found:
        screen.print("No fetch matches." if app.store.phones.count() else no_phones(app))
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
    return {one.stored.id: one.stored.phone.label for one in app.store.observations.statuses()}


def _fetch_object(fetch: Fetch) -> dict[str, Any]:
    return asdict(fetch) | {"at": fetch.at.isoformat(timespec="milliseconds")}


class FirmwareGroup(Group):
    """`fleet provision firmware --json` means `fleet provision firmware list --json`."""

    default = "list"


@click.group(cls=FirmwareGroup)
def firmware() -> None:
    """Compare the phones' firmware with the files of the folder, and accept new files.

    A file that replaces an accepted one is not served until it is rolled out, with fleet provision
    rollout start --firmware, or accepted. Without a command, fleet lists files and phones.
    """


@firmware.command(
    epilog=examples(
        "fleet provision firmware accept",
        "fleet provision firmware accept 53i.st",
    )
)
@click.argument("files", nargs=-1)
@with_app
def accept(app: App, files: tuple[str, ...]) -> None:
    """Let every phone have new firmware files (FILES, or all of the folder) at once.

    A phone installs a file when it restarts next, an older version too.
    """
    from fleet.provision.serve import firmware_gate

    accepted = firmware_gate(app.settings, app.store, now).accept(files, by=user_name())
    for file in accepted:
        console().print(f"Accepted {file.name} ({file.version or 'version unknown'}).")
    if not accepted:
        console().print("Nothing to do: every file is accepted already.")


@firmware.command(
    "list",
    epilog=examples(
        "fleet provision firmware",
        "fleet provision firmware --site berlin --json",
    ),
)
@click.option("--site", type=SITE, help="Show only the phones of this site.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in Compliance]),
    help="Show only phones in this state.",
)
@JSON
@with_app
def list_firmware(app: App, site: str | None, state: str | None, as_json: bool) -> None:
    """Compare the firmware that phones run with the files that they would get.

    The running version comes from the last poll. The version of a file comes from
    [provisioning.firmware_versions] in the settings, or from a text such as 3.3.1.4365 in the file.
    """
    from fleet.provision.serve import firmware_gate

    app.check_site(site)
    gate = firmware_gate(app.settings, app.store, now)
    files, known = gate.folder.files(), gate.files()
    held = {file.name for file in gate.unaccepted()}
    versions = {file.model: known[name].version for name, file in files.items() if name in known}
    all_of_them = list(compliance(app.store.observations.statuses(site=site), files, versions))
    records = [one for one in all_of_them if state in (None, one.state)]
    if as_json:
        document = {
            "files": [
                _file_object(file) | {"is_held": name in held} for name, file in files.items()
            ],
            "phones": [_record_object(record) for record in records],
        }
        print_json(document)
        return
    _show(app, files.values(), records, held)


def _show(
    app: App,
    files: Iterable[FolderFile],
    records: Sequence[FirmwareRecord],
    held: Container[str],
) -> None:
    screen = console()
    listed = [
        (file.name, str(file.size), local(file.modified), file.sha256[:_SHORT], file.md5)
        for file in files
    ]
    waiting = [file.name for file in files if file.name.lower() in held]
    if listed:
        titles = ("file", "bytes", "changed", "sha256", "md5")
        screen.print(table(titles, listed, folds=("file", "md5")))
    else:
        folder = app.settings.folder / app.settings.provisioning.firmware_folder
        screen.print(f"There is no firmware in {folder}.")
    if waiting:
        screen.print(
            f"Not accepted: {', '.join(waiting)}. A phone gets such a file when fleet provision "
            "rollout start --firmware has asked it, or all do with fleet provision firmware accept."
        )
    if records:
        screen.print()
        rows = [
            (one.phone, one.model, one.firmware, one.file, one.version, one.state.value)
            for one in records
        ]
        columns = ("phone", "model", "runs", "file", "contains", "state")
        screen.print(table(columns, rows, folds=("phone", "file", "contains")))
    counts = Counter(one.state.value for one in records)
    parts = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    screen.print(f"{counted(len(records), 'phone')}{f': {parts}' if parts else ''}.")


def _file_object(file: FolderFile) -> dict[str, Any]:
    return asdict(file) | {"modified": file.modified.isoformat(timespec="seconds")}


def _record_object(record: FirmwareRecord) -> dict[str, Any]:
    at = record.observed_at
    return asdict(record) | {"observed_at": at.isoformat(timespec="seconds") if at else None}
