"""Whole numbers in what others wrote."""

from __future__ import annotations

_MOST_DIGITS = 10


def number_in(text: str) -> int | None:
    """The number that a text of up to ten digits is; None for any other text."""
    right = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if right else None
