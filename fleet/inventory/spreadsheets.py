"""What spreadsheets make of a table's cells: undone where that is possible, else refused.

The number 1001 becomes `1001.0`, a MAC `1.40009E+11`, the user 1-2 a date; leading zeros are gone.
Who types `'0012` or writes `="0012"` has a text. An export puts `'` before what a spreadsheet would
run as a formula, and before what this module would refuse or change; reading takes it away.
"""

from __future__ import annotations

import re

from fleet.inventory.entries import COLUMNS, NUMBERS, SECRETS

_FOR_MACHINES = frozenset(COLUMNS) - SECRETS - {"site", "name", "display_name"}
_TEXTS = _FOR_MACHINES - NUMBERS  # numbers have a reader of their own, which takes `7.0` for 7

_RISKY = re.compile(r"['=+\-@\uff1d\uff0b\uff0d\uff20]")  # the last four are full-width
_WRAPPED = re.compile(r'="(?P<text>[^"]*)"')
_APOSTROPHE = re.compile(r"['\u2018\u2019](?=[0-9A-Za-z])")
TYPOGRAPHIC = re.compile("[\u201c\u201d\u201e\u00ab\u00bb]")
"""Quotation marks that a word processor puts where a table needs plain ones."""

_MONTH = r"(?:jan|feb|mar|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]{0,6}\.?"
_DATE = (
    rf"[0-9]{{1,2}}[-. ]{{1,2}}{_MONTH}(?:[-. ][0-9]{{2,4}})?|{_MONTH}[- ][0-9]{{1,4}}"
    r"|[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.]+)?"
)
_AGAIN = "format the column as text and type it again"
_DAMAGE = (
    (
        frozenset(COLUMNS),
        re.compile(r"#(?:REF|N/A|NAME|VALUE|DIV/0|NUM|NULL|SPILL|CALC)[!?]?", re.IGNORECASE),
        "is the error of a spreadsheet's formula",
    ),
    (
        _TEXTS | SECRETS,
        re.compile(r"-?[0-9]+(?:[.,][0-9]+)?E\+[0-9]{2,3}", re.IGNORECASE),
        f"a spreadsheet rounded this number; {_AGAIN}",
    ),
    (
        _TEXTS | SECRETS,
        re.compile(r"[0-9]+[.,]0+"),
        f"a spreadsheet turned it into a decimal number; {_AGAIN}",
    ),
    (
        frozenset({"user", "auth_name"}),
        re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+"),
        f"a spreadsheet put separators into this number; {_AGAIN}",
    ),
    (
        _TEXTS,
        re.compile(r"TRUE|FALSE|WAHR|FALSCH|VRAI|FAUX"),
        f"a spreadsheet turned it into a truth value; {_AGAIN}",
    ),
    (
        _TEXTS - {"host", "registrar", "backup_registrar"},
        re.compile(_DATE, re.IGNORECASE),
        f"a spreadsheet turned it into a date; {_AGAIN}",
    ),
    (
        frozenset({"mac"}),
        re.compile(r"[0-9A-Fa-f]{7,11}"),
        f"a MAC has 12 digits, and a spreadsheet drops leading zeros; {_AGAIN}",
    ),
    (
        _FOR_MACHINES,
        re.compile(f".*{TYPOGRAPHIC.pattern}.*", re.DOTALL),
        "contains a typographic quotation mark; remove it",
    ),
    (
        _FOR_MACHINES,
        re.compile(".*[\u00a0\u202f].*", re.DOTALL),
        "contains a no-break space; remove it",
    ),
)


def unwrapped(cell: str) -> str:
    """A cell without the formula `="…"`, which is how some programs write a text."""
    wrapped = _WRAPPED.fullmatch(cell)
    return wrapped["text"].strip() if wrapped else cell


def text_of(column: str, cell: str) -> str:
    """What a cell says. Raises ValueError where a spreadsheet has changed it beyond repair."""
    if cell.startswith("'") and needs_quote(column, cell[1:]):
        return cell[1:]
    if _is_forced(column, cell):
        return cell[1:]
    if damage := _damage(column, cell):
        raise ValueError(damage)
    return cell


def needs_quote(column: str, text: str) -> bool:
    """Whether a text has to be exported with `'` before it to be read back as it is."""
    return bool(_RISKY.match(text) or _damage(column, text)) or _is_forced(column, text)


def _is_forced(column: str, cell: str) -> bool:
    """Whether an apostrophe marks a text; in a name or a password it may be meant."""
    return column in _FOR_MACHINES and _APOSTROPHE.match(cell) is not None


def _damage(column: str, text: str) -> str:
    """Why a text cannot be what was typed; empty if it can."""
    for columns, pattern, reason in _DAMAGE:
        if column in columns and pattern.fullmatch(text):
            return reason
    return ""
