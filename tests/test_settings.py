"""Settings: where they come from, and what is said of wrong ones."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from fleet.errors import SettingsError
from fleet.model import Severity
from fleet.settings import Settings, load_settings, sample_settings
from fleet.settings.section import keys_of
from fleet.settings.values import SECTIONS, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

AS = ", such as 90s, 5m, 2h or 400d; a number is seconds."
WHOLE = "must be a whole number from 1 to 10000."


def loaded(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    path = tmp_path / "fleet.toml"
    path.write_text(text)
    return load_settings(path, environ)


def refusal(tmp_path: Path, text: str = "", **environ: str) -> str:
    with pytest.raises(SettingsError) as raised:
        loaded(tmp_path, text, **environ)
    return str(raised.value).removeprefix(f"{tmp_path / 'fleet.toml'}: ")


@contextmanager
def unprivileged() -> Iterator[None]:
    """Act as a user who owns nothing, where the tests run as root."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if mine == 0:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="folders have no modes")
def test_a_folder_that_this_user_may_not_look_into_has_no_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with TemporaryDirectory() as top:  # pytest's own folder is closed to other users
        home, system = Path(top) / "home", Path(top) / "etc" / "fleet.toml"
        Path(top).chmod(0o755)
        home.mkdir()
        system.parent.mkdir()
        system.write_text("[poll]\ninterval = 600\n")
        monkeypatch.setattr("fleet.settings.load.SYSTEM_FILE", system)
        monkeypatch.chdir(home)
        home.chmod(0)
        try:
            with unprivileged():
                assert load_settings(None, {}).poll.interval == 600
            system.parent.chmod(0)
            with unprivileged(), pytest.raises(SettingsError) as raised:
                load_settings(None, {})
        finally:
            monkeypatch.undo()
            home.chmod(0o700)
            system.parent.chmod(0o700)
    assert str(raised.value) == f"The settings file {system} cannot be read: Permission denied."


def test_the_sample_says_what_holds_without_it(tmp_path: Path) -> None:
    assert loaded(tmp_path, sample_settings()) == loaded(tmp_path)


def test_the_sample_is_valid_with_every_line_uncommented(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^# (?=\[|\w+ = )", "", sample_settings())
    settings, plain = loaded(tmp_path, text), loaded(tmp_path)
    assert settings.poll == plain.poll
    assert settings.database == plain.database
    assert settings.retention == plain.retention
    assert settings.secrets == plain.secrets
    assert not settings.web_ui.password
    assert settings.web_ui.words == {"registered": ["Registrita"]}
    assert settings.rules["line-on-backup"].severity is Severity.WARNING
    assert settings.alerts.routes["urgent"].severities == [Severity.CRITICAL]
    assert settings.maintenance["sunday-night"].days == ["sun"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ('"5m"', 300),
        ('"2h"', 7200),
        ('"400d"', 34_560_000),
        ('"1h 30m"', 5400),
        ('"0.5h"', 1800),
        ('"90 seconds"', 90),
        ("300", 300),
        ('"300"', 300),
    ],
)
def test_a_duration_has_a_unit_or_is_seconds(written: str, seconds: float, tmp_path: Path) -> None:
    assert loaded(tmp_path, f"[poll]\ninterval = {written}\n").poll.interval == seconds
    assert loaded(tmp_path, f"[retention]\nhistory = {written}").retention.history == seconds


@pytest.mark.parametrize("written", ['"5x"', '"m"', '"-5m"', '"5m3"', '"1e3"', '"five"', "[5]"])
def test_what_is_no_duration_is_answered_with_what_one_is(written: str, tmp_path: Path) -> None:
    assert "such as 90s, 5m, 2h or 400d" in refusal(tmp_path, f"[poll]\ninterval = {written}\n")


def test_the_dashboard_has_no_password_that_is_easily_guessed(tmp_path: Path) -> None:
    assert loaded(tmp_path).server.password is None
    assert loaded(tmp_path, FLEET_SERVER_PASSWORD="").server.password is None
    said = refusal(tmp_path, FLEET_SERVER_PASSWORD="geheim")
    assert said.endswith("must be a password of at least eight characters, or empty for none.")
    assert "geheim" not in said
    given = loaded(tmp_path, FLEET_SERVER_PASSWORD="geheim-4711").server
    assert "geheim" not in f"{given!r} {given}"


@pytest.mark.parametrize("name", ["", "a:b"])
def test_the_user_of_the_dashboard_is_one_that_a_login_can_say(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path, f'[server]\nusername = "{name}"')
    assert "a name of at least one character, without a colon" in said


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://watch.example/x", "http://", "https:///x", "http://watch.example:x/secret"),
        *("http://watch.example:70000/", "http://[::1/secret", "http://a b/", "http://a..b/"),
    ],
)
def test_an_address_for_pings_that_nobody_can_ask_is_refused(tmp_path: Path, url: str) -> None:
    said = refusal(tmp_path, FLEET_WATCHDOG_PING_URL=url)
    assert "a URL of http or https" in said
    assert "secret" not in said


def test_the_sample_names_every_setting() -> None:
    sample = sample_settings()
    for section in SECTIONS:
        for key, field in fields_of(section).items():
            table = rf"\[{section}\.{key}(\.[\w-]+)?\]"
            assert re.search(rf"(?m)^# ({table}|{key} = )", sample)
            for inner in keys_of(model) if (model := field.named) else ():
                assert f"# {inner} = " in sample


def test_a_variable_overrides_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "[poll]\nconcurrency = 5", FLEET_POLL_CONCURRENCY="7")
    assert settings.poll.concurrency == 7


def test_a_password_of_digits_is_a_text_and_is_not_shown(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "[web_ui]\npassword = 22222")
    assert settings.web_ui.password is not None
    assert settings.web_ui.password.get_secret_value() == "22222"
    assert "22222" not in repr(settings)


def test_paths_start_from_the_settings_folder(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'fleet.db'}"
    assert settings.key_file == tmp_path / "fleet.key"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[poll]\nconcurrency = 'x'", f"[poll] concurrency {WHOLE}"),
        ("[poll]\nconcurrency = 0", f"[poll] concurrency {WHOLE}"),
        ("[poll]\nconcurrency = true", f"[poll] concurrency {WHOLE}"),
        (
            "[poll]\ninterval = true",
            f"[poll] interval must be a duration above 0s, up to 3660d{AS}",
        ),
        (
            "[poll]\ninterval = nan",
            f"[poll] interval must be a duration above 0s, up to 3660d{AS}",
        ),
        (
            "[poll]\nconfirm_after = -1",
            f"[poll] confirm_after must be a duration from 0s to 1d{AS}",
        ),
        ("[web_ui]\nscheme = 'ftp'", "[web_ui] scheme must be http or https."),
        ("[web_ui]\nlegacy_tls = 'old'", "[web_ui] legacy_tls must be true or false."),
        ("[web_ui]\npassword = []", "[web_ui] password must be a text."),
        (
            f"[web_ui]\nusername = '{'x' * 201}'",
            "[web_ui] username must be a text of at most 200 characters.",
        ),
        (
            "[web_ui.words]\nyes = 'Ja'",
            "[web_ui.words] yes must be a list of texts, like ['Registrita'].",
        ),
        (
            "[rules.line-failed]\nseverity = 'bad'",
            "[rules.line-failed] severity must be critical, warning or info.",
        ),
        (
            "[rules.line-failed]\nenable = true",
            "[rules.line-failed] has no key enable (did you mean enabled?); "
            "allowed are enabled, severity, open_after.",
        ),
        (
            "[rules.line-failed]\nopen_after = 0",
            "[rules.line-failed] open_after must be a whole number from 1 to 10.",
        ),
        (
            "[alerts]\nurls = ['nonsense geheim']",
            "[alerts] urls must be a list of Apprise URLs, like "
            "mailto://user:password@example.com?to=you@example.com.",
        ),
        (
            "[alerts]\nquiet_hours = '22-6'",
            "[alerts] quiet_hours must be a span of the day, like 22:00-06:00, or empty.",
        ),
        (
            "[alerts]\ntimezone = 'Berlin'",
            "[alerts] timezone must be an IANA time zone, like Europe/Berlin, or empty.",
        ),
        (
            "[alerts.routes.boss]\nseverities = ['loud']",
            "[alerts.routes.boss] severities must be a list of critical, warning and info.",
        ),
        (
            "[alerts.routes.boss]\nsite = 'berlin'",
            "[alerts.routes.boss] has no key site (did you mean sites?); "
            "allowed are urls, severities, sites, rules.",
        ),
        (
            "[alerts]\nroutes = 3",
            "alerts.routes is a section; write it as [alerts.routes.<name>].",
        ),
        (
            "[alerts.routes]\nboss = 3",
            "alerts.routes.boss is a section; write it as [alerts.routes.boss].",
        ),
        (
            "[maintenance.sunday]\nduration = 60",
            "[maintenance.sunday] needs start (each day), or since and until (once).",
        ),
        (
            "[maintenance.sunday]\nstart = 'two'",
            '[maintenance.sunday] start must be a time of day in quotes, like "02:00".',
        ),
        (
            "[maintenance.sunday]\nsince = 2026-11-24T00:00:00\nuntil = 2026-11-23T00:00:00Z",
            "[maintenance.sunday] ends before it begins: since must come before until.",
        ),
        (
            "[provisioning.sip_pins]\npbx = '12:34'",
            "[provisioning.sip_pins] pbx must be a text, like 9f86d081884c7d659a2feaa0c55ad015"
            "a3bf4f1b2b0b822cd15d6c15b0f00a08.",
        ),
        ("[rules]\nx = 3", "rules.x is a section; write it as [rules.x]."),
        ("poll = 3", "poll is a section; write [poll] on its own line."),
    ],
)
def test_a_wrong_value_is_answered_with_what_is_allowed(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refusal(tmp_path, text) == said


def test_an_unknown_section_or_key_is_answered_with_what_comes_near(tmp_path: Path) -> None:
    assert "no section [pol] (did you mean poll?)" in refusal(tmp_path, "[pol]")
    assert "[poll] has no key intervall (did you mean interval?)" in refusal(
        tmp_path, "[poll]\nintervall = 3"
    )


def test_a_wrong_variable_is_named_and_the_file_is_not_blamed(tmp_path: Path) -> None:
    said = refusal(tmp_path, FLEET_POLL_CONCURRENCY="many")
    assert said == f"The variable FLEET_POLL_CONCURRENCY {WHOLE}"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("FLEET_POL_CONCURRENCY", "FLEET_POLL_CONCURRENCY"),
        ("FLEET_POLL_CONCURENCY", "FLEET_POLL_CONCURRENCY"),
        ("FLEET_WEBUI_PASSWORD", "FLEET_WEB_UI_PASSWORD"),
        ("FLEET_SECRET_KEY", "FLEET_SECRETS_KEY"),
        ("FLEET_CONFG", "FLEET_CONFIG"),
        ("FLEET_DATABASE", "FLEET_DATABASE_URL"),
    ],
)
def test_a_misspelt_variable_is_refused(tmp_path: Path, variable: str, meant: str) -> None:
    assert refusal(tmp_path, **{variable: "1"}) == (
        f"The variable {variable} is not a setting (did you mean {meant}?)."
    )


@pytest.mark.parametrize(
    "variable",
    [
        "FLEET_RULES_LINE_FAILED_ENABLED",
        "FLEET_WEB_UI_WORDS",
        "FLEET_ALERTS_ROUTES_BOSS_URLS",
        "FLEET_MAINTENANCE_SUNDAY_START",
    ],
)
def test_what_only_the_file_can_say_is_refused_as_a_variable(tmp_path: Path, variable: str) -> None:
    assert "in fleet.toml only" in refusal(tmp_path, **{variable: "1"})


@pytest.mark.parametrize("variable", ["FLEET_HOME", "FLEET_TEST_URL", "FLEET_POOL_SIZE", "FLEET"])
def test_variables_of_other_programs_are_left_alone(tmp_path: Path, variable: str) -> None:
    assert loaded(tmp_path, **{variable: "1"}) == loaded(tmp_path)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: No such file or directory\.$"):
        load_settings(tmp_path / "none.toml", {})
    assert "is not valid TOML" in refusal(tmp_path, "[poll")


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n", "  ,\n "])
def test_a_variable_holds_many_urls(tmp_path: Path, between: str) -> None:
    urls = ["mailto://u:p@example.com?to=a@example.com,b@example.com", "json://host/path"]
    settings = loaded(tmp_path, FLEET_ALERTS_URLS=between.join(urls) + " ")
    assert [url.get_secret_value() for url in settings.alerts.urls] == urls


def test_no_url_of_an_alert_is_shown(tmp_path: Path) -> None:
    assert "geheim" not in repr(loaded(tmp_path, FLEET_ALERTS_URLS="json://u:geheim@host"))
    assert "geheim" not in refusal(tmp_path, FLEET_ALERTS_URLS="json:/u:geheim@host")
    assert "geheim" not in refusal(tmp_path, "[alerts.routes.x]\nurls = ['geheim']")


@pytest.mark.parametrize(
    ("at", "cron"),
    [
        ("02:30", "30 2 * * *"),
        ("7:05", "5 7 * * *"),
        ("30 2 * * mon-fri", "30 2 * * mon-fri"),
        ("*/15  0,12 1 * *", "*/15 0,12 1 * *"),
        ("", ""),
    ],
)
def test_the_audits_time_is_a_time_of_day_or_a_cron_expression(
    tmp_path: Path, at: str, cron: str
) -> None:
    assert loaded(tmp_path, f"[audit]\nat = '{at}'").audit.cron == cron


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at = '25:00'", '[audit] at must be a time of day in quotes, like "02:30", or a cron'),
        ("at = '0 2 * *'", "[audit] at must be a time of day"),
        ("formats = ['pdf']", "[audit] formats must be a list of html, xlsx, csv and json."),
        (
            "timezone = 'Berlin'",
            "[audit] timezone must be an IANA time zone, like Europe/Berlin, or empty.",
        ),
        ("recipients = ['me']", "[audit] recipients must be a list of Apprise URLs"),
        (
            "history = 60",
            f"[audit] history must be a duration from 7d to 366d{AS}",
        ),
        ("[audit.sites.berlin]\nto = 'x'", "[audit.sites.berlin] has no key to"),
    ],
)
def test_a_wrong_setting_of_the_audit_is_answered_with_what_is_allowed(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refusal(tmp_path, f"[audit]\n{text}").startswith(said)


def test_the_audits_lists_can_be_given_as_variables(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        FLEET_AUDIT_FORMATS="csv, json",
        FLEET_AUDIT_RECIPIENTS="mailto://a:b@example.com json://localhost",
    )

    assert settings.audit.formats == ["csv", "json"]
    assert [url.get_secret_value() for url in settings.audit.recipients] == [
        "mailto://a:b@example.com",
        "json://localhost",
    ]
    assert "a:b" not in repr(settings)
    assert settings.audit_folder == tmp_path / "audits"


def test_folders_before_a_path_are_taken_however_they_are_written(tmp_path: Path) -> None:
    text = "[provisioning]\npath_prefixes = ['Aastra', '/old/phones/', 'a\\b']"
    assert loaded(tmp_path, text).provisioning.path_prefixes == ["Aastra", "old/phones", "a/b"]
    said = refusal(tmp_path, "[provisioning]\npath_prefixes = ['../x']")
    assert said.startswith("[provisioning] path_prefixes must be a list of folders, like")
