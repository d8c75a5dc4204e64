"""From a status page's bytes to facts: pure, by structure first, never better than it says."""

from __future__ import annotations

from fleet.phone.pages.fingerprint import READER_VERSION, masked_key, page_key, same_page
from fleet.phone.pages.reader import DIALECTS, MOST_BYTES, Dialect, is_small, read_page
from fleet.phone.pages.words import WORDS, Words, words_with

__all__ = [
    "DIALECTS",
    "MOST_BYTES",
    "READER_VERSION",
    "WORDS",
    "Dialect",
    "Words",
    "is_small",
    "masked_key",
    "page_key",
    "read_page",
    "same_page",
    "words_with",
]
