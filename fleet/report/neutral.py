"""Texts that a spreadsheet would run as a formula, made harmless (OWASP, "CSV injection")."""

from __future__ import annotations

import re

# Spreadsheets skip spaces before a formula, and take full-width signs for the plain ones.
_FORMULA = re.compile(r"[\s\u200b\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def neutral(text: str) -> str:
    """The text itself, or with a `'` before it where it would be taken for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
