"""Believable fleets: several sites and models, most phones in order, some with each trouble."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from fleet.model import Registration
from fleet.simulator.spec import LineSpec, PhoneSpec

Trouble: TypeAlias = Callable[[PhoneSpec, random.Random], PhoneSpec]

_SITES = ("Berlin", "Lyon", "Madrid", "Leeds", "Porto", "Gent")

# Model, its firmware and boot version (facts/web-ui 2.2 and 6), most lines in use, share.
_MODELS = (
    ("6753i", "3.3.1.4365", "2.5.2.1010", 2, 40),
    ("6757i", "3.3.1.4365", "2.5.2.1010", 4, 15),
    ("6731i", "3.3.1.4365", "2.5.2.1010", 2, 12),
    ("6739i", "3.3.1.4365", "2.5.2.1010", 3, 5),
    ("6865i", "4.2.0.2023", "2.5.2.1010", 2, 14),
    ("6869i", "4.2.0.2023", "2.5.2.1010", 4, 8),
    ("6920", "6.4.0.140", "2.5.2.1010", 3, 6),
)


def _failing(code: int) -> Trouble:
    """One line of the phone is refused with this SIP error."""

    def trouble(spec: PhoneSpec, chance: random.Random) -> PhoneSpec:
        return _one_line(spec, chance, registration=Registration.FAILED, code=code)

    return trouble


def _unregistered(spec: PhoneSpec, chance: random.Random) -> PhoneSpec:
    return _one_line(spec, chance, registration=Registration.UNREGISTERED)


def _on_backup(spec: PhoneSpec, chance: random.Random) -> PhoneSpec:
    return _one_line(spec, chance, backup=True)


def _french(spec: PhoneSpec, chance: random.Random) -> PhoneSpec:
    del chance
    return replace(spec, language="fr")


def _behaving(name: str) -> Trouble:
    """The phone behaves in one of the ways of `BEHAVIOURS`."""
    return lambda spec, _chance: replace(spec, behaviour=name)


def _one_line(spec: PhoneSpec, chance: random.Random, **changes: object) -> PhoneSpec:
    place = chance.randrange(len(spec.lines))
    line = replace(spec.lines[place], **changes)  # type: ignore[arg-type]  # checked by replace
    return replace(spec, lines=(*spec.lines[:place], line, *spec.lines[place + 1 :]))


TROUBLES: Mapping[str, Trouble] = {
    "line-401": _failing(401),
    "line-403": _failing(403),
    "line-503": _failing(503),
    "line-unregistered": _unregistered,
    "line-on-backup": _on_backup,
    "wrong-password": _behaving("wrong_password"),
    "off": _behaving("off"),
    "unplugged": _behaving("unplugged"),
    "session-expired": _behaving("session_expired"),
    "first-request-401": _behaving("first_request_401"),
    "french": _french,
}

_ENOUGH = 30  # phones for every trouble to be shown without the fleet looking ruined

# Shares of all phones; what is left is in order. About one phone in ten has something to flag.
BELIEVABLE_MIX: Mapping[str, float] = {
    "line-401": 0.025,
    "line-403": 0.01,
    "line-503": 0.01,
    "line-unregistered": 0.015,
    "line-on-backup": 0.015,
    "wrong-password": 0.01,
    "off": 0.01,
    "session-expired": 0.005,
    "first-request-401": 0.05,
    "french": 0.08,
}


def believable_fleet(
    n: int, *, seed: int = 0, mix: Mapping[str, float] = BELIEVABLE_MIX
) -> list[PhoneSpec]:
    """Specifications of `n` phones; the same for the same seed.

    `mix` gives the share (0 to 1) of each of `TROUBLES`; in a fleet of 30 phones or more, each
    trouble with a share has at least one phone. ValueError for an unknown trouble, or for shares
    that are negative or add up to more than 1.
    """
    _check(mix)
    chance = random.Random(seed)  # noqa: S311  a believable fleet, not a secret
    specs = [_phone(index, chance) for index in range(n)]
    free = list(range(n))
    chance.shuffle(free)
    for name, share in mix.items():
        wanted = round(share * n) or int(bool(share) and n >= _ENOUGH)
        chosen, free = free[:wanted], free[wanted:]
        for index in chosen:
            specs[index] = TROUBLES[name](specs[index], chance)
    return specs


def _check(mix: Mapping[str, float]) -> None:
    for name, share in mix.items():
        if name not in TROUBLES:
            message = f"unknown trouble {name}; known are {', '.join(TROUBLES)}"
            raise ValueError(message)
        if share < 0:
            message = f"the share of {name} is negative"
            raise ValueError(message)
    if sum(mix.values()) > 1:
        message = "the shares of the mix add up to more than 1"
        raise ValueError(message)


def _phone(index: int, chance: random.Random) -> PhoneSpec:
    model, firmware, boot, most, _share = chance.choices(
        _MODELS, weights=[share for *_, share in _MODELS]
    )[0]
    site = _SITES[index % len(_SITES)]
    oui = "14:00:E9" if model.startswith("69") else "00:08:5D"
    tail = f"{index + 1:06X}"
    return PhoneSpec(
        model=model,
        mac=f"{oui}:{tail[0:2]}:{tail[2:4]}:{tail[4:6]}",
        firmware=firmware,
        boot_version=boot,
        lines=_lines(index, site, chance.randint(1, most)),
        site=site,
        name=f"{site.lower()}-{index + 1:05}",
    )


def _lines(index: int, site: str, count: int) -> tuple[LineSpec, ...]:
    return tuple(
        LineSpec(
            number=number,
            user=str(100_000 + index * 10 + number),
            registrar=f"pbx.{site.lower()}.example",
        )
        for number in range(1, count + 1)
    )
