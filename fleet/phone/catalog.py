"""The phones we know: models, their other names, lines, firmware files, realms and OUIs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.model import normalise_mac

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "MODELS",
    "OUIS",
    "Model",
    "family_of",
    "is_aastra_realm",
    "model_named",
    "model_of_realm",
    "normalise_mac",
]

OUIS = frozenset({"00:08:5D", "00:10:BC", "08:00:0F", "14:00:E9"})
"""The first half of these phones' MAC addresses (facts/web-ui 6)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model: its full name, its other names, how many lines it can have, its firmware file.

    `family` is `67xxi`, `9xxxi`, `68xxi` or `69xx`. `lines` is what a firmware of its last series
    allows (facts/provisioning 1.4), 0 where no source says; a page may show fewer rows.
    """

    name: str
    family: str
    lines: int = 0
    firmware_file: str = ""
    aliases: tuple[str, ...] = ()


def _five(number: str, lines: int) -> Model:
    """A 675xi, which was sold as 5xi first and keeps that name in many places."""
    short = f"{number[2:]}i"
    return Model(
        name=f"{number}i",
        family="67xxi",
        lines=lines,
        firmware_file=f"{short}.st",
        aliases=(short,),
    )


def _plain(family: str, lines: int, *names: str) -> Iterator[Model]:
    for name in names:
        yield Model(name=name, family=family, lines=lines, firmware_file=f"{name}.st")


def _models() -> Iterator[Model]:
    yield from _plain("67xxi", 6, "6730i", "6731i")
    yield from _plain("67xxi", 9, "6735i", "6737i", "6739i")
    yield _five("6751", 1)
    yield from (_five(number, 9) for number in ("6753", "6755", "6757"))
    yield Model(
        name="6757i CT",
        family="67xxi",
        lines=9,
        firmware_file="57iCT.st",
        aliases=("57i CT", "6757i Cordless", "57i Cordless"),
    )
    yield from _plain("9xxxi", 9, "9143i", "9480i")
    yield Model(name="9480i CT", family="9xxxi", lines=9, firmware_file="9480iCT.st")
    yield from (Model(name=name, family="9xxxi") for name in ("9112i", "9133i", "480i"))
    yield Model(name="480i CT", family="9xxxi", aliases=("480i Cordless",))
    yield from _plain("68xxi", 2, "6863i")
    yield from _plain("68xxi", 24, "6865i", "6867i", "6869i", "6873i")
    names = ("6905", "6910", "6915", "6920", "6920w", "6930", "6930w", "6940", "6940w", "6970")
    yield from (Model(name=name, family="69xx", firmware_file=f"{name}.st") for name in names)


MODELS: Mapping[str, Model] = {model.name: model for model in _models()}

_REALM = re.compile(r"(?:aastra|mitel)\b[ -]*(?P<model>.*)", re.IGNORECASE | re.DOTALL)
_REALM_1_X = "please enter user name and password"
_BRAND = re.compile(
    r"(?:(?:aastra|mitel)[ _-]*)+(?:sip[ _-]*)?(?:ip[ _-]*phone[ _-]*)?", re.IGNORECASE
)
_REVISION = re.compile(r"[ ,;(-]+(?:hw[ _-]*)?rev(?:ision)?\b.*", re.IGNORECASE | re.DOTALL)


def _key(name: str) -> str:
    return re.sub(r"[ _-]", "", name).casefold()


_NAMES = {
    _key(name): model.name for model in MODELS.values() for name in (model.name, *model.aliases)
}


def model_named(text: str) -> str:
    """The full name of a model, whatever the phone calls it.

    `53i` is `6753i`, `9112i Revision 0` is `9112i`, `Aastra 6757iCT` is `6757i CT` (facts/web-ui
    2.1 and 6). The name of an unknown model is kept, without the maker's name and the revision.
    """
    name = " ".join(text.split())
    name = _REVISION.sub("", _BRAND.sub("", name, count=1)).strip()
    return _NAMES.get(_key(name), name)


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
