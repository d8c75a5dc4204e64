"""Receivers of alerts, as fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alert import servers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def webhook() -> Iterator[servers.Webhook]:
    with servers.webhook() as made:
        yield made


@pytest.fixture
def mail_server() -> Iterator[servers.MailServer]:
    with servers.mail_server() as made:
        yield made
