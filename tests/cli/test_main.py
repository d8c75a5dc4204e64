"""Help, errors and exit codes."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click
import pytest

from fleet.cli import COMMANDS, cli
from fleet.cli.export import KINDS
from fleet.cli.groups import Group
from fleet.judge import RULES
from fleet.settings.section import keys_of
from fleet.settings.values import SECTIONS, fields_of, is_named
from fleet.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.settings.section import Key
    from tests.cli.conftest import Fleet

DOCS = Path(__file__).parents[2]


def every_command() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = import_module(f"fleet.cli.{name}").command
        found.append((name, command))
        found += every_command_of(name, command)
    return found


def every_command_of(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    if isinstance(command, click.Group):
        context = click.Context(command)
        for sub in command.list_commands(context):
            each = command.get_command(context, sub)
            assert each is not None
            found += [(f"{name} {sub}", each), *every_command_of(f"{name} {sub}", each)]
    return found


def test_help_names_every_command(fleet: Fleet) -> None:
    ran = fleet("--help")

    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)
    assert "\\b" not in ran.out
    assert "See it work:      fleet demo\n" in ran.out


@pytest.mark.parametrize(("name", "command"), every_command(), ids=lambda value: str(value))
def test_every_command_explains_itself(name: str, command: click.Command, fleet: Fleet) -> None:
    ran = fleet(*name.split(), "--help")

    assert ran.code == 0
    assert len(command.help or "") > 20
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "\\b" not in ran.out


LEAVES = [(n, c) for n, c in every_command() if not isinstance(c, click.Group)]


def examples_of(command: click.Command) -> list[str]:
    """The command lines of the block "Examples:" at the end of a command's help."""
    _, found, block = (command.epilog or "").partition("Examples:\n")
    return [line.strip() for line in block.splitlines()] if found else []


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=lambda value: str(value))
def test_every_command_has_examples_that_click_accepts(
    name: str, command: click.Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fleet-backup.db").touch()  # these are named by examples, and have to be there
    Path("old-files").mkdir()
    examples = examples_of(command)

    assert 1 <= sum(name.removesuffix(" list") in each for each in examples) <= 3
    for example in examples:
        for call in example.partition(" < ")[0].split(" && "):
            program, *words = shlex.split(call)
            assert program == "fleet"
            parse(words)


def parse(words: list[str]) -> None:
    """Find the command that the words call, and parse the rest of them. Raises `UsageError`."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        is_named = bool(words) and not words[0].startswith("-")
        name, words = (
            (words[0], words[1:]) if is_named else (getattr(command, "default", ""), words)
        )
        found = command.get_command(click.Context(command), name)
        assert found is not None, name
        command = found
    with command.make_context(command.name, words):
        pass


BANNED = re.compile(
    r"\b(anew|so many|shall|told|held|holds|stands|in words|fate|said|says? of|is told|are told"
    r"|gives?|what \w+ (that|which)|whoever|nobody knows|as it has it)\b"
)


@pytest.mark.parametrize(("name", "command"), every_command(), ids=lambda value: str(value))
def test_help_is_plain_english(name: str, command: click.Command) -> None:
    option_helps = [param.help for param in command.params if isinstance(param, click.Option)]
    texts = [command.help, command.epilog, *option_helps]
    texts += list(command.summaries().values()) if isinstance(command, Group) else []

    assert [text for text in texts if text and BANNED.search(text)] == []
    assert [option for option in command.params if isinstance(option, click.Option)
            and not option.help] == []  # fmt: skip


CHOICES = [
    (name, parameter, value)
    for name, command in every_command()
    for parameter in command.params
    if isinstance(parameter.type, click.Choice)
    for value in parameter.type.choices
]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [choice[1:] for choice in CHOICES],
    ids=[f"{name} {parameter.name} {value}" for name, parameter, value in CHOICES],
)
def test_every_choice_is_taken_in_lower_case(parameter: click.Parameter, value: object) -> None:
    written = str(getattr(value, "value", value))
    assert written == written.lower()
    assert parameter.type.convert(written, parameter, None) == value


# What each of these costs is about what a whole help may cost.
HEAVY = (
    "aiohttp", "alembic", "apprise", "apscheduler", "bs4", "cryptography", "dns", "fleet.app",
    "fleet.store", "httptools", "httpx", "jinja2", "lxml", "openpyxl", "prometheus_client",
    "psycopg", "sqlalchemy", "starlette", "uvicorn", "uvloop", "xlsxwriter", "yaml",
)  # fmt: skip


def test_the_help_of_fleet_loads_nothing_of_its_commands() -> None:
    assert loaded_by([[]], "msgspec", "rich", *HEAVY) == []


def test_no_help_loads_a_library_of_the_work() -> None:
    """All helps in one process: whatever one of them loads is named with it."""
    assert loaded_by([name.split() for name, _ in every_command()], *HEAVY) == []


def loaded_by(commands: list[list[str]], *modules: str) -> list[list[str]]:
    """The commands whose `--help` was the first to load one of the modules, with these."""
    code = f"""
import io, json, sys
from contextlib import redirect_stdout, suppress
from fleet.cli import main
seen, found = set(), []
for words in {commands!r}:
    sys.argv = ["fleet", *words, "--help"]
    with redirect_stdout(io.StringIO()) as out, suppress(SystemExit):
        main()
    assert "Usage: " in out.getvalue(), words
    if new := sorted({{*{modules!r}}} & {{*sys.modules}} - seen):
        found.append([" ".join(words), *new])
        seen |= {{*new}}
print(json.dumps(found))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return cast("list[list[str]]", json.loads(ran.stdout))


def test_the_page_of_commands_names_every_command() -> None:
    page = (DOCS / "docs" / "commands.md").read_text(encoding="utf-8")

    assert not [name for name in COMMANDS if f"`fleet {name}" not in page]


def test_the_readme_names_every_rule() -> None:
    readme = (DOCS / "README.md").read_text(encoding="utf-8")

    assert not [name for name in RULES if f"| `{name}` |" not in readme]


def test_the_settings_page_names_every_setting() -> None:
    text = (DOCS / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `\[([\w.<>]+)\](?: (\w+))?` \|", text, re.MULTILINE))
    wanted = {
        place for section in SECTIONS for place in places(table_name(section), fields_of(section))
    }

    assert documented == wanted


def table_name(section: str) -> str:
    return f"{section}.<name>" if is_named(section) else section


def places(table: str, fields: dict[str, Key]) -> Iterator[tuple[str, str]]:
    for name, field in fields.items():
        if model := field.named:
            yield from places(f"{table}.{name}.<name>", keys_of(model))
        else:
            yield (f"{table}.{name}", "") if field.is_table else (table, name)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["pol"], "No such command 'pol'. Did you mean poll?"),
        (["tap-dance"], "No such command 'tap-dance'."),
        (["poll", "--jsn"], "Did you mean"),
        (["poll", "nobody"], "nobody"),
        (["status", "--at", "yesterday"], "not a time"),
        (["status", "--site", "nowhere"], "There is no site nowhere"),
        (["inventory", "import", "gone.csv"], "gone.csv cannot be read"),
        (["discover", "10.0.0.0/4"], "65536"),
        (["discover", "here"], "not a network"),
        (["export", "lines", "--since", "1d"], "--since works for history"),
        (["poll", "--config", "gone.toml"], "gone.toml cannot be read"),
        (["simulate", "--behaviour", "tap-dance"], "no behaviour tap-dance"),
    ],
)
def test_wrong_usage_is_answered_in_words_and_with_2(
    words: list[str], sentence: str, fleet: Fleet
) -> None:
    ran = fleet(*words)

    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_a_setting_with_a_wrong_value_is_named(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_POLL_CONCURRENCY", "many")

    ran = fleet("poll")

    assert ran.code == 2
    assert "FLEET_POLL_CONCURRENCY" in ran.err


def test_a_database_that_cannot_be_had_ends_with_3(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_DATABASE_URL", "postgresql://fleet:geheim@127.0.0.1:1/fleet")

    ran = fleet("status")

    assert ran.code == 3
    assert "geheim" not in ran.err
    assert "Traceback" not in ran.err


def test_the_group_names_its_exit_codes() -> None:
    assert "Exit codes" in (cli.help or "")
    assert list(KINDS) == ["lines", "phones", "history", "incidents", "audit"]


@pytest.mark.parametrize("words", [["--help"], ["status"], ["export", "lines"]])
def test_a_full_disk_is_one_sentence(words: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123  a device
        ran = run_beside(words, full, tmp_path)

    assert (ran.returncode, ran.stderr) == (3, "Error: No space left on device.\n")


@pytest.mark.parametrize("words", [["--help"], ["status"], ["export", "lines"]])
def test_a_pipe_that_nobody_reads_is_no_failure(words: list[str], tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as unread:  # noqa: PTH123  a descriptor
        ran = run_beside(words, unread, tmp_path)

    assert (ran.returncode, ran.stderr) == (0, "")


def run_beside(words: list[str], out: TextIO, folder: Path) -> subprocess.CompletedProcess[str]:
    if not (folder / "fleet.db").exists():
        Store.open(f"sqlite:///{folder / 'fleet.db'}", keyring=None).close()
    return subprocess.run(
        [sys.executable, "-m", "fleet", *words],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=folder,
    )
