"""The words of the web UI's languages. English and French are the firmware's (facts/web-ui 3.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from fleet.phone.pages.text import has_clock, label, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Normalised words of every known language, by what they mean.

    The first four are values of cells, the next four headers of the SIP table's columns, the last
    four labels of the phone's identity.
    """

    registered: frozenset[str]
    unregistered: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    line: frozenset[str]
    sip_account: frozenset[str]
    status: frozenset[str]
    backup: frozenset[str]
    mac_address: frozenset[str]
    platform: frozenset[str]
    firmware_version: frozenset[str]
    boot_version: frozenset[str]

    @property
    def headers(self) -> frozenset[str]:
        """Every word that may head a column of the SIP table."""
        return self.line | self.sip_account | self.status | self.backup

    @property
    def labels(self) -> frozenset[str]:
        """Every word that may stand before a fact about the phone."""
        return self.mac_address | self.platform | self.firmware_version | self.boot_version


KEYS = tuple(field.name for field in fields(Words))
"""The keys of the settings table `[web_ui.words]`."""

_VALUES = ("registered", "unregistered", "yes", "no")
_CODE_LIKE = re.compile(r"\D*\d{3}\b.*")

_KNOWN: Mapping[str, tuple[str, ...]] = {
    "registered": ("Registered", "Enregistré", "Enregistre"),
    "unregistered": ("Unregistered", "Non enregistré", "Non enregistre"),
    "yes": ("Yes", "Oui"),
    "no": ("No", "Non"),
    "line": ("Line", "Ligne"),
    "sip_account": ("SIP Account", "SIP Accounts", "Compte SIP", "Comptes SIP"),
    "status": ("Status", "SIP Status", "État", "Etat", "État SIP", "Etat SIP", "Statut"),
    "backup": (
        "Backup Registrar Used?",
        "Backup Registrar",
        "Backup Used?",
        "Backup",
        "Serveur Registrar de secours utilisé?",
        "Serveur Registrar de secours utilise?",
        "Registrar de secours utilisé?",
        "Registrar de secours utilise?",
    ),
    "mac_address": ("MAC Address", "MAC", "Adresse MAC"),
    "platform": ("Platform", "Plate-forme", "Plateforme"),
    "firmware_version": (
        "Firmware Version",
        "Version logicielle",
        "Version du firmware",
        "Version firmware",
    ),
    "boot_version": ("Boot Version", "Version Boot", "Version de boot", "Version du boot"),
}


def words_with(extra: Mapping[str, Sequence[str]]) -> Words:
    """The known words and more, from the settings table `[web_ui.words]`.

    Its keys are `registered`, `unregistered`, `yes`, `no`, `line`, `sip_account`, `status`,
    `backup`, `mac_address`, `platform`, `firmware_version` and `boot_version`; each value is a
    list of words. Raises ValueError, naming the key, for an unknown key or a word that cannot be
    meant: empty, a SIP code, a time of day, or one that already means the opposite.
    """
    for key, texts in extra.items():
        if key not in KEYS:
            raise ValueError(f"{key}: not a kind of word; known are {', '.join(KEYS)}")
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{key}: must be a list of words, like ['Registriert']")
        for text in texts:
            _check(key, text)
    words = Words(**{key: _normalised(key, (*_KNOWN[key], *extra.get(key, ()))) for key in KEYS})
    _refuse_both_ways(words)
    return words


def _check(key: str, text: str) -> None:
    if not label(text):
        raise ValueError(f"{key}: {text!r} is empty; leave it out")
    if has_clock(text) or _CODE_LIKE.fullmatch(word(text)):
        raise ValueError(f"{key}: {text!r} looks like a time or a SIP code, not like a word")


def _normalised(key: str, texts: Sequence[str]) -> frozenset[str]:
    normal = word if key in _VALUES else label
    return frozenset(normal(text) for text in texts)


def _refuse_both_ways(words: Words) -> None:
    meanings = [(key, getattr(words, key)) for key in _VALUES]
    for at, (key, texts) in enumerate(meanings):
        for other, other_texts in meanings[:at]:
            if both := texts & other_texts:
                raise ValueError(f"{key}: {min(both)!r} means {other} already")


WORDS = words_with({})
"""English and French."""
