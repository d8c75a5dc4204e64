"""`fleet provision`: from the inventory to files, planned, applied, explained, rolled back."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.steps import done

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

INVENTORY = """
profiles:
  office:
    configuration:
      registrar: pbx.example
      registrar_port: 5060
      keys: {prgkey3: {type: blf, value: 1002, line: 1}}
fleet:
  profiles: [office]
  configuration:
    "!admin_password": {secret: admin}
    user_password: {env: PHONES_USER_PASSWORD}
    parameters: {sip vmail: "*97"}
sites:
  Berlin:
    timezone: Europe/Berlin
    phones:
      - host: 10.0.0.1
        mac: 00:08:5D:00:00:01
        model: 6753i
        name: one
        lines: [{line: 1, user: 1001, sip_password: Xy12345678z}]
      - host: 10.0.0.2
        mac: 00:08:5D:00:00:02
        model: 6753i
        name: two
      - {host: 10.0.0.3, name: three}
"""


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def intend(fleet: Fleet, text: str) -> str:
    Path("phones.yaml").write_text(text, encoding="utf-8")
    return done(fleet, "inventory", "import", "phones.yaml")


@pytest.fixture
def intended(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("PHONES_USER_PASSWORD", "90125")
    intend(fleet, INVENTORY)
    give(monkeypatch, "48151623\n")
    assert done(fleet, "provision", "secret", "set", "admin") == "Set the secret admin.\n"
    return fleet


@pytest.fixture
def applied(intended: Fleet) -> Fleet:
    done(intended, "provision", "apply", "--comment", "at first")
    return intended


def test_a_plan_tells_what_would_change_and_ends_with_1_then(intended: Fleet) -> None:
    ran = intended("provision", "plan")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == "aastra.cfg: added"
    assert "one: its file is added; 26 parameters, restart required" in lines
    assert "    admin password: added (locked)" in lines
    assert "    sip line1 password: added" in lines
    assert "    sip vmail: (not set) → *97" in lines
    assert (
        "three: cannot be rendered: its MAC is unknown; poll it once, or add it to the "
        "inventory" in lines
    )
    assert lines[-1] == (
        "2 phones to change (2 to restart), 0 unchanged, 1 cannot be rendered, 3 files against "
        "revision 0."
    )
    for secret in ("48151623", "90125", "Xy12345678z"):
        assert secret not in ran.out


def test_what_was_applied_is_planned_no_more(applied: Fleet) -> None:
    ran = applied("provision", "plan")
    assert ran.code == 1, "one phone cannot be rendered"
    assert applied("provision", "plan", "one", "two").code == 0
    assert ran.out.endswith("all files are those of revision 1.\n")
    assert done(applied, "provision", "apply") == (
        "Nothing to apply: all files are those of revision 1.\n"
    )


def test_a_plan_of_some_phones_or_a_site_shows_those(applied: Fleet) -> None:
    intend(applied, "phones: [{host: 10.0.0.2, configuration: {parameters: {sip vmail: '*98'}}}]")
    ran = applied("provision", "plan", "two")
    assert ran.code == 1
    assert "    sip vmail: *97 → *98\n" in ran.out
    assert applied("provision", "plan", "one").code == 0
    assert applied("provision", "plan", "--site", "Berlin").code == 1
    assert applied("provision", "plan", "--site", "Bonn").code == 2


def test_a_plan_as_json(applied: Fleet) -> None:
    intend(applied, "fleet: {profiles: [], configuration: {parameters: {sip vmail: '*98'}}}")
    ran = applied("provision", "plan", "--json")
    assert ran.code == 1
    plan = json.loads(ran.out)
    assert (plan["against"], plan["files"]) == (1, 3)
    assert plan["shared"] == [{"name": "aastra.cfg", "kind": "changed"}]
    one = next(phone for phone in plan["phones"] if phone["phone"] == "one")
    changes = {change["name"]: change for change in one["changes"]}
    assert changes["admin password"] == {
        "name": "admin password",
        "kind": "removed",
        "secret": True,
        "reboot": True,
        "old": None,
        "new": None,
        "was_locked": True,
        "locked": False,
    }
    assert (changes["sip vmail"]["old"], changes["sip vmail"]["new"]) == ("*97", "*98")
    assert {finding["check"] for finding in one["findings"]} >= {"default-password"}


def test_the_linter_can_be_what_a_plan_is_asked_for(intended: Fleet) -> None:
    assert intended("provision", "plan", "one", "two", "--fail-on", "critical").code == 0
    intend(intended, "fleet: {configuration: {}}")
    assert intended("provision", "plan", "one", "two", "--fail-on", "critical").code == 1


def test_what_is_critical_is_not_applied_unless_allowed(applied: Fleet) -> None:
    intend(applied, "fleet: {configuration: {parameters: {sip vmail: '*98'}}}")
    ran = applied("provision", "apply")
    assert ran.code == 2
    assert "default-password failed for one, two" in ran.err
    assert "revision 2" not in ran.out
    out = done(applied, "provision", "apply", "--allow", "default-password")
    assert out.endswith("Applied revision 2: 3 files changed.\n")


def test_files_are_shown_without_secrets_unless_they_are_asked_for(intended: Fleet) -> None:
    shared = done(intended, "provision", "render", "AASTRA.cfg")
    assert "sip registrar ip: pbx.example\n" in shared
    assert "password" not in shared
    hidden = done(intended, "provision", "render", "one")
    assert "!admin password: ***\n" in hidden
    assert "user password: ***\n" in hidden
    assert "sip line1 user name: 1001\n" in hidden
    assert hidden == done(intended, "provision", "render", "00085d000001.cfg")
    clear = done(intended, "provision", "render", "one", "--secrets")
    assert "!admin password: 48151623\n" in clear
    assert "user password: 90125\n" in clear


def test_a_file_is_shown_as_xml_objects(intended: Fleet) -> None:
    shown = done(intended, "provision", "render", "one", "--xml")
    assert all(line.startswith("<AastraIPPhoneConfiguration ") for line in shown.splitlines())
    item = "<ConfigurationItem><Parameter>{}</Parameter><Value>{}</Value></ConfigurationItem>"
    assert item.format("sip line1 user name", "1001") in shown
    assert item.format("admin password", "***") in shown
    clear = done(intended, "provision", "render", "one", "--xml", "--secrets")
    assert item.format("admin password", "48151623") in clear
    assert intended("provision", "render", "--xml", "--output", "x").code == 2


def test_all_files_are_written_into_a_folder(intended: Fleet) -> None:
    done(intended, "provision", "render", "--output", "masked")
    out = done(intended, "provision", "render", "--output", "files", "--secrets")
    assert out == "Wrote 3 files to files\n"
    assert sorted(path.name for path in Path("files").iterdir()) == [
        "00085D000001.cfg",
        "00085D000002.cfg",
        "aastra.cfg",
    ]
    own = Path("files/00085D000001.cfg")
    assert own.stat().st_mode & 0o777 == 0o600
    assert "48151623" in own.read_text(encoding="utf-8")
    assert "48151623" not in Path("masked/00085D000001.cfg").read_text(encoding="utf-8")


def test_what_was_printed_without_secrets_cannot_be_taken_for_a_file_for_phones(
    intended: Fleet,
) -> None:
    done(intended, "provision", "render", "--output", "masked")
    own = Path("masked/00085D000001.cfg")
    secrets = [line for line in own.read_text(encoding="utf-8").splitlines() if "***" in line]
    assert secrets
    assert all(line.startswith("# ") for line in secrets)
    found = done(intended, "provision", "lint", str(own))
    assert "critical masked-secret: The file was printed without its secrets" in found
    done(intended, "provision", "render", "--output", "clear", "--secrets")
    clear = done(intended, "provision", "lint", "clear/00085D000001.cfg")
    assert "masked-secret" not in clear
    assert Path("masked/aastra.cfg").read_bytes() == Path("clear/aastra.cfg").read_bytes()


LOGINS = """
fleet:
  configuration:
    action_uris: {registered: "http://a/?token=hunter2"}
    keys:
      softkey1: {type: xml, value: "http://me:hunter2@pbx.example.com/x.xml"}
    parameters:
      firmware server: ftp://me:hunter2@192.0.2.1/fw
phones:
- host: 10.0.0.1
  mac: 00:08:5D:00:00:01
  model: 6757i
"""


def test_a_login_inside_a_value_is_shown_nowhere_and_not_stored_in_clear(fleet: Fleet) -> None:
    Path("logins.yaml").write_text(LOGINS, encoding="utf-8")
    said = done(fleet, "inventory", "import", "logins.yaml", "--dry-run")
    said += done(fleet, "inventory", "import", "logins.yaml")
    assert not any(b"hunter2" in each.read_bytes() for each in Path().glob("fleet.db*"))
    assert "1 unchanged" in done(fleet, "inventory", "import", "logins.yaml")
    said += done(fleet, "inventory", "export", "--format", "yaml")
    said += fleet("provision", "plan").out
    allowed = ("--allow", "default-password", "--allow", "fetches-elsewhere")
    done(fleet, "provision", "apply", *allowed)
    said += done(fleet, "provision", "show", "1", "aastra.cfg")
    said += done(fleet, "provision", "show", "1", "00085D000001.cfg")
    for words in (("render", "10.0.0.1"), ("explain", "10.0.0.1"), ("lint",)):
        said += done(fleet, "provision", *words)
    assert "hunter2" not in said
    assert "warning secret-in-value: `firmware server` contains a password" in said
    clear = done(fleet, "provision", "render", "00085D000001.cfg", "--secrets")
    assert "firmware server: ftp://me:hunter2@192.0.2.1/fw" in clear
    assert "action uri registered: http://a/?token=hunter2" in clear


def test_a_folder_with_logins_inside_values_is_adopted_without_showing_them(fleet: Fleet) -> None:
    Path("tftp").mkdir()
    Path("tftp/aastra.cfg").write_bytes(b"firmware server: ftp://me:hunter2@192.0.2.1/fw\n")
    Path("tftp/00085D000009.cfg").write_bytes(b"image server uri: http://a:hunter2@b/i\n")
    words = ("provision", "adopt", "tftp", "--model", "6757i")
    said = done(fleet, *words, "--output", "out.yaml")
    assert "Nothing changes for 1 of 1 phone." in said
    said += Path("out.yaml").read_text(encoding="utf-8") + done(fleet, *words, "--import")
    assert "hunter2" not in said
    assert not any(b"hunter2" in each.read_bytes() for each in Path().glob("fleet.db*"))
    clear = done(fleet, "provision", "render", "00085D000009.cfg", "--secrets")
    assert "firmware server: ftp://me:hunter2@192.0.2.1/fw" in clear


def test_adopt_names_the_files_and_servers_that_phones_would_not_get(fleet: Fleet) -> None:
    with Path("fleet.toml").open("a", encoding="utf-8") as file:
        file.write('\n[provisioning]\nreachable_as = ["fleet.example.com"]\n')
    Path("firmware").mkdir()
    Path("firmware/ca.pem").write_bytes(b"x")
    Path("tftp").mkdir()
    Path("tftp/aastra.cfg").write_bytes(
        b"directory 1: Corporate.csv\nsips trusted certificates: ca.pem\n"
        b"http server: old.example.com\n"
    )
    Path("tftp/00085D000009.cfg").write_bytes(b"custom ringtone 1: chime.wav\n")
    said = done(fleet, "provision", "adopt", "tftp", "--model", "6753i")
    assert "`directory 1` names the file Corporate.csv" in said
    assert "`custom ringtone 1` names the file chime.wav" in said
    assert "ca.pem" not in said
    assert "`http server` makes phones fetch from old.example.com" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("render",), "Name one file, or use --output FOLDER"),
        (("render", "x.cfg"), "There is no file x.cfg"),
        (("render", "three"), "three cannot be rendered: its MAC is unknown"),
        (("render", "nobody"), "nobody"),
        (("explain", "one", "sip lin1 user name"), "did you mean sip line1 user name?"),
        (("explain", "one", "sip line2 user name"), "one has no parameter 'sip line2 user name'."),
        (("show", "9"), "There is no revision 9; nothing was applied yet"),
        (("rollback", "9"), "There is no revision 9; nothing was applied yet"),
        (("secret", "remove", "nothing"), "There is no secret nothing."),
        (("secret", "remove", "admin"), "The secret admin is used by fleet"),
    ],
)
def test_what_cannot_be_meant_is_told(intended: Fleet, words: tuple[str, ...], told: str) -> None:
    ran = intended("provision", *words)
    assert ran.code == 2
    assert told in ran.err


def test_explain_says_where_a_value_comes_from_and_what_it_overrode(intended: Fleet) -> None:
    intend(
        intended,
        "phones: [{host: 10.0.0.1, configuration: {parameters: {sip vmail: '*1', lldp: null}}}]",
    )
    assert done(intended, "provision", "explain", "one", "SIP Vmail") == (
        "sip vmail: *1\n    from phone, in 00085D000001.cfg\n    instead of *97 from fleet\n"
    )
    assert done(intended, "provision", "explain", "one", "lldp").startswith("lldp: (removed)\n")
    out = done(intended, "provision", "explain", "one")
    assert "!admin password: {secret: admin}\n    from fleet, in 00085D000001.cfg\n" in out
    assert "sip line1 password: ***\n    from the account of line 1, in 00085D000001.cfg\n" in out
    assert "prgkey3 type: blf\n    from fleet, profile office, in a file that it shares\n" in out
    assert "dst config: 3\n    from the time zone Europe/Berlin of site Berlin" in out
    assert "Xy12345678z" not in out
    said = json.loads(done(intended, "provision", "explain", "one", "sip vmail", "--json"))[
        "parameters"
    ]
    assert said["sip vmail"]["instead_of"] == [{"value": "*97", "from": "fleet"}]


def test_lint_looks_at_phones_and_at_files(intended: Fleet) -> None:
    out = done(intended, "provision", "lint")
    assert out == "Checked 3: 3 without a finding.\n"
    Path("53i.cfg").write_text("sip dial plan: x+#|xx\nprgkey9 type: dnd\n", encoding="utf-8")
    ran = intended("provision", "lint", "53i.cfg", "--fail-on", "critical")
    assert ran.code == 1
    assert "critical unquoted-hash:" in ran.out
    assert "key-out-of-range" in ran.out
    found = json.loads(done(intended, "provision", "lint", "53i.cfg", "--json"))["findings"]
    assert {one["check"] for one in found["53i.cfg"]} >= {"unquoted-hash"}


def test_revisions_are_listed_shown_compared_and_rolled_back_to(applied: Fleet) -> None:
    intend(applied, "phones: [{host: 10.0.0.2, configuration: {parameters: {sip vmail: '*98'}}}]")
    done(applied, "provision", "apply")

    listed = done(applied, "provision", "revisions")
    assert "at first" in listed
    shown = done(applied, "provision", "show", "2")
    assert "    00085D000002.cfg: changed\n1 of 3 files changed.\n" in shown
    file = done(applied, "provision", "show", "2", "00085D000002.cfg")
    assert "sip vmail: *98\n" in file
    assert "48151623" not in file
    assert "90125" not in file
    assert "90125" in done(applied, "provision", "show", "2", "00085D000002.cfg", "--secrets")
    assert done(applied, "provision", "diff", "1", "2") == (
        "two: 1 parameter\n    sip vmail: *97 → *98\nDifferent: 1 file, 1 phone.\n"
    )
    back = done(applied, "provision", "rollback", "1", "--comment", "oops")
    assert back.startswith("Applied revision 3, a copy of revision 1: 1 file changed.\n")
    assert "back to revision 1: oops" in done(applied, "provision", "revisions")
    assert applied("provision", "plan").code == 1


def test_nothing_applied_yet_is_told(fleet: Fleet) -> None:
    assert "Nothing was applied yet" in done(fleet, "provision", "revisions")
    assert "There are no secrets" in done(fleet, "provision", "secret", "list")


def test_secrets_are_listed_without_their_values(intended: Fleet) -> None:
    listed = done(intended, "provision", "secret", "list")
    assert "admin" in listed
    assert "fleet" in listed
    assert "48151623" not in listed
    intend(intended, "fleet: {configuration: {}}")
    assert done(intended, "provision", "secret", "remove", "admin") == "Removed the secret admin.\n"


def test_a_reader_that_closes_the_pipe_does_not_prevent_an_apply(applied: Fleet) -> None:
    intend(applied, "fleet: {configuration: {parameters: {sip vmail: '*98'}}}")
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as unread:  # noqa: PTH123  a descriptor
        ran = subprocess.run(
            [sys.executable, "-m", "fleet", "provision", "apply", "--allow", "default-password"],
            stdout=unread,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    revisions = json.loads(done(applied, "provision", "revisions", "--json"))["revisions"]
    assert [each["number"] for each in revisions] == [2, 1]


def test_an_empty_secret_is_refused(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "\n")
    ran = fleet("provision", "secret", "set", "x")
    assert (ran.code, "needs a name and a value" in ran.err) == (2, True)


def test_an_import_shows_what_it_changes_of_intents_without_secrets(fleet: Fleet) -> None:
    text = INVENTORY.replace("{secret: admin}", "48151623")
    Path("phones.yaml").write_text(text, encoding="utf-8")
    ran = fleet("inventory", "import", "phones.yaml")
    assert ran.code == 2
    assert "`admin password` is a secret in clear" in ran.err
    assert "48151623" not in ran.err
    out = intend(fleet, f"clear_secrets: true\n{text}")
    assert "fleet: changed\n" in out
    assert "    configuration sip vmail: (empty) → *97\n" in out
    assert "    configuration admin password: (empty) → !{secret: fleet admin password}\n" in out
    assert "secret fleet admin password: changed\n" in out
    assert "48151623" not in out
    again = done(fleet, "inventory", "import", "phones.yaml")
    assert again == "Phones: 0 added, 0 changed, 3 unchanged, 0 absent.\n"


def test_an_exported_intent_changes_nothing_when_imported(intended: Fleet) -> None:
    done(intended, "inventory", "export", "--format", "yaml", "--output", "all.yaml")
    text = Path("all.yaml").read_text(encoding="utf-8")
    assert "48151623" not in text
    assert "registrar: pbx.example" in text
    assert done(intended, "inventory", "import", "all.yaml") == (
        "Phones: 0 added, 0 changed, 3 unchanged, 0 absent.\n"
    )


@pytest.fixture
def old_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tftpboot"
    folder.mkdir()
    (folder / "aastra.cfg").write_text("admin password: 48151623\nsip registrar ip: pbx\n")
    (folder / "53i.cfg").write_text("lldp: 0\n")
    for number in (1, 2):
        (folder / f"00085D00000{number}.cfg").write_text(
            f"sip line1 user name: 100{number}\nsip line1 password: hush{number}\nlanguage: 1\n"
        )
    return folder


def test_an_old_folder_is_adopted_and_nothing_changes(fleet: Fleet, old_folder: Path) -> None:
    out = done(fleet, "provision", "adopt", str(old_folder), "--import")
    assert "Nothing changes for 2 of 2 phones.\n" in out
    assert out.endswith("Phones: 2 added, 0 changed, 0 unchanged, 0 absent.\n")
    assert "hush" not in out
    files = done(fleet, "provision", "render", "00085D000001.cfg", "--secrets")
    assert files.splitlines()[1:] == [
        "admin password: 48151623",
        "language: 1",
        "sip line1 password: hush1",
        "sip line1 user name: 1001",
    ]
    assert done(fleet, "provision", "render", "6753i.cfg").splitlines()[1:] == ["lldp: 0"]
    again = done(fleet, "provision", "adopt", str(old_folder), "--import")
    assert again.endswith("Phones: 0 added, 0 changed, 2 unchanged, 0 absent.\n")


def test_an_adopted_folder_is_written_as_yaml_without_secrets(
    fleet: Fleet, old_folder: Path
) -> None:
    out = done(fleet, "provision", "adopt", str(old_folder), "--output", "new.yaml")
    assert "Wrote new.yaml without 2 SIP passwords and 1 secret; --import stores them" in out
    text = Path("new.yaml").read_text(encoding="utf-8")
    assert "48151623" not in text
    assert "hush" not in text
    assert "registrar: pbx" in text
    done(
        fleet,
        *("provision", "adopt", str(old_folder), "--output", "all.yaml", "--with-secrets"),
    )
    assert Path("all.yaml").stat().st_mode & 0o777 == 0o600
    done(fleet, "inventory", "import", "all.yaml")
    assert "48151623" in done(fleet, "provision", "render", "00085D000001.cfg", "--secrets")


def test_adopting_without_a_place_to_put_it_only_looks(fleet: Fleet, old_folder: Path) -> None:
    out = done(fleet, "provision", "adopt", str(old_folder))
    assert out.endswith(
        "Nothing was written: --output FILE writes the inventory, --import imports it.\n"
    )
    assert "No phones in" in done(fleet, "inventory", "list")
    ran = fleet("provision", "adopt", str(old_folder), "--model", "9999i")
    assert (ran.code, "9999i is not a model" in ran.err) == (2, True)


def test_a_phone_that_cannot_be_rendered_makes_a_plan_end_with_1(fleet: Fleet) -> None:
    Path("phones.csv").write_text("host,name\n10.0.0.3,three\n")
    done(fleet, "inventory", "import", "phones.csv")
    for words in ((), ("--fail-on", "critical"), ("--fail-on", "warning"), ("three",)):
        ran = fleet("provision", "plan", *words)
        assert (ran.code, "1 cannot be rendered" in ran.out) == (1, True), words


@pytest.mark.parametrize("name", ["nosuch.cfg", "folder/nosuch", "./three"])
def test_a_file_that_is_not_there_is_called_a_file(fleet: Fleet, name: str) -> None:
    ran = fleet("provision", "lint", name)
    assert (ran.code, ran.err) == (
        2,
        f"Error: There is no file {name}, and no phone with that name.\n",
    )


def test_revisions_are_one_json_document(applied: Fleet) -> None:
    (one,) = json.loads(done(applied, "provision", "revisions", "--json"))["revisions"]
    assert (one["number"], one["comment"], one["rolled_back_to"]) == (1, "at first", None)
    assert one["at"].endswith("+00:00")


def test_a_rollback_says_that_the_inventory_keeps_its_values(applied: Fleet) -> None:
    intend(applied, INVENTORY.replace("*97", "*98"))
    done(applied, "provision", "apply")
    out = done(applied, "provision", "rollback", "1")
    assert "The inventory still has the values that were rolled back" in out
