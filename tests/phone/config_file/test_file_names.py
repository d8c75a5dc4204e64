"""The files phones ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.catalog import MODELS
from fleet.phone.config_file import (
    FileKind,
    RequestedFile,
    firmware_file,
    mac_file,
    model_files,
    requested_file,
)

MAC = "00:08:5D:12:64:11"


@pytest.mark.parametrize("mac", [MAC, "00085d126411", "00-08-5d-12-64-11"])
def test_a_phones_own_file_is_its_mac_in_upper_case(mac: str) -> None:
    assert mac_file(mac) == "00085D126411.cfg"


def test_what_is_no_mac_has_no_file() -> None:
    with pytest.raises(ValueError, match="not a MAC"):
        mac_file("aastra")


@pytest.mark.parametrize(
    ("model", "files", "firmware"),
    [
        ("6753i", ("6753i.cfg", "53i.cfg"), "53i.st"),
        ("53i", ("6753i.cfg", "53i.cfg"), "53i.st"),
        ("6757i CT", ("6757iCT.cfg", "57iCT.cfg"), "57iCT.st"),
        ("6739i", ("6739i.cfg",), "6739i.st"),
        ("6999x", ("6999x.cfg",), ""),
    ],
)
def test_a_models_file_has_every_name_a_phone_may_ask_for(
    model: str, files: tuple[str, ...], firmware: str
) -> None:
    assert model_files(model) == files
    assert firmware_file(model) == firmware


@pytest.mark.parametrize(
    ("name", "kind", "mac", "model"),
    [
        ("aastra.cfg", FileKind.GLOBAL, "", ""),
        ("startup.cfg", FileKind.GLOBAL, "", ""),
        ("00085D126411.cfg", FileKind.MAC, MAC, ""),
        ("00085d126411.cfg", FileKind.MAC, MAC, ""),
        ("6753i.cfg", FileKind.MODEL, "", "6753i"),
        ("53i.cfg", FileKind.MODEL, "", "6753i"),
        ("57iCT.cfg", FileKind.MODEL, "", "6757i CT"),
        ("53i.st", FileKind.FIRMWARE, "", "6753i"),
        ("6739i.st", FileKind.FIRMWARE, "", "6739i"),
        ("lang_fr.txt", FileKind.LANGUAGE, "", ""),
        ("lang_fr_ca.txt", FileKind.LANGUAGE, "", ""),
        ("aastra.tuz", FileKind.ENCRYPTED, "", ""),
        ("security.tuz", FileKind.ENCRYPTED, "", ""),
        ("00085D126411.tuz", FileKind.ENCRYPTED, MAC, ""),
        ("010085D12641.cfg", FileKind.OTHER, "", ""),
        ("FFFFFFFFFFFF.cfg", FileKind.OTHER, "", ""),
        ("router.cfg", FileKind.OTHER, "", ""),
        ("router.st", FileKind.OTHER, "", ""),
        ("../aastra.cfg", FileKind.OTHER, "", ""),
        ("aastra.cfg/", FileKind.OTHER, "", ""),
        ("", FileKind.OTHER, "", ""),
        (".cfg", FileKind.OTHER, "", ""),
    ],
)
def test_a_name_says_what_is_asked_for(name: str, kind: FileKind, mac: str, model: str) -> None:
    assert requested_file(name) == RequestedFile(name=name, kind=kind, mac=mac, model=model)


@given(st.text() | st.text("/\\.%cfgst0853i").map(lambda text: f"{text}.cfg"))
def test_no_name_makes_it_fail_and_no_path_is_a_file_of_ours(name: str) -> None:
    asked = requested_file(name)
    if "/" in name or "\\" in name or ".." in name:
        assert asked.kind is FileKind.OTHER


@given(st.sampled_from(sorted(MODELS)))
def test_what_we_serve_is_what_is_asked_for(model: str) -> None:
    for name in model_files(model):
        assert requested_file(name).model == model
    if name := firmware_file(model):
        assert requested_file(name).kind is FileKind.FIRMWARE
