"""`fleet config`, `fleet help`, and the options that every command takes."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet.settings import sample_settings
from fleet.store import Store

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def test_config_show_prints_what_holds_and_no_secret(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fleet.toml").write_text(
        '[web_ui]\npassword = "geheim-1"\n[alerts]\nurls = ["mailto://u:geheim-2@example.com"]\n'
        '[poll]\ninterval = "10m"\n'
    )
    monkeypatch.setenv("FLEET_POLL_TOTAL_TIMEOUT", "30")

    ran = fleet("config", "show")

    assert ran.code == 0
    assert "geheim" not in ran.out
    shown = tomllib.loads(ran.out)
    assert shown["poll"]["interval"] == "10m"
    assert shown["web_ui"]["password"] == "***"
    assert shown["alerts"]["urls"] == ["***"]
    assert 'total_timeout = "30s"  # FLEET_POLL_TOTAL_TIMEOUT' in ran.out
    assert 'connect_timeout = "5s"  # default' in ran.out


def test_config_show_as_json_prints_no_secret(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text('[database]\nurl = "postgresql://u:geheim@h/d"\n')

    ran = fleet("config", "show", "--json")

    assert json.loads(ran.out)["database"] == {"url": "***"}
    assert "geheim" not in ran.out


def test_config_show_names_the_file_of_the_system_where_it_is_used(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "etc" / "fleet.toml"
    system.parent.mkdir()
    system.write_text('[poll]\ninterval = "10m"\n')
    monkeypatch.setattr("fleet.settings.load.SYSTEM_FILE", system)

    ran = fleet("config", "show")

    assert ran.out.startswith(f"# {system}\n")
    assert 'interval = "10m"\n' in ran.out


def test_every_line_of_the_template_uncommented_is_valid(fleet: Fleet, tmp_path: Path) -> None:
    text = re.sub(r'(?m)^# (?=\[|[\w"][\w".-]* = )', "", sample_settings())
    (tmp_path / "fleet.toml").write_text(text)

    ran = fleet("config", "check")

    assert (ran.code, ran.err) == (0, "")
    assert "valid" in ran.out


@pytest.mark.parametrize(
    ("toml", "place"),
    [
        ('[audit]\nat = "99 * * * *"', "[audit] at"),
        ('[alerts.routes.a]\nseverities = ["critical"]', "[alerts.routes.a]"),
        ('[alerts]\nurls = ["nosuch://x"]', "[alerts]"),
        ("[rules.nosuch]\nenabled = false", "nosuch"),
        ('[web_ui.words]\nnosuch = ["x"]', "[web_ui.words]"),
    ],
)
def test_config_check_names_what_is_wrong(
    toml: str, place: str, fleet: Fleet, tmp_path: Path
) -> None:
    (tmp_path / "fleet.toml").write_text(toml)

    ran = fleet("config", "check")

    assert ran.code == 2
    assert place in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("--config", "other.toml", "inventory", "list"),
        ("inventory", "--config", "other.toml", "list"),
        ("inventory", "list", "--config", "other.toml"),
        ("--config", "other.toml", "incidents", "silences"),
        ("incidents", "--config", "other.toml", "silences"),
        ("incidents", "--config=other.toml"),
    ],
)
def test_the_settings_file_is_named_before_or_after_the_command(
    words: tuple[str, ...], fleet: Fleet, tmp_path: Path
) -> None:
    (tmp_path / "other.toml").write_text('[database]\nurl = "sqlite:///other.db"\n')
    Store.open(f"sqlite:///{tmp_path / 'other.db'}", keyring=None).close()

    assert fleet("init").code == 0
    (tmp_path / "fleet.toml").write_text("[nonsense]\n")
    assert fleet(*words).code == 0


def test_an_empty_variable_counts_as_unset(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fleet.toml").write_text('[poll]\ninterval = "10m"\n')
    monkeypatch.setenv("FLEET_POLL_INTERVAL", "")
    monkeypatch.setenv("FLEET_AUDIT_TIMEZONE", " ")

    ran = fleet("config", "show")

    assert ran.code == 0
    assert tomllib.loads(ran.out)["poll"]["interval"] == "10m"


def test_help_shows_the_help_of_a_command(fleet: Fleet) -> None:
    assert fleet("help").out == fleet("--help").out
    assert fleet("help", "provision", "plan").out == fleet("provision", "plan", "--help").out
    ran = fleet("help", "provison")
    assert (ran.code, "Did you mean provision?" in ran.err) == (2, True)


def test_help_prints_the_pages_that_helps_and_errors_name(fleet: Fleet) -> None:
    root = Path(__file__).parents[2]
    sources = [path.read_text() for path in (root / "fleet").rglob("*.py")]
    named = {page for text in sources for page in re.findall(r"docs/[\w-]+\.md", text)}
    pages = {f"docs/{path.name}": path.read_text() for path in (root / "docs").glob("*.md")}

    assert len(named) > 5
    assert named <= {*pages}
    assert fleet("help", "docs/alerts.md").out.strip() == pages["docs/alerts.md"].strip()
    assert fleet("help", "alerts.md").out == fleet("help", "docs/alerts.md").out
    assert [line.split()[0] for line in fleet("help", "docs").out.splitlines()] == sorted(pages)
    ran = fleet("help", "../fleet.toml.md")
    assert (ran.code, "fleet help docs lists the pages." in ran.err) == (2, True)


def test_the_helps_of_groups_are_never_cut(fleet: Fleet) -> None:
    for group in ("inventory", "incidents", "db", "alert", "provision", "provision rollout"):
        assert "..." not in fleet(*group.split(), "--help").out.partition("Commands:")[2]
