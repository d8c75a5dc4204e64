"""What comes from outside in files is read in time that grows with its size, and no faster."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from fleet.errors import InventoryError
from fleet.inventory import parse_csv
from fleet.phone.config_file import read
from fleet.phone.lint import LintContext, lint_file

if TYPE_CHECKING:
    from collections.abc import Callable

PIECES = (
    *("a", "$a", "{a", "{{", "<a ", "<a b=", "@a", "__a", "%a", "[a", "[A_", "*|a", "{a|", "%(a"),
    *("://", "://a:", "://a:b@", "a@", "?pass=a", "?password", ";pin", "$$A", "$$A$$", "a/", "./"),
    *("x", "*", "****\t", "\u00a0", "\u201c", "1", "1.", "1-", "E+", " ;", "//", "\\", "#", "!^"),
    *('"', ":", "..", "a b", "jan ", "2026-", " ", "\t", "a.", "-", "_"),
)
CONTEXT = LintContext(our_hosts=("fleet.example.com",), has_file=lambda _: False)
VALUES = (
    "sip vmail: {0}\nsip password: {0}\nadmin password: {0}\nlanguage 1: http://{0}\n"
    "firmware server: {0}\nsoftkey1 type: {0}\nsoftkey1 value: {0}\nsip proxy ip: {0}\n"
    "time zone name: {0}\nsip dial plan: {0}\nunknown: {0}\n"
)


def _file(text: str) -> None:
    lint_file(read(VALUES.format(text).encode()), "6757i", CONTEXT)


def _name(text: str) -> None:
    lint_file(read(f"a{text}b: 1\n".encode()), "6757i", CONTEXT)


def _old_encoding(text: str) -> None:
    read(f"sip vmail: {text}\n".encode("cp1252") + b"#\xe9")


def _cell(text: str) -> None:
    with contextlib.suppress(InventoryError):
        parse_csv(f"host,mac,line,user\n10.0.0.1,{text},1,{text}\n")


def _header(text: str) -> None:
    with contextlib.suppress(InventoryError):
        parse_csv(f"sep=;{text}")


@pytest.mark.parametrize("reader", [_file, _name, _old_encoding, _cell, _header])
def test_eight_times_the_size_takes_no_more_than_its_share(reader: Callable[[str], None]) -> None:
    """Quadratic reading would take 64 times as long."""

    def cost(text: str) -> float:
        start = time.process_time()
        reader(text)
        return time.process_time() - start

    slow = [
        piece
        for piece in PIECES
        if min(cost(piece * 8_000) for _ in range(2))
        > 24 * min(cost(piece * 1_000) for _ in range(2)) + 0.1
    ]
    assert slow == []
