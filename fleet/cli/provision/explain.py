"""`fleet provision explain` and `lint`: where values come from, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import JSON, console, print_json, with_app
from fleet.cli.completion import PHONE
from fleet.cli.groups import examples
from fleet.cli.provision.changes import finding_line, finding_object, some
from fleet.errors import PhoneNotFound, UsageError
from fleet.model import Severity
from fleet.phone.config_file import canonical_name, read, requested_file
from fleet.phone.lint import lint_file
from fleet.phone.parameters import suggestion_for
from fleet.provision.mask import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.app import App
    from fleet.phone.lint import LintFinding
    from fleet.provision.origin import Value
    from fleet.provision.render import OwnFile

    Held = tuple[str, tuple[LintFinding, ...]]  # a phone or file, and its findings


@click.command(
    epilog=examples(
        "fleet provision explain reception",
        "fleet provision explain reception 'sip line1 user name'",
    )
)
@click.argument("phone", type=PHONE, metavar="PHONE")
@click.argument("parameter", required=False, metavar="[PARAM]")
@JSON
@with_app
def explain(app: App, phone: str, parameter: str | None, as_json: bool) -> None:
    """Show each parameter of a phone: its value, the level it comes from, and what it overrides.

    PARAM is the name of a parameter, such as "sip line1 user name". Secrets are shown as ***.
    """
    file = app.provisioner().own(app.store.phones.find(phone))
    values = {**file.phone.base.values, **file.phone.over}
    names = sorted(values) if parameter is None else [_named(file, parameter)]
    there = {name: values[name] for name in names if parameter or values[name].is_there}
    if as_json:
        document = {name: _value_object(name, value) for name, value in there.items()}
        print_json({"parameters": document})
        return
    screen = console()
    for name, value in there.items():
        for line in _explained(file, name, value):
            screen.print(line)
    if file.problem:
        screen.print(f"{file.phone.label} cannot be rendered: {file.problem}")


@click.command(
    epilog=examples(
        "fleet provision lint",
        "fleet provision lint reception --fail-on critical",
        "fleet provision lint old-files --json",
    )
)
@click.argument("what", nargs=-1, metavar="[FILE|PHONE]...")
@JSON
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "warning"]),
    help="Exit with code 1 if a problem of this severity or worse is found.",
)
@with_app
def lint(app: App, what: tuple[str, ...], as_json: bool, fail_on: str | None) -> None:
    """Check all phones, some phones, or files on disk for configuration mistakes.

    A FILE is a configuration file, or a folder of them. The name of a file may say which model it
    is for. docs/configuration-files.md lists the checks.
    """
    held = list(_held(app, what))
    if as_json:
        document = {name: [finding_object(one) for one in found] for name, found in held}
        print_json({"findings": document})
    else:
        screen = console()
        for line in _lint_lines(held):
            screen.print(line)
    severities = {one.severity for _, found in held for one in found}
    bad = {Severity.CRITICAL} | ({Severity.WARNING} if fail_on == "warning" else set())
    if fail_on and severities & bad:
        raise SystemExit(1)


def _named(file: OwnFile, parameter: str) -> str:
    name = canonical_name(parameter)
    if name in file.phone.base.values or name in file.phone.over:
        return name
    meant = suggestion_for(name)
    hint = f" (did you mean {meant}?)" if meant and meant != name else ""
    raise UsageError(f"{file.phone.label} has no parameter {name!r}{hint}.")


def _explained(file: OwnFile, name: str, value: Value) -> Iterator[str]:
    stands = f", in {_file_of(file, name)}" if value.is_there and not file.problem else ""
    yield f"{value.wanted.mark}{name}: {shown(name, value.wanted)}"
    yield f"    from {value.origin}{stands}"
    for one in value.over:
        yield f"    instead of {one.wanted.mark}{shown(name, one.wanted)} from {one.origin}"


def _file_of(file: OwnFile, name: str) -> str:
    """The file that says it to the phone."""
    return file.name if name in file.names else "a file that it shares"


def _value_object(name: str, value: Value) -> dict[str, Any]:
    return {
        "value": None if value.wanted.value is None else shown(name, value.wanted),
        "mark": value.wanted.mark,
        "from": str(value.origin),
        "source": value.origin.source,
        "level": value.origin.level,
        "profile": value.origin.profile,
        "instead_of": [
            {"value": shown(name, one.wanted), "from": str(one.origin)} for one in value.over
        ],
    }


def _held(app: App, what: Sequence[str]) -> Iterator[Held]:
    paths = [Path(each) for each in what]
    folders = {path: sorted(path.glob("*.cfg")) for path in paths if path.is_dir()}
    for folder, inside in folders.items():
        if not inside:
            raise UsageError(f"The folder {folder} has no configuration file (*.cfg).")
    files = [one for path in paths for one in folders.get(path, [path]) if one.is_file()]
    for path in files:
        model = requested_file(path.name).model
        yield str(path), lint_file(read(path.read_bytes(), name=path.name), model)
    names = [each for each in what if not (Path(each).is_file() or Path(each).is_dir())]
    if names or not what:
        ids = [_phone(app, name) for name in names] if names else None
        for file, found in app.provisioner().lint(ids):
            yield file.phone.label, tuple(found)


def _phone(app: App, name: str) -> int:
    """Find a phone; a name that looks like a file's is one that is not there."""
    try:
        return app.store.phones.find(name)
    except PhoneNotFound:
        if "/" not in name and "." not in name:
            raise
        raise UsageError(f"There is no file {name}, and no phone with that name.") from None


def _lint_lines(held: Sequence[Held]) -> Iterator[str]:
    """Everything found, each once with the phones against which it holds."""
    groups: dict[LintFinding, list[str]] = {}
    for name, found in held:
        for finding in found:
            groups.setdefault(finding, []).append(name)
    order = list(Severity)
    for finding in sorted(groups, key=lambda one: order.index(one.severity)):
        yield f"{finding_line(finding)}"
        yield f"    {some(groups[finding])}"
    well = sum(not found for _, found in held)
    yield f"Checked {len(held)}: {well} without a finding."
