"""`fleet provision set`, `unset` and `swap`."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.steps import done

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

PHONES = """
clear_secrets: true
fleet:
  configuration: {admin_password: 48151623, user_password: 481516}
sites:
  berlin:
    configuration: {parameters: {sip digit timeout: 4}}
    phones:
      - {host: 10.1.0.21, mac: "00:08:5D:00:00:01", model: 6753i, name: one}
      - {host: 10.1.0.22, mac: "00:08:5D:00:00:02", model: 6753i, name: berlin}
"""


@pytest.fixture
def stocked(fleet: Fleet) -> Fleet:
    """A fleet of two phones, one of them called like its site."""
    Path("phones.yaml").write_text(PHONES, encoding="utf-8")
    done(fleet, "inventory", "import", "phones.yaml")
    done(fleet, "provision", "apply")
    return fleet


def explained(fleet: Fleet, phone: str, parameter: str) -> str:
    return done(fleet, "provision", "explain", phone, parameter)


def planned(fleet: Fleet) -> dict[str, list[tuple[str, str | None, str | None]]]:
    """What a plan changes: by phone, each parameter's name, old and new value."""
    document = json.loads(fleet("provision", "plan", "--json").out)
    return {
        phone["phone"]: [(c["name"], c["old"], c["new"]) for c in phone["changes"]]
        for phone in document["phones"]
    }


@pytest.mark.parametrize(
    ("words", "phones"),
    [
        (("one",), ["one"]),
        (("berlin", "--site"), ["one", "berlin"]),
        (("berlin", "--phone"), ["berlin"]),
        (("53i",), ["one", "berlin"]),
        (("fleet",), ["one", "berlin"]),
        (("00085D000002",), ["berlin"]),
    ],
)
def test_a_parameter_is_set_where_it_is_meant_and_removed_again(
    stocked: Fleet, words: tuple[str, ...], phones: list[str]
) -> None:
    out = done(stocked, "provision", "set", *words, "SIP VMAIL", "*97")
    assert "Set `sip vmail` of" in out
    assert "To apply it: fleet provision apply" in out
    assert planned(stocked) == {phone: [("sip vmail", None, "*97")] for phone in phones}
    done(stocked, "provision", "unset", *words, "sip vmail")
    assert planned(stocked) == {}
    said = " ".join(e["what"] for e in journal(stocked))
    assert "Set `sip vmail`" in said
    assert "Removed `sip vmail`" in said


def journal(fleet: Fleet) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = json.loads(done(fleet, "provision", "journal", "--json"))[
        "journal"
    ]
    return entries


def test_marks_lock_and_overwrite(stocked: Fleet) -> None:
    done(stocked, "provision", "set", "one", "!sip vmail", "*97")
    done(stocked, "provision", "apply")
    assert "!sip vmail: *97" in done(stocked, "provision", "render", "one")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("berlin", "sip vmail", "*97"), "berlin is a site and a phone: use --site or --phone"),
        (("nobody", "sip vmail", "*97"), "There is no phone, site or model nobody."),
        (("one", "vlan id", "9999"), "`vlan id` "),
        (("one", "sip line1 password", "x1"), "Use --secret"),
        (("one", "upgrade uri", "ftp://u:pw@h/x"), "Use --secret"),
        (("one", "sip vmail"), "Give either a VALUE or --secret."),
        (("one", "sip vmail", "a\nb"), "Nothing was changed: "),
    ],
)
def test_what_cannot_be_set_changes_nothing(
    stocked: Fleet, words: tuple[str, ...], said: str
) -> None:
    ran = stocked("provision", "set", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert planned(stocked) == {}


def test_what_is_not_set_cannot_be_removed(stocked: Fleet) -> None:
    ran = stocked("provision", "unset", "one", "sip digit timeout")
    assert (ran.code, "does not set `sip digit timeout`" in ran.err) == (2, True)


def test_a_secret_is_read_from_standard_input_and_shown_nowhere(
    stocked: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("27182818\n"))
    out = done(stocked, "provision", "set", "one", "admin password", "--secret")
    out += stocked("provision", "plan").out + done(stocked, "provision", "journal")
    out += done(stocked, "inventory", "export", "--format", "yaml")
    assert "27182818" not in out
    done(stocked, "provision", "apply")
    secret = done(stocked, "provision", "render", "one", "--secrets")
    assert "admin password: 27182818" in secret


def test_a_phone_takes_the_place_of_another(stocked: Fleet) -> None:
    done(stocked, "provision", "set", "one", "sip vmail", "*97")
    done(stocked, "provision", "apply")
    new = "00-08-5d-00-00-99"
    out = done(stocked, "provision", "swap", "00:08:5D:00:00:01", new, "--model", "6757i")
    assert "Applied revision 3." in out
    files = done(stocked, "provision", "show", "3")
    assert "00085D000099.cfg" in files
    assert "sip vmail: *97" in done(stocked, "provision", "show", "3", "00085D000099.cfg")
    gone = stocked("provision", "show", "3", "00085D000001.cfg")
    assert gone.code == 2
    assert planned(stocked) == {}
    [phone] = [
        each
        for each in json.loads(done(stocked, "inventory", "list", "--json"))["phones"]
        if "one" in each.values()
    ]
    assert (phone["mac"], phone["host"], phone["model"]) == (
        "00:08:5D:00:00:99",
        "10.1.0.21",
        "6757i",
    )


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("00:08:5D:00:00:02", "is in the inventory already, as berlin"),
        ("00:08:5D:00:00", "not a MAC address"),
    ],
)
def test_a_mac_that_cannot_take_a_place_changes_nothing(
    stocked: Fleet, new: str, said: str
) -> None:
    ran = stocked("provision", "swap", "one", new)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert "00085D000001.cfg" in done(stocked, "provision", "show", "1")


def test_what_waits_to_be_applied_is_not_applied_by_a_swap(stocked: Fleet) -> None:
    done(stocked, "provision", "set", "fleet", "sip vmail", "*97")
    ran = stocked("provision", "swap", "one", "00:08:5D:00:00:99")
    assert (ran.code, "Other changes wait to be applied" in ran.err) == (2, True)


VARIABLES = """
clear_secrets: true
fleet:
  configuration:
    admin_password: 48151623
    user_password: 481516
    parameters:
      sip screen name: "{name|default:Phone} {line.1.user|last:2}"
      sip dial plan: "{open}name}"
phones:
  - {host: 10.1.0.21, mac: "00:08:5D:00:00:01", model: 6753i, name: one, lines: [{line: 1, user: 1001, sip_password: x8s7s6, registrar: pbx}]}
  - {host: 10.1.0.22, mac: "00:08:5D:00:00:02", model: 6753i, lines: [{line: 1, user: 1002, sip_password: x8s7s6, registrar: pbx}]}
  - {host: 10.1.0.23, mac: "00:08:5D:00:00:03", model: 6753i, name: three}
"""  # noqa: E501


def test_variables_are_each_phones_own_and_come_back_as_they_were_written(fleet: Fleet) -> None:
    Path("phones.yaml").write_text(VARIABLES, encoding="utf-8")
    done(fleet, "inventory", "import", "phones.yaml")
    ran = fleet("provision", "apply")
    assert "three: cannot be rendered: `sip screen name`: {line.1.user|last:2} is empty" in ran.out
    assert "sip screen name: one 01" in done(fleet, "provision", "render", "one")
    second = done(fleet, "provision", "render", "10.1.0.22")
    assert "sip screen name: Phone 02" in second
    shared = done(fleet, "provision", "show", "1", "aastra.cfg")
    assert "screen name" not in shared
    assert "sip dial plan: {name}" in shared
    said = explained(fleet, "one", "sip screen name")
    assert "written as {name|default:Phone} {line.1.user|last:2}" in said
    exported = done(fleet, "inventory", "export", "--format", "yaml", "--with-secrets")
    Path("again.yaml").write_text(exported, encoding="utf-8")
    again = done(fleet, "inventory", "import", "again.yaml")
    assert "3 unchanged" in again
    assert "fleet: changed" not in again


def test_a_variable_that_does_not_exist_imports_nothing(fleet: Fleet) -> None:
    Path("phones.yaml").write_text(VARIABLES.replace("{name|", "{nmae|"), encoding="utf-8")
    ran = fleet("inventory", "import", "phones.yaml")
    assert (ran.code, "did you mean name?" in ran.err + ran.out) == (2, True)
    assert json.loads(done(fleet, "inventory", "list", "--json"))["phones"] == []
