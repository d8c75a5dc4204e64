from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.audit.fleet import Fleet

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Store


@pytest.fixture
def fleet(store: Store, tmp_path: Path) -> Fleet:
    """A fleet without phones."""
    return Fleet(store=store, output=tmp_path / "audits")
