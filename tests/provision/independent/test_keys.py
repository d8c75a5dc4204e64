"""Keys by model and module, and which of them are locked from the factory."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.phone.config_file import Parameter
from fleet.phone.lint import LintContext, lint
from tests.provision.independent.cases import cases

NO_SUCH_KEY = {"key-out-of-range", "module-not-possible"}


def missing(key: str, case: dict[str, Any]) -> bool:
    """Whether fleet says that the model of a case does not have a key."""
    said = (Parameter(name=f"{key} type", value="blf"), Parameter(name=f"{key} value", value="201"))
    modules = (case["module"],) if "module" in case else None
    found = lint(said, case["model"], LintContext(modules=modules))
    return not NO_SUCH_KEY.isdisjoint(one.check for one in found)


@cases("keys")
def test_a_model_has_the_keys_that_others_set_on_it(case: dict[str, Any]) -> None:
    assert [key for key in case["fits"] if missing(key, case)] == []


@cases("keys")
def test_a_model_does_not_have_more_keys(case: dict[str, Any]) -> None:
    assert [key for key in case["not"] if not missing(key, case)] == []


@pytest.mark.parametrize(
    ("model", "locked"),
    [
        # MX-ONE's 6731i.cfg template: SAVE on 5, DELETE on 6; the vendor's scripts unlock 6
        ("6730i", {5, 6}),
        ("6731i", {5, 6}),
        # MX-ONE's 6753i.cfg template lists the factory's keys: SAVE on 1, DELETE on 2, both locked;
        # it gives key 6 a meaning, and the vendor's scripts keys 5 and 6, without unlocking them
        ("6753i", {1, 2}),
        ("6755i", set()),
        ("9143i", set()),
    ],
)
def test_the_save_and_delete_keys_are_locked_from_the_factory(model: str, locked: set[int]) -> None:
    keys = [Parameter(name=f"prgkey{number} type", value="blf") for number in range(1, 9)]
    found = [one for one in lint(keys, model) if one.check == "key-stays-locked"]

    assert {one.parameter for one in found} == {f"prgkey{number} locked" for number in locked}
