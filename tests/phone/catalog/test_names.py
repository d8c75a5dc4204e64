"""The catalogue of models: their names, realms and files."""

from __future__ import annotations

import pytest

from fleet.phone.catalog import (
    MODELS,
    OUIS,
    family_of,
    is_aastra_realm,
    model_named,
    model_of_realm,
    normalise_mac,
)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("53i", "6753i"),
        ("6753i", "6753i"),
        ("6753I", "6753i"),
        ("Aastra 6753i", "6753i"),
        ("AastraIPPhone53i", "6753i"),
        ("9112i Revision 0", "9112i"),
        ("6755i, Rev. 2", "6755i"),
        ("57iCT", "6757i CT"),
        ("Aastra 6757i CT", "6757i CT"),
        ("480i Cordless", "480i CT"),
        ("Mitel 6920", "6920"),
        ("Mitel-6920", "6920"),
        ("MitelMINET_6930", "6930"),
        ("Mitel MiNET 6940w", "6940w"),
        (" 6999x ", "6999x"),
        ("", ""),
    ],
)
def test_a_model_has_one_name_whatever_the_phone_calls_it(text: str, model: str) -> None:
    assert model_named(text) == model


@pytest.mark.parametrize(
    ("realm", "ours", "model"),
    [
        ("Aastra 6753i", True, "6753i"),
        ("aastra 6753i", True, "6753i"),
        ("Mitel 6915", True, "6915"),
        ("Aastra 6757i CT", True, "6757i CT"),
        ("Aastra", True, ""),
        ("Mitel MiNET 6930", True, "6930"),
        ("MitelMINET_6930", True, "6930"),
        ("Minetta 6930", False, ""),
        ("Please enter User name and password", True, ""),
        ("Maastrannic 9000", False, ""),
        ("Aastranet", False, ""),
        ("Router", False, ""),
        ("", False, ""),
    ],
)
def test_a_realm_is_one_of_these_phones_or_not(realm: str, ours: bool, model: str) -> None:
    assert is_aastra_realm(realm) is ours
    assert model_of_realm(realm) == model


def test_every_model_has_a_family_and_its_own_name() -> None:
    assert all(model_named(name) == name for name in MODELS)
    assert {model.family for model in MODELS.values()} == {"67xxi", "9xxxi", "68xxi", "69xx"}
    assert MODELS["6753i"].firmware_file == "53i.st"
    assert MODELS["6753i"].lines == 9


def test_an_unknown_models_family_is_its_numbers() -> None:
    assert family_of("6999x") == "69xx"
    assert family_of("Router") == ""


def test_every_oui_begins_a_devices_address() -> None:
    assert all(normalise_mac(f"{oui}:00:00:01").startswith(oui) for oui in OUIS)
