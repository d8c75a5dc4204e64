"""A person at a real browser: finds the line that is refused, and has it diagnosed."""

from __future__ import annotations

from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from fleet.model import IntendedAccount, Phone, Reach, Registration
from fleet.simulator import LineSpec, PhoneSpec, RegistrarSpec, SimulatedRegistrar, SipLogin
from tests.cli.conftest import answering
from tests.daemon.running import add, opened, running, until
from tests.web.browser import CHROMIUM, browser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet.store import Keyring

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

LONG = "anamewithoutanyend" * 8


@asynccontextmanager
async def watched(url: str, keyring: Keyring) -> AsyncIterator[str]:
    """A daemon that watches a phone whose line 1 is refused; gives the dashboard's address."""
    login = SipLogin(user="1001", password="Right-pass-4711x")
    async with SimulatedRegistrar(RegistrarSpec(accounts=(login,))) as pbx:
        shown = LineSpec(
            number=1, user="1001", registrar=pbx.address, port=pbx.port, code=401,
            registration=Registration.FAILED,
        )  # fmt: skip
        intended = IntendedAccount(
            line=1, user="1001", sip_password="Wrong-pass-4712y", registrar=pbx.address,
            registrar_port=pbx.port,
        )  # fmt: skip
        phones = [
            PhoneSpec(mac=f"00:08:5D:00:00:0{n}", site="here", lines=(shown,)) for n in (1, 2)
        ]
        with answering(phones) as answers, closing(opened(url, interval=3)) as app:
            app.store.use_keyring(keyring)
            hosts = answers.simulator.hosts
            add(
                app,
                Phone(host=hosts[0], name="lobby", site="here", accounts=(intended,)),
                Phone(host=hosts[1], name=LONG, site="here"),
            )
            async with running(app):
                await until(
                    lambda: {one.reach for one in app.store.observations.statuses()} == {Reach.OK}
                )
                yield f"http://127.0.0.1:{app.settings.server.port}"


async def test_a_person_finds_a_refused_line_and_has_it_diagnosed(
    sqlite_url: str, keyring: Keyring, tmp_path: Path
) -> None:
    async with watched(sqlite_url, keyring) as home, browser(tmp_path) as seen:
        await seen.open(home)
        assert "failed 401" in await seen.text()
        await seen.choose("[name=rule]", "line-failed")
        await seen.choose("[name=q]", "lobby")
        await seen.press("form.choice button")
        assert LONG not in await seen.text()
        await seen.press("tbody a")
        assert await seen.text("h1") == "lobby"
        await seen.press("form[method=post] button")
        said = await seen.text("#diagnosis + .diagnosis")
        assert "rejects the inventory's user and password of 1001 (401 Unauthorized)." in said
        assert "Check them at the registrar and in the inventory." in said
        assert await seen.complaints() == []
        await seen.press("form[method=post] button")
        assert "does not query it again yet" in await seen.text("#diagnosis + .diagnosis")


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_page_is_wider_than_its_window(
    sqlite_url: str, keyring: Keyring, tmp_path: Path, width: int
) -> None:
    async with watched(sqlite_url, keyring) as home, browser(tmp_path) as seen:
        await seen.resize(width)
        for path in ("/", "/phones", "/phones/1", "/phones/2"):
            await seen.open(home + path)
            wide = await seen.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path
            assert await seen.evaluate("document.styleSheets[0].cssRules.length") > 10


async def test_it_is_dark_where_the_person_wants_it_dark(
    sqlite_url: str, keyring: Keyring, tmp_path: Path
) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    async with watched(sqlite_url, keyring) as home, browser(tmp_path) as seen:
        shades = []
        for dark in (False, True):
            await seen.resize(1280, dark=dark)
            await seen.open(home)
            shades.append(await seen.evaluate(paper))
    assert shades == ["rgb(255, 255, 255)", "rgb(20, 25, 31)"]
