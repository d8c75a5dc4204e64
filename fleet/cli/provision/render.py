"""`fleet provision render`: the files as the inventory wants them, applied or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import console, standard_output, with_app
from fleet.cli.groups import examples
from fleet.errors import UsageError
from fleet.files import replacing
from fleet.phone.config_file import configuration_documents, read
from fleet.provision.mask import masked_file, masked_parameter
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from fleet.app import App
    from fleet.provision.render import Rendered


@click.command(
    epilog=examples(
        "fleet provision render reception",
        "fleet provision render aastra.cfg --secrets",
        "fleet provision render --output files",
    )
)
@click.argument("name", required=False, metavar="[FILE|PHONE]")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write all files into.",
)
@click.option("--secrets", is_flag=True, help="Include secrets in clear text: protect the output.")
@click.option(
    "--xml", "as_xml", is_flag=True, help="Print XML objects, for other tools to push to phones."
)
@with_app
def render(app: App, name: str | None, output: Path | None, secrets: bool, as_xml: bool) -> None:
    """Print one file (aastra.cfg, 6753i.cfg, 00085D126411.cfg), or write all into a folder.

    PHONE means the file of that phone. Without --secrets, lines with secrets become comments with
    ***, and the file says that it is not for phones. Nothing is applied: phones get the last
    applied revision. With --xml, each line is one XML object, short enough for a phone; marks (!
    and ^) are left out.
    """
    if (name is None) == (output is None):
        raise UsageError("Name one file, or use --output FOLDER for all files.")
    if output is not None and as_xml:
        raise UsageError("--xml works for one file only.")
    provisioner = app.provisioner()
    rendered, hide = provisioner.rendered, None if secrets else provisioner.secret_names
    if output is not None:
        count = _write(rendered, output, hide)
        console().print(f"Wrote {counted(count, 'file')} to {output}")
        return
    found = dict(_files(rendered, None))
    body = found[_file_name(app, rendered, found, name or "")]
    if as_xml:
        standard_output().write(_as_xml(body, hide))
    else:
        standard_output().write(body if hide is None else masked_file(body, hide))


def _as_xml(body: bytes, hide: Collection[str] | None) -> bytes:
    parameters = read(body).parameters
    shown = parameters if hide is None else [masked_parameter(one, hide) for one in parameters]
    if hide is not None and any(a.value != b.value for a, b in zip(parameters, shown, strict=True)):
        click.echo("Secrets are left out: do not push these objects to phones.", err=True)
    return b"".join(each + b"\n" for each in configuration_documents(shown))


def _file_name(app: App, rendered: Rendered, found: dict[str, bytes], name: str) -> str:
    by_lower = {each.lower(): each for each in found}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    if name.lower().endswith(".cfg"):
        raise UsageError(
            f"There is no file {name}; fleet provision render --output FOLDER writes all files."
        )
    number = app.store.phones.find(name)
    file = next(each for each in rendered.own if each.phone.phone_id == number)
    if file.problem:
        raise UsageError(f"{file.phone.label} cannot be rendered: {file.problem}")
    return file.name


def _files(rendered: Rendered, hide: Collection[str] | None) -> Iterator[tuple[str, bytes]]:
    """Every file; `hide` are parameters to hide beside secrets, None to show all."""
    for shared in rendered.shared:
        yield shared.name, shared.body if hide is None else masked_file(shared.body, hide)
    for own in rendered.own:
        if not own.problem:
            yield own.name, own.body if hide is None else masked_file(own.body, hide)


def _write(rendered: Rendered, folder: Path, hide: Collection[str] | None) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, body in _files(rendered, hide):
        with replacing(folder / name, private=hide is None) as file:
            file.write(body)
        count += 1
    return count
