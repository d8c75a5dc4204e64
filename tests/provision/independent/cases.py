"""The independent cases: what must come of what, taken from other sources than fleet's own code.

Every case names its source and how far that is to be trusted: `vendor` (a guide, or what the vendor
sends itself), `peers` (two unrelated provisioners at least), `peer` (one), `standard` (an RFC, the
IANA database) or `derived` (from the rules of the facts, where nobody shows an example).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
TRUST = frozenset({"vendor", "peers", "peer", "standard", "derived"})


def load(theme: str) -> list[dict[str, Any]]:
    """A theme's cases, checked for what every case has to say of itself."""
    cases: list[dict[str, Any]] = tomllib.loads((FOLDER / f"{theme}.toml").read_text())["case"]
    for case in cases:
        assert case["source"], case
        assert case["trust"] in TRUST, case
    assert len({case["name"] for case in cases}) == len(cases), "a case's name is there twice"
    return cases


def cases(theme: str) -> Any:
    """A test for every case of a theme, named by the case."""
    found = load(theme)
    return pytest.mark.parametrize("case", found, ids=[case["name"] for case in found])
