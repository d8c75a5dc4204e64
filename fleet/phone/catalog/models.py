"""The table of models: lines, keys, expansion modules, firmware files, and what a model lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OUIS = frozenset({"00:08:5D", "00:10:BC", "08:00:0F", "14:00:E9"})
"""The first half of these phones' MAC addresses (facts/web-ui 6)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpansionModule:
    """A module of more keys. `header` is how a phone names it in `X-Aastra-ExpMod1` to `3`."""

    name: str
    keys: int
    header: str = ""


M670I = ExpansionModule(name="M670i", keys=36, header="536M")
M675I = ExpansionModule(name="M675i", keys=60, header="560M")
M680I = ExpansionModule(name="M680i", keys=16, header="M680i")
M685I = ExpansionModule(name="M685i", keys=84)

EXPANSION_MODULES: Mapping[str, ExpansionModule] = {
    module.name: module for module in (M670I, M675I, M680I, M685I)
}
MAX_MODULES = 3
"""How many modules stand beside a phone that takes any (facts/provisioning 1.3, Keys)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """The keys of a model by their family in the configuration files, and the modules it takes.

    `locked_prgkeys` are locked until `prgkeyN locked: 0` says otherwise: Save and Delete, where
    MX-ONE's templates for these models list the factory's keys (other provisioners unlock 1, 2, 5
    and 6 of all models alike: facts/provisioning 1.3).
    """

    prgkeys: int = 0
    softkeys: int = 0
    topsoftkeys: int = 0
    modules: tuple[ExpansionModule, ...] = ()
    locked_prgkeys: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model: its full name, its other names, how many lines it can have, its firmware file.

    `family` is `67xxi`, `9xxxi`, `68xxi` or `69xx`. `lines` is what a firmware of its last series
    allows (facts/provisioning 1.4), 0 where no source says; a page may show fewer rows. `keys` is
    None where no source says. `lacks` are parameters, by canonical name, that it does not have.
    """

    name: str
    family: str
    lines: int = 0
    firmware_file: str = ""
    aliases: tuple[str, ...] = ()
    keys: Keys | None = None
    lacks: frozenset[str] = frozenset()


_OLD = (M670I, M675I)
_NEW = (M680I, M685I)
_SAVE_AND_DELETE = (5, 6)
_SAVE_AND_DELETE_53I = (1, 2)

_KEYS: Mapping[str, Keys] = {
    "6730i": Keys(prgkeys=8, locked_prgkeys=_SAVE_AND_DELETE),
    "6731i": Keys(prgkeys=8, locked_prgkeys=_SAVE_AND_DELETE),
    "6735i": Keys(prgkeys=6, softkeys=20, modules=_OLD),
    "6737i": Keys(topsoftkeys=10, softkeys=20, modules=_OLD),
    "6739i": Keys(softkeys=55, modules=_OLD),
    "6751i": Keys(),
    "6753i": Keys(prgkeys=6, modules=(M670I,), locked_prgkeys=_SAVE_AND_DELETE_53I),
    "6755i": Keys(prgkeys=6, softkeys=20, modules=_OLD),
    "6757i": Keys(topsoftkeys=10, softkeys=20, modules=_OLD),
    "6757i CT": Keys(topsoftkeys=10, softkeys=20, modules=_OLD),
    "9143i": Keys(prgkeys=7),
    "9480i": Keys(softkeys=20),
    "9480i CT": Keys(softkeys=20),
    "6863i": Keys(prgkeys=3),
    "6865i": Keys(prgkeys=8, modules=_NEW),
    "6867i": Keys(topsoftkeys=20, softkeys=18, modules=_NEW),
    "6869i": Keys(topsoftkeys=44, softkeys=24, modules=_NEW),
    "6873i": Keys(topsoftkeys=48, softkeys=24, modules=_NEW),
}
"""Families and modules: admin guide 3.2.2 p.5-59, XML guide PA-001011 p.198f (the 560M is not for
the 6753i). Counts: facts/provisioning 1.4, the vendor's own scripts (softkey20 of the 9480i's six
buttons), else what other provisioners allow (inferred)."""

_LACKS: Mapping[str, frozenset[str]] = {"6730i": frozenset({"vlan id port 1"})}
"""facts/provisioning 1.3, Network."""


def _model(
    name: str,
    family: str,
    lines: int = 0,
    firmware_file: str = "",
    aliases: tuple[str, ...] = (),
) -> Model:
    return Model(
        name=name,
        family=family,
        lines=lines,
        firmware_file=firmware_file,
        aliases=aliases,
        keys=_KEYS.get(name),
        lacks=_LACKS.get(name, frozenset()),
    )


def _five(number: str, lines: int) -> Model:
    """A 675xi, which was sold as 5xi first and keeps that name in many places."""
    short = f"{number[2:]}i"
    return _model(f"{number}i", "67xxi", lines, f"{short}.st", (short,))


def _plain(family: str, lines: int, *names: str) -> Iterator[Model]:
    for name in names:
        yield _model(name, family, lines, f"{name}.st")


def _models() -> Iterator[Model]:
    yield from _plain("67xxi", 6, "6730i", "6731i")
    yield from _plain("67xxi", 9, "6735i", "6737i", "6739i")
    yield _five("6751", 1)
    yield from (_five(number, 9) for number in ("6753", "6755", "6757"))
    cordless = ("57i CT", "6757i Cordless", "57i Cordless")
    yield _model("6757i CT", "67xxi", 9, "57iCT.st", cordless)
    yield from _plain("9xxxi", 9, "9143i", "9480i")
    yield _model("9480i CT", "9xxxi", 9, "9480iCT.st")
    yield from (_model(name, "9xxxi") for name in ("9112i", "9133i", "480i"))
    yield _model("480i CT", "9xxxi", aliases=("480i Cordless",))
    yield from _plain("68xxi", 2, "6863i")
    yield from _plain("68xxi", 24, "6865i", "6867i", "6869i", "6873i")
    names = ("6905", "6910", "6915", "6920", "6920w", "6930", "6930w", "6940", "6940w", "6970")
    yield from _plain("69xx", 0, *names)


MODELS: Mapping[str, Model] = {model.name: model for model in _models()}


def expansion_module_named(text: str) -> ExpansionModule | None:
    """The module of a name (`M670i`) or of a phone's header (`536M`); None for any other."""
    wanted = text.strip().casefold()
    for module in EXPANSION_MODULES.values():
        if wanted and wanted in (module.name.casefold(), module.header.casefold()):
            return module
    return None
