"""What the words of a status page mean, in every language that the phones have."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from fleet.phone.pages.languages import LANGUAGES
from fleet.phone.pages.text import LONGEST_WORD, has_clock, label, unaccented, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


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
    key: tuple(text for language in LANGUAGES.values() for text in language.get(key, ()))
    for key in (*KEYS, "heading", "session")
}


def words_with(extra: Mapping[str, Sequence[str]]) -> Words:
    """Return the known words and more, from the settings table `[web_ui.words]`.

    Its keys are `registered`, `unregistered`, `yes`, `no`, `line`, `sip_account`, `status`,
    `backup`, `mac_address`, `platform`, `firmware_version` and `boot_version`; each value is a
    list of words. Raises ValueError, naming the key, for an unknown key or a word that cannot be
    meant: empty, a SIP code, a time of day, or one that already means the opposite.
    """
    for key, texts in extra.items():
        if key not in KEYS:
            raise ValueError(f"{key}: not a kind of word; known are {', '.join(KEYS)}")
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{key}: must be a list of words, like ['Registrita']")
        for text in texts:
            _check(key, text)
    words = Words(**{key: _normalised(key, (*_KNOWN[key], *extra.get(key, ()))) for key in KEYS})
    words = replace(words, status=words.status | HEADINGS)
    _refuse_both_ways(words)
    return words


def _check(key: str, text: str) -> None:
    if not label(text):
        raise ValueError(f"{key}: {text!r} is empty; leave it out")
    if len(text) > LONGEST_WORD:
        raise ValueError(f"{key}: {text[:40]!r}… is longer than {LONGEST_WORD} characters")
    if has_clock(text) or _CODE_LIKE.fullmatch(word(text)):
        raise ValueError(f"{key}: {text!r} looks like a time or a SIP code, not like a word")


def _normalised(key: str, texts: Iterable[str]) -> frozenset[str]:
    """The texts as they are compared, and as a page without accents would write them."""
    normal = word if key in _VALUES else label
    return frozenset(form for text in texts for form in (normal(text), unaccented(normal(text))))


def _refuse_both_ways(words: Words) -> None:
    meanings = [(key, getattr(words, key)) for key in _VALUES]
    for at, (key, texts) in enumerate(meanings):
        for other, other_texts in meanings[:at]:
            if both := texts & other_texts:
                raise ValueError(f"{key}: {min(both)!r} means {other} already")


HEADINGS = _normalised("heading", _KNOWN["heading"])
"""What stands above the SIP table, as a label is compared."""

SESSION_TEXTS = frozenset(unaccented(word(text)) for text in _KNOWN["session"])
"""Parts of the messages about a session, as `unaccented` words."""

WORDS = words_with({})
"""The words of all the phones' languages."""
