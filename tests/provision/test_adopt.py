"""An old folder becomes an inventory that says the same."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import UsageError
from fleet.inventory import parse_yaml, plan, write_yaml
from fleet.model import IntendedAccount, Intents, Inventory, Phone, SecretKind, SecretRef, Wanted
from fleet.phone.config_file import ConfigFile, Parameter, render
from fleet.provision.adopt import (
    Adopted,
    Surroundings,
    adopt,
    differences,
    folder_of,
    read_folder,
)
from tests.phone.config_file.strategies import PARAMETERS
from tests.provision.fleets import AT, intent, phone

if TYPE_CHECKING:
    from pathlib import Path

OLD = {
    "aastra.cfg": b"""# all phones
download protocol: TFTP
tftp server: 10.0.0.5
!admin password: 48151623
sip registrar ip: pbx.example   # the old one
sip registrar port: 5060
sip backup registrar ip: backup.example
sip dial plan: "x+#|xx+*"
this is no parameter
""",
    "6753i.cfg": b"prgkey1 type: dnd\r\nlldp: 0\r\n",
    "00085D000001.cfg": b"""sip line1 user name: 1001
sip line1 auth name: auth1
sip line1 password: "pass#1"
sip line1 display name: One
sip line1 registrar ip: own.example
sip line1 registrar port: 5070
^prgkey2 type: speeddial
prgkey2 value: 110
user password: 4711
language: 1
""",
    "00085D000002.cfg": b"""SIP line1 User Name: 1002
sip line1 password: pass2
user password: 4711
language: 1
!prgkey1 type: none
""",
    "53i.st": b"firmware",
    "aastra.tuz": b"encrypted",
}


def known(**more: object) -> Surroundings:
    return Surroundings(at=AT, **more)  # type: ignore[arg-type]


def adopted(files: dict[str, bytes] = OLD, **more: object) -> Adopted:
    return adopt(folder_of(files), known(**more))


def test_levels_stay_where_they_were_and_lines_become_accounts() -> None:
    inventory = adopted().inventory
    admin = SecretRef(kind=SecretKind.SECRET, name="fleet admin password")
    assert inventory.fleet.parameters["admin password"] == Wanted(value=admin, lock=True)
    assert inventory.fleet.parameters["sip dial plan"] == Wanted(value="x+#|xx+*")
    assert {name: want.value for name, want in inventory.models["6753i"].parameters.items()} == {
        "lldp": "0",
        "prgkey1 type": "dnd",
    }
    one, two = inventory.phones
    assert (one.mac, one.model, one.host) == ("00:08:5D:00:00:01", "6753i", "00085d000001")
    assert one.accounts == (
        IntendedAccount(
            line=1,
            user="1001",
            auth_name="auth1",
            sip_password="pass#1",
            display_name="One",
            registrar="own.example",
            registrar_port=5070,
        ),
    )
    assert two.accounts == (IntendedAccount(line=1, user="1002", sip_password="pass2"),)


def test_what_all_phones_of_a_model_say_alike_becomes_a_profile() -> None:
    inventory = adopted().inventory
    user = SecretRef(kind=SecretKind.SECRET, name="profile adopted 6753i user password")
    assert inventory.profiles["adopted 6753i"].parameters == {
        "language": Wanted(value="1"),
        "user password": Wanted(value=user),
    }
    assert {phone.intent.profiles for phone in inventory.phones} == {("adopted 6753i",)}
    assert inventory.secrets == {
        "fleet admin password": "48151623",
        "profile adopted 6753i user password": "4711",
    }


def test_what_fleet_would_add_by_itself_is_kept_out() -> None:
    one, two = adopted().inventory.phones
    assert {name: (want.value, want.mark) for name, want in one.intent.parameters.items()} == {
        "prgkey2 type": ("speeddial", "^"),
        "prgkey2 value": ("110", ""),
        "sip line1 backup registrar ip": (None, ""),
        "sip line1 proxy ip": (None, ""),
        "sip line1 proxy port": (None, ""),
    }
    assert {name: (want.value, want.mark) for name, want in two.intent.parameters.items()} == {
        "prgkey1 type": ("none", "!"),
        "sip line1 auth name": (None, ""),
    }


def test_nothing_changes_for_any_phone() -> None:
    folder = folder_of(OLD)
    assert differences(folder, adopted(), known()) == {
        "00:08:5D:00:00:01": (),
        "00:08:5D:00:00:02": (),
    }


def test_what_was_not_taken_is_noted_without_what_it_says() -> None:
    notes = adopted().notes
    assert "aastra.cfg line 9: there is no colon after a name; left out." in notes
    assert "aastra.tuz is encrypted and was not read." in notes
    assert any(note.startswith("`contact rcs: null` switches off") for note in notes)
    assert "00:08:5D:00:00:01: its address is unknown; 00085d000001 is used as its host." in (notes)


def test_a_value_that_cannot_be_written_is_noted_without_being_shown() -> None:
    notes = adopted({"aastra.cfg": b'admin password: a"hush\n'}).notes
    assert any("line 1" in note and "double quote" in note for note in notes)
    assert "hush" not in "".join(notes)


def test_a_known_phone_keeps_its_host_name_and_site() -> None:
    here = Phone(host="10.1.1.1", mac="00:08:5D:00:00:01", site="Berlin", name="one", model="6757i")
    one = adopted(phones={here.mac: here}).inventory.phones[0]
    assert (one.host, one.site, one.name, one.model) == ("10.1.1.1", "Berlin", "one", "6757i")


def test_a_sites_levels_that_are_there_already_change_nothing_either() -> None:
    here = {"00:08:5D:00:00:01": Phone(host="10.1.1.1", site="Berlin", model="6753i")}
    around = known(
        phones=here,
        intents=Intents(sites={"Berlin": intent("x", lldp="1")}, profiles={"x": intent(a="b")}),
        timezones={"Berlin": "Europe/Berlin"},
    )
    folder = folder_of(OLD)
    found = differences(folder, adopt(folder, around), around)
    assert set(found.values()) == {()}


def test_two_files_for_one_model_that_differ_are_noted() -> None:
    files = {**OLD, "53i.cfg": b"lldp: 1\n"}
    result = adopted(files)
    assert any(note.startswith("53i.cfg differs from 6753i.cfg") for note in result.notes)
    assert result.inventory.models["6753i"].parameters["lldp"].value == "0"


def test_a_model_nobody_knows_can_be_said() -> None:
    files = {name: body for name, body in OLD.items() if name != "6753i.cfg"}
    without = adopted(files)
    assert {phone.model for phone in without.inventory.phones} == {""}
    assert any("its model is unknown" in note for note in without.notes)
    assert differences(folder_of(files), without, known()) == {}
    assert {phone.model for phone in adopted(files, model="53i").inventory.phones} == {"6753i"}


@pytest.mark.parametrize("body", [None, b"", b"\r\n"])
def test_an_empty_global_file_is_noted(body: bytes | None) -> None:
    files = {"00085D000001.cfg": b"lldp: 1\n"} | ({} if body is None else {"aastra.cfg": body})
    assert "aastra.cfg is empty or missing: phones may not have read their own files." in (
        adopted(files).notes
    )


LINE = b"sip line1 user name: 5\nsip line1 auth name: 5\nsip line1 password: 7Hq2mZp9Lk\n"
MISNAMED = (
    *("00085D126422.cfg.txt", "00085D126423.cfg.bak", "00085D126424 (1).cfg", "00085D12642.cfg"),
    *("00-08-5D-12-64-25.cfg", "00:08:5D:12:64:26.cfg", "0008.5d12.6427.cfg", "aastra.cfg.old"),
    *("Copy of 00085D126428.cfg", "phone of the boss.txt"),
)


def test_files_that_no_phone_asks_for_are_named_in_one_note(tmp_path: Path) -> None:
    (tmp_path / "00085D126421.cfg").write_bytes(LINE)
    for name in MISNAMED:
        (tmp_path / name).write_bytes(LINE)
    (tmp_path / "00085D126429.cfg.bak").write_bytes(b"")
    for name in ("notes.txt", "53i.st", "photo.jpg", "202611302359.log"):
        (tmp_path / name).write_bytes(b"Call the supplier: today.\n\xff\x00\x01\x02\x03\x04")
    folder = read_folder(tmp_path)
    (note,) = (note for note in folder.notes if "no phone requests" in note)
    assert all(name in note for name in (*MISNAMED, "00085D126429.cfg.bak"))
    assert not any(name in note for name in ("notes", "53i.st", "photo", ".log", "126421"))
    assert set(folder.phones) == {"00:08:5D:12:64:21"}


@pytest.mark.parametrize("has_own_files", [True, False])
def test_configuration_in_folders_inside_is_named(tmp_path: Path, has_own_files: bool) -> None:
    (tmp_path / "Aastra").mkdir()
    (tmp_path / "Aastra" / "00085D126431.cfg").write_bytes(LINE)
    (tmp_path / "Aastra" / "53i.st").write_bytes(LINE)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").write_text("none\n")
    if has_own_files:
        (tmp_path / "00085D126421.cfg").write_bytes(LINE)
        folder = read_folder(tmp_path)
        (text,) = (note for note in folder.notes if "Folders inside" in note)
        assert set(folder.phones) == {"00:08:5D:12:64:21"}
    else:
        with pytest.raises(UsageError) as caught:
            read_folder(tmp_path)
        text = str(caught.value)
    assert "Aastra/00085D126431.cfg" in text
    assert "53i.st" not in text
    assert "empty" not in text


def test_a_folder_of_misnamed_files_alone_says_so(tmp_path: Path) -> None:
    (tmp_path / "00085D126422.cfg.txt").write_bytes(LINE)
    with pytest.raises(UsageError, match=r"00085D126422\.cfg\.txt looks like configuration"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    "mask",
    [
        *(
            "****",
            "********",
            "\u2022\u2022\u2022\u2022",
            "xxxx",
            "XXXXXX",
            "<hidden>",
            "[redacted]",
        ),
        *("(masked)", "***REDACTED***", "ab****yz", "--------", "____"),
    ],
)
def test_a_masked_password_is_left_out_with_a_note(mask: str) -> None:
    own = f"sip line1 user name: 2514\nsip line1 password: {mask}\nadmin password: {mask}\n"
    files = {"00085D000001.cfg": own.encode(), "6753i.cfg": b"lldp: 0\n"}
    result = adopted(files)
    (one,) = result.inventory.phones
    assert (one.accounts[0].user, one.accounts[0].sip_password) == ("2514", "")
    assert result.inventory.secrets == {}
    (note,) = (note for note in result.notes if "masks its passwords" in note)
    assert "2 passwords were left out of 00085D000001.cfg" in note
    assert mask not in note


@pytest.mark.parametrize("word", ["1111", "7Hq2mZp9Lk", "password", "!a*b*c*d!", "xxyy"])
def test_a_bad_password_is_a_password(word: str) -> None:
    files = {"00085D000001.cfg": f"sip line1 password: {word}\n".encode()}
    result = adopted(files)
    assert result.inventory.phones[0].accounts[0].sip_password == word
    assert "masks" not in "".join(result.notes)


def test_an_account_for_all_lines_is_line_1s() -> None:
    own = b"""sip registrar ip: pbx.example.com
sip proxy ip: pbx.example.com
sip user name: 1001
sip auth name: auth1
sip password: 7Hq2mZp9Lk
sip display name: Desk
"""
    files = {"00085D000001.cfg": own, "6753i.cfg": b"lldp: 0\n"}
    result = adopted(files)
    (one,) = result.inventory.phones
    assert one.accounts == (
        IntendedAccount(
            line=1,
            user="1001",
            auth_name="auth1",
            display_name="Desk",
            registrar="pbx.example.com",
        ),
    )
    assert differences(folder_of(files), result, known()) == {one.mac: ()}
    assert any("sets one account for all lines" in note for note in result.notes)


def test_a_line_with_an_account_of_its_own_keeps_it() -> None:
    files = {"00085D000001.cfg": b"sip user name: 1\nsip line1 user name: 2\n", "aastra.cfg": b"#"}
    (one,) = adopted(files).inventory.phones
    assert [(each.line, each.user) for each in one.accounts] == [(1, "2")]


BOTH = {
    "aastra.cfg": b"tftp server: 10.0.0.5\nlldp: 1\ntime format: 1\n",
    "startup.cfg": b"tftp server: 10.0.0.5\nlldp: 0\ndate format: 2\n",
    "00085D000001.cfg": b"language: 1\n",
    "00085D000002.cfg": b"language: 2\n",
}
OLD_ONE = Phone(host="10.1.1.1", mac="00:08:5D:00:00:01", model="6753i")
NEW_ONE = Phone(host="10.1.1.2", mac="00:08:5D:00:00:02", model="6930")


def test_of_two_files_for_all_phones_each_phone_has_the_one_it_asks_for() -> None:
    around = known(phones={one.mac: one for one in (OLD_ONE, NEW_ONE)})
    folder = folder_of(BOTH)
    result = adopt(folder, around)
    fleet = result.inventory.fleet.parameters
    assert (fleet["lldp"].value, fleet["time format"].value) == ("1", "1")
    new = {name: want.value for name, want in result.inventory.models["6930"].parameters.items()}
    assert new == {"lldp": "0", "date format": "2", "time format": None}
    assert differences(folder, result, around) == {OLD_ONE.mac: (), NEW_ONE.mac: ()}
    (note,) = (note for note in result.notes if "startup.cfg" in note)
    assert "differ, and each phone reads its own" in note


@pytest.mark.parametrize(
    ("model", "taken", "unread"),
    [("6753i", "1", "startup.cfg"), ("6865i", "0", "aastra.cfg"), ("6930", "0", "aastra.cfg")],
)
def test_the_file_that_no_phone_asks_for_is_noted(model: str, taken: str, unread: str) -> None:
    result = adopted(BOTH, model=model)
    assert result.inventory.fleet.parameters["lldp"].value == taken
    assert any(note.startswith(f"{unread} was not read") for note in result.notes)


def test_of_names_that_differ_by_case_the_phones_spelling_is_read() -> None:
    files = {
        "AASTRA.CFG": b"lldp: 0\n",
        "aastra.cfg": b"lldp: 1\n",
        "00085d00000a.cfg": b"language: 1\n",
        "00085D00000A.cfg": b"language: 2\n",
        "6753I.cfg": b"upnp manager: 1\n",
        "6753i.cfg": b"upnp manager: 0\n",
    }
    folder = folder_of(files)
    wanted = folder.wanted("00:08:5D:00:00:0A", "6753i")
    assert {name: one.value for name, one in wanted.items()} == {
        "lldp": "1",
        "language": "2",
        "upnp manager": "0",
    }
    notes = "".join(folder.notes)
    for unread in ("AASTRA.CFG", "00085d00000a.cfg", "6753I.cfg"):
        assert f"{unread} was not read: phones request" in notes


def test_a_variant_of_a_model_takes_its_models_table_with_a_note() -> None:
    result = adopted({"00085D000001.cfg": LINE}, model="6915d")
    assert result.inventory.phones[0].model == "6915d"
    assert any("fleet does not know the 6915d" in note for note in result.notes)
    assert differences(folder_of({"00085D000001.cfg": LINE}), result, known()) == {
        "00:08:5D:00:00:01": ()
    }


@pytest.mark.parametrize("value", ["1001 // the boss", "1001 ; the boss"])
def test_a_comment_of_another_format_is_noted(value: str) -> None:
    result = adopted({"00085D000001.cfg": f"sip screen name: {value}\n".encode()})
    assert any("line 1" in note and "does not start a comment" in note for note in result.notes)


def test_an_encoding_is_noted_once_for_a_file() -> None:
    files = {"00085D000001.cfg": b"sip screen name: M\xfcller\nsip display name: \x80\n"}
    notes = [note for note in adopted(files).notes if "Windows-1252" in note]
    assert notes == ["00085D000001.cfg is not UTF-8; it was read as Windows-1252: check its texts."]


def test_a_folder_is_read_from_disk(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no aastra\.cfg"):
        read_folder(tmp_path)
    for name, body in OLD.items():
        (tmp_path / name).write_bytes(body)
    assert read_folder(tmp_path) == folder_of(OLD)


def through_yaml(inventory: Inventory) -> Inventory:
    out = io.StringIO()
    write_yaml(inventory, out, with_secrets=True)
    result = plan(Inventory(), parse_yaml(out.getvalue()))
    return Inventory(
        phones=tuple(change.after for change in result.phones),
        fleet=next((one.after for one in result.levels if one.level == "fleet"), inventory.fleet),
        models={one.name: one.after for one in result.levels if one.level == "model"},
        profiles={one.name: one.after for one in result.levels if one.level is None},
        secrets=result.secrets,
    )


_ACCOUNTS = st.builds(
    Parameter,
    name=st.sampled_from(
        [
            f"sip line{line} {what}"
            for line in (1, 2)
            for what in ("user name", "auth name", "password", "registrar ip", "registrar port")
        ]
        + ["sip registrar ip", "sip proxy ip", "sip backup registrar ip", "contact rcs", "ip"]
        + ["sip user name", "sip auth name", "sip password", "sip display name"]
    ),
    value=st.sampled_from(["", "1001", "pbx.example", "05060", "70000", "0.0.0.0", "a b", "x#y"]),
    lock=st.booleans(),
)
_FILES = st.lists(PARAMETERS | _ACCOUNTS, max_size=10).map(
    lambda them: render(ConfigFile(parameters=tuple(them)))
)


@given(
    common=_FILES,
    model=_FILES,
    own=st.lists(_FILES, min_size=1, max_size=3),
    has_zone=st.booleans(),
    startup=st.none() | _FILES,
)
@settings(max_examples=200, deadline=None)
def test_any_folder_becomes_an_inventory_that_changes_nothing(
    common: bytes, model: bytes, own: list[bytes], has_zone: bool, startup: bytes | None
) -> None:
    files = {"aastra.cfg": common, "6753i.cfg": model}
    files |= {} if startup is None else {"startup.cfg": startup, "6930.cfg": model}
    files |= {f"00085D00000{number}.cfg": body for number, body in enumerate(own)}
    folder = folder_of(files)
    around = known(
        phones={
            **({"00:08:5D:00:00:00": phone(0, site="Berlin")} if has_zone else {}),
            "00:08:5D:00:00:01": phone(1, model="6930"),
        },
        timezones={"Berlin": "Europe/Berlin"},
        model="6753i",
    )
    result = adopt(folder, around)
    assert set(differences(folder, result, around).values()) == {()}
    read_back = Adopted(inventory=through_yaml(result.inventory))
    assert set(differences(folder, read_back, around).values()) == {()}
