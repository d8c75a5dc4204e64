"""What the phones call themselves: names, realms of logins, families."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet.phone.catalog.models import MODELS

if TYPE_CHECKING:
    from fleet.phone.catalog.models import Model

_REALM = re.compile(
    r"(?:aastra|mitel)(?:[ _-]*minet)?(?![a-z])[ _-]*(?P<model>.*)", re.IGNORECASE | re.DOTALL
)
_REALM_1_X = "please enter user name and password"
_BRAND = re.compile(
    r"(?:(?:aastra|mitel)[ _-]*)+(?:(?:sip|minet)[ _-]*)?(?:ip[ _-]*phone[ _-]*)?", re.IGNORECASE
)
_REVISION = re.compile(
    r"(?<![ ,;(-])[ ,;(-]++(?:hw[ _-]*+)?rev(?:ision)?\b.*", re.IGNORECASE | re.DOTALL
)


def _key(name: str) -> str:
    return re.sub(r"[ _-]", "", name).casefold()


_NAMES = {
    _key(name): model.name for model in MODELS.values() for name in (model.name, *model.aliases)
}


def model_named(text: str) -> str:
    """The full name of a model, whatever the phone calls it.

    `53i` is `6753i`, `9112i Revision 0` is `9112i`, `Aastra 6757iCT` is `6757i CT` (facts/web-ui
    2.1 and 6), `MitelMINET_6930` is `6930` (facts/provisioning 9). The name of an unknown model is
    kept, without the maker's name and the revision.
    """
    name = " ".join(text.split())
    name = _REVISION.sub("", _BRAND.sub("", name, count=1)).strip()
    return _NAMES.get(_key(name), name)


_VARIANT = re.compile(r"(?P<number>[69][0-9]{3})i?[a-z]{1,2}", re.IGNORECASE)


def model_table(name: str) -> Model | None:
    """The table that holds for a model; None for one that fleet does not know.

    A variant that is not in the tables, `6915d` or `6865ip` say, has that of the model with its
    number.
    """
    full = model_named(name)
    if full in MODELS:
        return MODELS[full]
    variant = _VARIANT.fullmatch(_key(full))
    if variant is None:
        return None
    return MODELS.get(f"{variant['number']}i") or MODELS.get(variant["number"])


def family_of(model: str) -> str:
    """The family of a model's full name; of an unknown model what its number says, else empty."""
    if model in MODELS:
        return MODELS[model].family
    number = re.match(r"(6[789])\d\d", model)
    return {"67": "67xxi", "68": "68xxi", "69": "69xx"}[number[1]] if number else ""


def is_aastra_realm(realm: str) -> bool:
    """Whether a login's realm is one of these phones' (facts/web-ui 1.1)."""
    text = " ".join(realm.split())
    return _REALM.match(text) is not None or text.casefold() == _REALM_1_X


def model_of_realm(realm: str) -> str:
    """The model that a realm such as `Aastra 6757i CT` names; empty when it names none."""
    match = _REALM.match(" ".join(realm.split()))
    return model_named(match["model"]) if match else ""
