"""Who the phone says it is: the values that stand behind known labels, in whatever markup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fleet.model import normalise_mac
from fleet.phone.catalog import OUIS, is_aastra_realm, model_named
from fleet.phone.pages.text import has_clock, label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet.phone.pages.lxml_reader import Page
    from fleet.phone.pages.words import Words

_MAX_LABEL_RUNS = 3
_BETWEEN = ":= "
_MODEL = re.compile(r"[\w][\w ./()+-]{1,39}")
_VERSION = re.compile(r"[vVrR]?\d[\w.+-]*(?:[ ][\w.+()-]+){0,2}")
_MAC_LIKE = re.compile(r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}")
_OTHER_LABELS = frozenset(
    (
        *("firmware release code", "date/time", "attribute", "value", "network status"),
        *("hardware information", "firmware information", "sip status", "code version"),
        *("date/heure", "attribut", "valeur", "informations système", "état sip"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The phone's own facts; empty texts are what the page does not say."""

    mac: str
    model: str
    firmware: str
    boot_version: str


def identify(page: Page, words: Words) -> Identity:
    """Read MAC, model, firmware and boot version by their labels (facts/web-ui 2.2).

    A value stands in the text after its label, or behind a colon in the same text. What cannot be
    such a value is not taken for one, and the first that can be is taken.
    """
    runs, index = page.runs, _index(words)
    keys = list(map(label, runs))
    found: dict[str, str] = {}
    for at, key in enumerate(keys):
        kind, value = "", ""
        if key in index.labels or key in index.beginnings:
            kind, value = _labelled(runs, keys, at, index)
        elif ":" in runs[at]:
            kind, value = _beside(runs[at], index)
        if value:
            found.setdefault(kind, value)
    return Identity(
        mac=found.get("mac_address") or _only_mac(runs),
        model=found.get("platform") or _model_of_title(page.title),
        firmware=found.get("firmware_version", ""),
        boot_version=found.get("boot_version", ""),
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """Labels by what they stand before, and the first parts of those of several words."""

    labels: dict[str, str]
    beginnings: frozenset[str]


@lru_cache(maxsize=8)
def _index(words: Words) -> _Index:
    labels = {name: kind for kind in _READ for name in getattr(words, kind)}
    parts = (name.split() for name in labels)
    beginnings = {" ".join(part[:end]) for part in parts for end in range(1, len(part))}
    return _Index(labels, frozenset(beginnings))


def _labelled(runs: Sequence[str], keys: Sequence[str], at: int, index: _Index) -> tuple[str, str]:
    """The value after a label, which may be broken into several texts; empty if there is none."""
    longest = _MAX_LABEL_RUNS if keys[at] in index.beginnings else 1
    for count in range(longest, 0, -1):
        kind = index.labels.get(" ".join(keys[at : at + count]))
        behind = at + count
        while behind < len(runs) and not runs[behind].strip(_BETWEEN):
            behind += 1
        if kind is None or behind >= len(runs) or _is_label(keys[behind], index):
            continue
        if value := _read(kind, runs[behind].lstrip(_BETWEEN)):
            return kind, value
    return "", ""


def _is_label(key: str, index: _Index) -> bool:
    return key in index.labels or key in _OTHER_LABELS


def _beside(run: str, index: _Index) -> tuple[str, str]:
    """The value of a text such as `MAC Address: 00:08:5D:12:64:11`."""
    name, _, rest = run.partition(":")
    kind = index.labels.get(label(name), "")
    return kind, _read(kind, rest.strip()) if kind else ""


def _read(kind: str, text: str) -> str:
    if kind != "mac_address" and has_clock(text):
        return ""
    return _READ[kind](text)


def _mac(text: str) -> str:
    try:
        return normalise_mac(text)
    except ValueError:
        return ""


@lru_cache(maxsize=256)  # a fleet has few models
def _model(text: str) -> str:
    name = model_named(text)
    fits = _MODEL.fullmatch(name) and any(one.isdigit() for one in name)
    return name if fits and not re.fullmatch(r"\d+(?:\.\d+)+", name) else ""


def _version(text: str) -> str:
    return text if len(text) <= 40 and _VERSION.fullmatch(text) else ""


_READ: dict[str, Callable[[str], str]] = {
    "mac_address": _mac,
    "platform": _model,
    "firmware_version": _version,
    "boot_version": _version,
}


def _model_of_title(title: str) -> str:
    """The model from a title such as `Aastra 6753i` (facts/web-ui 1.1)."""
    return _model(title) if is_aastra_realm(title) and not has_clock(title) else ""


def _only_mac(runs: Sequence[str]) -> str:
    """The one address of these phones on the page, where no label is understood."""
    found = {_mac(run) for run in runs if len(run) == 17 and _MAC_LIKE.fullmatch(run)}
    ours = {mac for mac in found if mac[:8] in OUIS}
    return ours.pop() if len(ours) == 1 else ""
