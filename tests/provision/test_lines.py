"""What a phone's lines register as, and over what."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from fleet.errors import SettingsError
from fleet.phone.config_file import EffectiveValue
from fleet.phone.sip.ask import LoginUse
from fleet.phone.sip.query import ask_registration
from fleet.phone.sip.transport import Peer, Transport
from fleet.provision.build import sip_client_of
from fleet.provision.lines import intended_sip
from fleet.settings import Settings, settings_of
from tests.phone.sip.peers import LOGIN, challenges, tcp_peer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("said", "transport"),
    [
        (None, Transport.UDP),
        ("0", Transport.UDP),
        ("1", Transport.UDP),
        ("2", Transport.TCP),
        ("4", Transport.TLS),
    ],
)
def test_lines_and_phone_speak_the_transport_of_the_configuration(
    said: str | None, transport: Transport
) -> None:
    values = {
        "sip line1 user name": "1001",
        "sip registrar ip": "pbx.example.com",
        "sip backup registrar ip": "192.0.2.9",
    }
    if said is not None:
        values["sip transport protocol"] = said
    found = intended_sip(
        {name: EffectiveValue(name=name, value=value) for name, value in values.items()}
    )
    assert found.transport is transport
    assert found.lines[0].registrars == (
        Peer(host="pbx.example.com", transport=transport),
        Peer(host="192.0.2.9", transport=transport),
    )


def settings(folder: Path, **provisioning: object) -> Settings:
    return settings_of({"provisioning": provisioning}, folder=folder)


@pytest.mark.parametrize(
    ("is_given", "login"), [(True, LoginUse.SENT), (False, LoginUse.NOT_ASKED)]
)
async def test_the_operators_authority_is_believed_where_the_settings_name_it(
    is_given: bool, login: LoginUse, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    client = sip_client_of(settings(tmp_path, sip_ca_file="ca.pem" if is_given else ""))
    async with tcp_peer(challenges(), tls) as pbx:
        answer = await ask_registration(client, pbx.peer, user="1001", login=LOGIN)
    assert answer.outcome.login is login


def test_an_authority_that_cannot_be_read_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[provisioning\] sip_ca_file: .*gone\.pem"):
        sip_client_of(settings(tmp_path, sip_ca_file="gone.pem"))
