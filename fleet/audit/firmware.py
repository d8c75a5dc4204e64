"""Firmware versions, compared as numbers: 3.10 is newer than 3.9."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Version: TypeAlias = tuple[int, ...]

_NUMBERS = re.compile(r"\d{1,9}(?:\.\d{1,9})*", re.ASCII)


def version(text: str) -> Version | None:
    """Read the numbers of a version such as `3.3.1.4365-SIP`; None if there are none.

    Zeros at its end say nothing: 4.2 and 4.2.0 are one.
    """
    found = _NUMBERS.search(text)
    if found is None:
        return None
    numbers = [int(part) for part in found[0].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def newest(seen: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give the newest firmware of each model, from pairs of model and firmware."""
    found: dict[str, str] = {}
    for model, firmware in sorted(set(seen)):
        if model and version(firmware) and is_older(found.get(model, "0"), firmware):
            found[model] = firmware
    return found


def is_older(firmware: str, than: str) -> bool:
    """Whether a version is older; what has no numbers cannot be told."""
    one, other = version(firmware), version(than)
    return one is not None and other is not None and one < other
