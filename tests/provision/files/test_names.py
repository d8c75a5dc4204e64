"""From paths to files: every spelling leads to one name, and no path leads anywhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.config_file import FileKind
from fleet.provision.files.names import Paths, known_as

SECRET = "a-secret-of-16-characters"


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        (b"/aastra.cfg", "aastra.cfg", FileKind.GLOBAL),
        (b"/AASTRA.CFG", "aastra.cfg", FileKind.GLOBAL),
        (b"/startup.cfg", "aastra.cfg", FileKind.GLOBAL),
        (b"//aastra.cfg", "aastra.cfg", FileKind.GLOBAL),
        (b"/aastra.cfg?x=1", "aastra.cfg", FileKind.GLOBAL),
        (b"/aastra%2ecfg", "aastra.cfg", FileKind.GLOBAL),
        (b"/00085D126411.cfg", "00085D126411.cfg", FileKind.MAC),
        (b"/00085d126411.CFG", "00085D126411.cfg", FileKind.MAC),
        (b"/53i.cfg", "53i.cfg", FileKind.MODEL),
        (b"/6753I.cfg", "6753i.cfg", FileKind.MODEL),
        (b"/57ICT.CFG", "57iCT.cfg", FileKind.MODEL),
        (b"/57ict.st", "57iCT.st", FileKind.FIRMWARE),
        (b"/53i.st", "53i.st", FileKind.FIRMWARE),
        (b"/LANG_de.txt", "lang_de.txt", FileKind.LANGUAGE),
        (b"/security.tuz", "security.tuz", FileKind.ENCRYPTED),
        (b"/", "", FileKind.OTHER),
        (b"/firmware/", "firmware", FileKind.OTHER),
        (b"/firmware/53i.st", "firmware/53i.st", FileKind.OTHER),
        (b"/../53i.st", "../53i.st", FileKind.OTHER),
        (b"/..%2f53i.st", "../53i.st", FileKind.OTHER),
        (b"/%2e%2e/%2e%2e/etc/passwd", "../../etc/passwd", FileKind.OTHER),
        (b"/53i.st%00.cfg", "53i.st\N{REPLACEMENT CHARACTER}.cfg", FileKind.OTHER),
        (b"/..\\53i.st", "../53i.st", FileKind.OTHER),
        (b"./aastra.cfg", "aastra.cfg", FileKind.GLOBAL),
        (b"\\aastra.cfg", "aastra.cfg", FileKind.GLOBAL),
        (b".\\00085D126411.cfg", "00085D126411.cfg", FileKind.MAC),
        (b"aastra.cfg", "aastra.cfg", FileKind.GLOBAL),
        (b"/" + b"a" * 199 + b"/b/c", "a" * 199 + "/", FileKind.OTHER),
        (b"/" + b"a" * 9000, "a" * 200, FileKind.OTHER),
    ],
)
def test_a_path_names_one_file(path: bytes, name: str, kind: FileKind) -> None:
    asked, with_secret = Paths().file(path)
    assert (asked.name, asked.kind, with_secret) == (name, kind, False)


def test_the_secret_counts_only_where_it_belongs_and_is_in_no_name() -> None:
    right = f"/p/{SECRET}/00085D126411.cfg".encode()
    assert Paths(secret=SECRET).file(right)[1]
    for wrong in (
        b"/p/a-secret-of-16-characterz/00085D126411.cfg",
        b"/p//00085D126411.cfg",
        b"/00085D126411.cfg",
        f"/q/{SECRET}/00085D126411.cfg".encode(),
    ):
        _asked, with_secret = Paths(secret=SECRET).file(wrong)
        assert not with_secret
    assert Paths().file(right) == (known_as("00085D126411.cfg"), False)
    assert SECRET not in Paths(secret=SECRET).file(right)[0].name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"/Aastra/aastra.cfg", "aastra.cfg"),
        (b"/aastra/00085d126411.cfg", "00085D126411.cfg"),
        (b"/aastra.cfg", "aastra.cfg"),
        (b"/old/phones/53i.st", "53i.st"),
        (b"\\old\\phones\\i18n\\lang_fr.txt", "i18n/lang_fr.txt"),
        (b"/Aastra", "Aastra"),
        (b"/old/aastra.cfg", "old/aastra.cfg"),
        (b"/Aastra/Aastra/aastra.cfg", "Aastra/aastra.cfg"),
        (b"/Aastra/../aastra.cfg", "../aastra.cfg"),
        (b"/Aastras/aastra.cfg", "Aastras/aastra.cfg"),
    ],
)
def test_a_prefix_of_the_settings_says_nothing(path: bytes, name: str) -> None:
    paths = Paths(prefixes=("Aastra", "old/phones"))
    assert paths.file(path)[0] == known_as(name)


def test_a_secret_is_found_on_either_side_of_a_prefix_and_never_recorded() -> None:
    paths = Paths(secret=SECRET, prefixes=("Aastra",))
    for path in (f"/Aastra/p/{SECRET}/00085D126411.cfg", f"/p/{SECRET}/Aastra/00085D126411.cfg"):
        assert paths.file(path.encode()) == (known_as("00085D126411.cfg"), True)
    for path in (f"/x/p/{SECRET}/a.cfg", f"/{SECRET.upper()}", f"/p/{SECRET}"):
        asked, with_secret = paths.file(path.encode())
        assert not with_secret
        assert SECRET not in asked.name.lower()


@given(st.binary(max_size=400))
def test_no_path_makes_it_raise_and_names_are_printable(path: bytes) -> None:
    asked, _ = Paths(secret=SECRET, prefixes=("a",)).file(b"/" + path)
    assert asked.name.isprintable()
    assert len(asked.name) <= 200
    if asked.kind is not FileKind.OTHER:
        assert "/" not in asked.name
        assert ".." not in asked.name


@given(st.text(max_size=300))
def test_a_known_name_is_known_as_itself(name: str) -> None:
    known = known_as(name)
    if known.kind is not FileKind.OTHER:
        assert known_as(known.name).name == known.name
