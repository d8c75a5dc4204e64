"""`fleet provision dhcp`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.steps import done

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

URL = "http://10.1.0.5:8090"


def test_the_address_comes_from_the_settings_or_the_command(fleet: Fleet) -> None:
    words = ("provision", "dhcp", "--for", "dnsmasq")
    ran = fleet(*words)
    assert (ran.code, "use --url, or set [provisioning] reachable_as" in ran.err) == (2, True)
    assert URL in done(fleet, *words, "--url", URL)
    Path("fleet.toml").write_text(
        '[provisioning]\nreachable_as = ["fleet.example.com"]\nport = 80\n'
        'path_secret = "0123456789abcdef"\n'
    )
    assert '"http://fleet.example.com/p/***"' in done(fleet, *words)
    assert "0123456789abcdef" in done(fleet, *words, "--with-secrets")
    wrong = fleet(*words, "--url", 'http://10.1.0.5/";x')
    assert (wrong.code, "is not a URL" in wrong.err) == (2, True)
