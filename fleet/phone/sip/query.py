"""Questions that change nothing: what a registrar knows of a user, and what a phone says it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.phone.catalog import parse_user_agent
from fleet.phone.http.errors import clean
from fleet.phone.sip.ask import Draft, LoginUse
from fleet.phone.sip.message import SipUri, read_addresses, split_list
from fleet.phone.sip.outcome import Result, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.model import Credentials
    from fleet.phone.sip.ask import Heard, SipClient
    from fleet.phone.sip.message import Address, Response
    from fleet.phone.sip.outcome import Outcome
    from fleet.phone.sip.transport import Peer

_LONGEST_TEXT = 300
_MOST_BINDINGS = 50
_UNKNOWN = (404, 604)
_BAD_REQUEST = 400  # before any login: facts/provisioning 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """One place where a registrar reaches a user.

    `host` and `port` are the contact's: the phone's own idea of its address, empty and None where
    they cannot be read. `received` is where the registrar saw it come from, if it tells. `expires`
    is in seconds from the answer, None where it is not told.
    """

    uri: str
    host: str = ""
    port: int | None = None
    expires: int | None = None
    received: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrationAnswer:
    """What a registrar says of a user. `bindings` is meaningful only where it was accepted."""

    outcome: Outcome
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionsAnswer:
    """What a phone says of itself; any answer at all tells that it is there.

    `model` and `firmware` are empty where the User-Agent is none of an Aastra or Mitel phone.
    """

    outcome: Outcome
    user_agent: str = ""
    model: str = ""
    firmware: str = ""
    allow: tuple[str, ...] = ()


async def ask_registration(
    client: SipClient,
    registrar: Peer,
    *,
    user: str,
    login: Credentials | None = None,
    domain: str = "",
    secrets: Iterable[str] = (),
) -> RegistrationAnswer:
    """Ask a registrar where a user is, as the user: a REGISTER without a Contact changes nothing.

    RFC 3261, 10.2.3. `domain` is the user's where it is not the registrar's host. One login at
    most is tried. Raises ValueError where user, domain or login cannot be sent.
    """
    host, port = (domain, None) if domain else (registrar.host, registrar.port)
    user_uri = SipUri(user=user, host=host, port=port)
    draft = Draft(method="REGISTER", uri=SipUri(host=host, port=port), to=user_uri, sender=user_uri)
    heard = await client.ask(draft, registrar, login, secrets=secrets)
    outcome = outcome_of(heard, registrar, result=_registrars_result(heard))
    bindings = _bindings(heard.response) if outcome.accepted and heard.response else ()
    return RegistrationAnswer(outcome=outcome, bindings=bindings)


async def ask_options(
    client: SipClient, phone: Peer, *, user: str = "", secrets: Iterable[str] = ()
) -> OptionsAnswer:
    """Ask a phone what it is (facts/web-ui 4.2). Raises ValueError where `user` cannot be sent."""
    draft = Draft(
        method="OPTIONS",
        uri=SipUri(user=user, host=phone.host, port=phone.port),
        headers=(("Accept", "application/sdp"),),
    )
    heard = await client.ask(draft, phone, secrets=secrets)
    outcome = outcome_of(heard, phone)
    if heard.response is None:
        return OptionsAnswer(outcome=outcome)
    agent = heard.response.first("user-agent") or heard.response.first("server")
    model, firmware = read_user_agent(agent)
    return OptionsAnswer(
        outcome=outcome,
        user_agent=clean(agent, _LONGEST_TEXT),
        model=model,
        firmware=firmware,
        allow=_tokens(heard.response.values("allow")),
    )


def read_user_agent(text: str) -> tuple[str, str]:
    """The full model name and the firmware in a phone's SIP User-Agent, else two empty texts."""
    phone = parse_user_agent(text) if len(text) <= _LONGEST_TEXT else None
    return (clean(phone.model), clean(phone.firmware)) if phone else ("", "")


def _registrars_result(heard: Heard) -> Result | None:
    """What only a registrar means by its code; None where it means the usual."""
    status = heard.response.status if heard.response else 0
    if status in _UNKNOWN:
        return Result.NO_AOR if heard.login is LoginUse.SENT else Result.UNKNOWN_USER
    if status == _BAD_REQUEST and heard.login is LoginUse.NOT_ASKED:
        return Result.NO_QUERIES
    if status == 403 and heard.login is LoginUse.SENT:
        return Result.WRONG_PASSWORD
    return None


def _bindings(response: Response) -> tuple[Binding, ...]:
    usual = _seconds(response.first("expires"))
    contacts = read_addresses(response.values("contact"))[:_MOST_BINDINGS]
    return tuple(_binding(contact, usual) for contact in contacts if contact.uri != "*")


def _binding(contact: Address, usual: int | None) -> Binding:
    uri = SipUri.read(contact.uri)
    expires = _seconds(contact.params.get("expires", ""))
    return Binding(
        uri=clean(contact.uri, _LONGEST_TEXT),
        host=uri.host if uri else "",
        port=uri.port if uri else None,
        expires=usual if expires is None else expires,
        received=clean(contact.params.get("received", ""), _LONGEST_TEXT),
    )


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _tokens(values: list[str]) -> tuple[str, ...]:
    tokens = (clean(token) for value in values for token in split_list(value))
    return tuple(dict.fromkeys(tokens))[:_MOST_BINDINGS]
