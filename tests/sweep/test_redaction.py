"""Texts from outside lose every known secret before they are recorded or shown."""

from __future__ import annotations

import base64
import html
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from fleet.model import Credentials, IntendedAccount, Phone, Site
from fleet.phone.pages import words_with
from fleet.phone.sip.ask import Heard, _redacted
from fleet.phone.sip.message import Response
from fleet.store import Change, Keyring, Store, StoredPhone
from fleet.sweep import LoginDefaults, target_of
from fleet.sweep.observe import Observer, Seen
from tests.phone.http.scripted import http, quick_client, served
from tests.phone.pages.hostile import TABLE

SECRETS = {
    "own": "own&Pass<9",
    "site": "site+Pass/8",
    "settings": "settings Pass7",
    "path": "path-Secret-6",
    "sip": "sip~Pass%5",
}
DEFAULTS = LoginDefaults(password=SECRETS["settings"], secrets=(SECRETS["path"],))


def spellings(secret: str) -> list[str]:
    login = base64.b64encode(f"admin:{secret}".encode()).decode()
    return [secret, quote(secret, safe=""), html.escape(secret), login]


def stored(host: str) -> StoredPhone:
    account = IntendedAccount(line=1, user="1001", sip_password=SECRETS["sip"])
    phone = Phone(host=host, password=SECRETS["own"], accounts=(account,))
    return StoredPhone(id=1, phone=phone, site=Site(name="Bern", password=SECRETS["site"]))


@pytest.mark.parametrize("whose", list(SECRETS))
@pytest.mark.parametrize("spelling", range(4))
async def test_a_poll_records_no_secret_that_the_phone_shows(whose: str, spelling: int) -> None:
    shown = spellings(SECRETS[whose])[spelling]
    row = f"<tr><td>1</td><td>{shown}@pbx.example:5060</td><td>{shown}</td><td>x</td></tr>"
    body = TABLE.replace("</table>", f"{row}</table>").encode()
    async with served([http(body)] * 4) as server, quick_client() as client:
        target = target_of(stored(server.target().authority), DEFAULTS)
        words = words_with({})
        clock = lambda: datetime(2026, 11, 23, tzinfo=UTC)  # noqa: E731
        polled = await Observer(client=client, words=words, clock=clock).observe(1, target, Seen())

    recorded = repr(polled.observation) + (polled.evidence.body.decode() if polled.evidence else "")
    assert polled.evidence is not None
    assert SECRETS[whose] not in recorded
    assert shown not in recorded


@pytest.mark.parametrize("secret", SECRETS.values())
def test_a_sip_answer_loses_secrets_in_its_phrase_and_user_agent(secret: str) -> None:
    for shown in spellings(secret):
        response = Response(
            status=403, phrase=f"No {shown}", headers=(("user-agent", f"PBX {shown}"),)
        )
        answer = _redacted(Heard(response=response), tuple(SECRETS.values())).response
        assert answer is not None
        assert shown not in answer.phrase + answer.first("user-agent")


def test_a_stored_phone_decrypts_its_sip_passwords_only_when_they_are_redacted(
    sqlite_url: str, keyring: Keyring
) -> None:
    with closing(Store.open(sqlite_url, keyring=keyring)) as store:
        account = IntendedAccount(line=1, user="1001", sip_password=SECRETS["sip"])
        phone = Phone(host="192.0.2.1", mac="00:08:5D:00:00:01", accounts=(account,))
        store.inventory.apply([], [Change(id=None, phone=phone)])
        [known] = store.observations.known().values()
        target = target_of(known.stored, LoginDefaults())
        assert known.stored.phone.accounts[0].sip_password == ""
        assert target.known_secrets == (SECRETS["sip"],)
        now = datetime(2026, 11, 23, tzinfo=UTC)
        login = Credentials(username="phone", password="fetch-Login-3")
        store.fetch_logins.set_many({known.stored.id: login}, now, keep_previous=False)
        secrets = store.phones.secrets([known.stored.id], ["path-Secret-6"])
        [known] = store.observations.known().values()
        assert set(target_of(known.stored, LoginDefaults()).known_secrets) == {
            SECRETS["sip"],
            login.password,
        }
        assert set(secrets[known.stored.id]) == {SECRETS["sip"], login.password, "path-Secret-6"}


def test_a_password_that_is_a_user_name_changes_no_account() -> None:
    account = IntendedAccount(line=1, user="1001", sip_password="1001")
    phone = Phone(host="192.0.2.1", accounts=(account,))
    target = target_of(StoredPhone(id=1, phone=phone), LoginDefaults())
    assert target.known_secrets == ()
    login = Credentials(username="admin", password="22222")
    assert target_of(
        StoredPhone(id=1, phone=Phone(host="192.0.2.1", password=login.password)), LoginDefaults()
    ).known_secrets
