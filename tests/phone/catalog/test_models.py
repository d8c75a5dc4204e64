"""The table of models: lines, keys, modules."""

from __future__ import annotations

import pytest

from fleet.phone.catalog import EXPANSION_MODULES, MODELS, expansion_module_named


@pytest.mark.parametrize(
    ("model", "lines", "prgkeys", "softkeys", "topsoftkeys", "modules", "firmware"),
    [
        ("6730i", 6, 8, 0, 0, (), "6730i.st"),
        ("6731i", 6, 8, 0, 0, (), "6731i.st"),
        ("6735i", 9, 6, 20, 0, ("M670i", "M675i"), "6735i.st"),
        ("6737i", 9, 0, 20, 10, ("M670i", "M675i"), "6737i.st"),
        ("6739i", 9, 0, 55, 0, ("M670i", "M675i"), "6739i.st"),
        ("6751i", 1, 0, 0, 0, (), "51i.st"),
        ("6753i", 9, 6, 0, 0, ("M670i",), "53i.st"),
        ("6755i", 9, 6, 20, 0, ("M670i", "M675i"), "55i.st"),
        ("6757i", 9, 0, 20, 10, ("M670i", "M675i"), "57i.st"),
        ("6757i CT", 9, 0, 20, 10, ("M670i", "M675i"), "57iCT.st"),
        ("9143i", 9, 7, 0, 0, (), "9143i.st"),
        ("9480i", 9, 0, 20, 0, (), "9480i.st"),
    ],
)
def test_a_model_has_its_lines_keys_modules_and_firmware_file(
    model: str,
    lines: int,
    prgkeys: int,
    softkeys: int,
    topsoftkeys: int,
    modules: tuple[str, ...],
    firmware: str,
) -> None:
    known = MODELS[model]
    assert known.keys is not None
    assert (known.lines, known.firmware_file) == (lines, firmware)
    assert (known.keys.prgkeys, known.keys.softkeys) == (prgkeys, softkeys)
    assert known.keys.topsoftkeys == topsoftkeys
    assert tuple(module.name for module in known.keys.modules) == modules


@pytest.mark.parametrize(
    ("text", "name", "keys"),
    [("M670i", "M670i", 36), ("536M", "M670i", 36), ("560m ", "M675i", 60), ("M680i", "M680i", 16)],
)
def test_a_module_is_known_by_its_name_and_by_the_phones_header(
    text: str, name: str, keys: int
) -> None:
    module = expansion_module_named(text)
    assert module is not None
    assert (module.name, module.keys) == (name, keys)


@pytest.mark.parametrize("text", ["", " ", "999M"])
def test_an_unknown_module_is_none(text: str) -> None:
    assert expansion_module_named(text) is None
    assert len(EXPANSION_MODULES) == 4


def test_the_6730i_has_no_vlan_for_its_pc_port_and_others_do() -> None:
    assert "vlan id port 1" in MODELS["6730i"].lacks
    assert not MODELS["6753i"].lacks
