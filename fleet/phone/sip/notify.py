"""SIP NOTIFY: have a phone read its configuration again, or do what an XML object says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.phone.sip.ask import Draft
from fleet.phone.sip.message import SipUri
from fleet.phone.sip.outcome import outcome_of
from fleet.phone.sip.transport import Peer, Transport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.model import Credentials
    from fleet.phone.sip.ask import SipClient
    from fleet.phone.sip.outcome import Outcome
    from fleet.phone.xml_object import XmlObject


@dataclass(frozen=True, kw_only=True, slots=True)
class SipEvent:
    """What a NOTIFY is about: the value of its Event header, and a body or none."""

    name: str
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)


def check_sync(*, reboot: bool = False) -> SipEvent:
    """Look for a new configuration (facts/provisioning 2.1).

    No source says what `;reboot=true` changes for these phones: assumed is that with it they boot
    in any case, and without it perhaps only if a file changed.
    """
    return SipEvent(name="check-sync;reboot=true" if reboot else "check-sync")


def aastra_xml(thing: XmlObject | None = None) -> SipEvent:
    """Do at once what an XML object says (facts/provisioning 2.2; needs `sip xml notify event: 1`).

    None: the phone fetches its `action uri xml sip notify`.
    """
    if thing is None:
        return SipEvent(name="aastra-xml")
    return SipEvent(name="aastra-xml", content_type="application/xml", body=thing.data)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Whom an event is for, and who is handed it: the phone itself, or its registrar or proxy.

    `sender` is what From says; None: `fleet` at our own address.
    """

    uri: SipUri
    peer: Peer
    sender: SipUri | None = None

    @classmethod
    def direct(
        cls,
        host: str,
        *,
        user: str = "",
        port: int | None = None,
        transport: Transport = Transport.UDP,
    ) -> Recipient:
        """A phone at its own address. Raises ValueError where the address cannot be meant.

        Over TLS any certificate will do: phones show self-signed ones, and are given no login.
        """
        peer = Peer(host=host, port=port, transport=transport, any_certificate=True)
        return cls(uri=SipUri(user=user, host=peer.host, port=peer.port), peer=peer)

    @classmethod
    def through(cls, registrar: Peer, *, user: str, domain: str = "") -> Recipient:
        """A user wherever the registrar knows it to be: the one way through NAT.

        `registrar` is the registrar or the proxy before it, `domain` the user's where it is not the
        registrar's host. From says the user itself, which registrars that ask for a login expect.
        """
        host = domain or registrar.host
        port = None if domain else registrar.port
        uri = SipUri(user=user, host=host, port=port)
        return cls(uri=uri, peer=registrar, sender=uri)


async def notify(
    client: SipClient,
    recipient: Recipient,
    event: SipEvent,
    *,
    login: Credentials | None = None,
    secrets: Iterable[str] = (),
) -> Outcome:
    """Hand over an event. Accepted means that it arrived, not that the phone did it.

    `Subscription-State` is what RFC 6665 8.2.1 demands of every NOTIFY, and what Asterisk sends
    with these events; the vendor's sample does without. Raises ValueError where the login holds
    what cannot be sent.
    """
    content = (("Content-Type", event.content_type),) if event.body else ()
    draft = Draft(
        method="NOTIFY",
        uri=recipient.uri,
        sender=recipient.sender,
        contact=True,
        headers=(("Subscription-State", "terminated"), ("Event", event.name), *content),
        body=event.body,
    )
    heard = await client.ask(draft, recipient.peer, login, secrets=secrets)
    return outcome_of(heard, recipient.peer)
