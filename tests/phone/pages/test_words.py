"""The table of words: what may be taught, and what may not."""

from __future__ import annotations

import pytest

from fleet.phone.pages import WORDS, words_with
from fleet.phone.pages.text import word
from fleet.phone.pages.words import KEYS


def test_the_keys_are_those_of_the_settings() -> None:
    assert set(KEYS) == {
        *("registered", "unregistered", "yes", "no", "line", "sip_account", "status", "backup"),
        *("mac_address", "platform", "firmware_version", "boot_version"),
    }


def test_taught_words_join_the_known_ones() -> None:
    words = words_with({"registered": ["  Registrita "], "backup": ["Rezerva registrejo uzata ?"]})
    assert words.registered == WORDS.registered | {"registrita"}
    assert "rezerva registrejo uzata" in words.backup
    assert words_with({}) == WORDS


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        ({"registred": ["x"]}, "registred: not a kind of word"),
        ({"yes": ["  "]}, "yes: '  ' is empty"),
        ({"yes": "Jes"}, "yes: must be a list"),
        ({"registered": ["401"]}, "registered: '401' looks like"),
        ({"registered": ["SIP 200 OK"]}, "registered: .* looks like"),
        ({"status": ["since 10:15"]}, "status: .* looks like"),
        ({"registered": ["Unregistered"]}, "means .* already"),
        ({"no": ["Oui"]}, "means .* already"),
        ({"yes": ["Registered"]}, "means .* already"),
    ],
)
def test_a_word_that_cannot_be_meant_is_refused_by_its_key(
    extra: dict[str, list[str]], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        words_with(extra)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("registered", "ENREGISTRE"),
        ("unregistered", "Nao registado"),
        ("yes", "Si"),
        ("status", "Etat"),
        ("boot_version", "Version d'amorcage"),
    ],
)
def test_words_are_known_without_their_accents_too(kind: str, text: str) -> None:
    assert word(text) in getattr(WORDS, kind)
