"""What came of asking by SIP, as a value and as a sentence for an administrator (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.phone.http.errors import clean
from fleet.phone.sip.ask import LoginUse, still_stale
from fleet.phone.sip.no_answer import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.phone.sip.ask import Heard
    from fleet.phone.sip.message import Response
    from fleet.phone.sip.transport import Peer


class Result(StrEnum):
    """How a question ended."""

    ACCEPTED = "accepted"  # 2xx; the other side took it, which is not yet that it did it
    REFUSED = "refused"  # any other code; see `code` and `detail`
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  or no such user: many do not tell them apart
    UNKNOWN_USER = "unknown_user"
    NO_AOR = "no_aor"  # it took the login, and has no address of record of that user
    NO_QUERIES = "no_queries"  # it takes no REGISTER without a Contact, whatever the login
    LOGIN_WANTED = "login_wanted"  # it asks for a login and we were given none
    LOGIN_UNSUPPORTED = "login_unsupported"  # it asks for a login that we do not speak
    LOGIN_UNSETTLED = "login_unsettled"  # it asked for a second login; ours may be right
    NO_ANSWER = "no_answer"  # see `silence`; it may have been acted on all the same


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a question ended. `detail` is one plain sentence, free of secrets.

    `code` and `phrase` are the final response's, 0 and empty where there is none. `silence` says
    why there is none. `login` tells whether the login was looked at: a registrar that lets
    everybody in has not said that a password is right.
    """

    result: Result
    detail: str
    code: int = 0
    phrase: str = ""
    silence: NoAnswer | None = None
    login: LoginUse = LoginUse.NOT_ASKED

    @property
    def accepted(self) -> bool:
        """Whether the other side took what was asked."""
        return self.result is Result.ACCEPTED


_SENTENCES: Mapping[Result, str] = {
    Result.ACCEPTED: "accepts it",
    Result.REFUSED: "refuses it",
    Result.WRONG_PASSWORD: "rejects this SIP user and password: check them there and here",
    Result.UNKNOWN_USER: "knows no such user: check the user, or create it there",
    Result.NO_AOR: "takes this login, but has no address of record (AOR) of that user: create the "
    "AOR there",
    Result.NO_QUERIES: "takes no REGISTER without a Contact, as FreeSWITCH and OpenSIPS do not, so "
    "it cannot be asked about a user",
    Result.LOGIN_WANTED: "asks for a SIP login and none is set: give the account's password",
    Result.LOGIN_UNSUPPORTED: "asks for a kind of login that is not supported here (only Digest "
    "with MD5 or SHA-256 is)",
    Result.LOGIN_UNSETTLED: "asked for a second login, which was not given so as not to lock "
    "the account: try again later",
}

_NO_ANSWERS: Mapping[NoAnswer, str] = {
    NoAnswer.NAME_NOT_FOUND: "has a name that the name server does not know: mend the host or DNS",
    NoAnswer.NO_ROUTE: "cannot be reached from here: check the network, the route and the firewall",
    NoAnswer.NO_ANSWER: "does not answer: check that it is up, and the address",
    NoAnswer.CONNECTION_REFUSED: "is up, but nothing listens for SIP there: check port and "
    "transport",
    NoAnswer.SILENT: "does not answer SIP: check address, port and transport, and whether it "
    "answers strangers",
    NoAnswer.UNFINISHED: "said that it is at work and then nothing more: try again later",
    NoAnswer.CLOSED: "closed the connection without an answer: check port and transport",
    NoAnswer.GARBLED: "answers with something else than SIP: check port and transport",
    NoAnswer.FLOODED: "sends without end: check what is at this address",
    NoAnswer.TLS_FAILED: "does not speak TLS there, or only such as is too old to be safe: check "
    "port and transport",
    NoAnswer.UNTRUSTED: "shows a certificate that is not trusted, so nothing was sent: give the "
    "file of its authority as [provisioning] sip_ca_file, or its fingerprint in "
    "[provisioning.sip_pins]",
    NoAnswer.NO_RESOURCES: "could not be asked for want of open files or memory here: raise the "
    "limit (ulimit -n)",
}

# What they mean to one who asks from outside (RFC 3261, 21; RFC 6665 for 489).
_CODES: Mapping[int, str] = {
    400: "it takes the request for malformed",
    403: "it forbids this",
    404: "it knows no such user, or nobody is registered as that user",
    405: "it does not allow this kind of request",
    408: "it got no answer in time from further on",
    410: "this user is no longer there",
    416: "it does not know this kind of address",
    420: "it lacks an extension",
    421: "it wants an extension",
    423: "it wants longer registrations",
    480: "the phone is not registered there now, or will not be disturbed",
    481: "it takes no NOTIFY without a subscription",
    482: "the request went in a circle",
    483: "the request went over too many hops",
    484: "the address is incomplete",
    485: "the address is ambiguous",
    486: "the phone is busy",
    488: "it cannot accept this",
    489: "it does not know this event",
    500: "it has a fault of its own",
    501: "it does not know this kind of request",
    502: "it got a bad answer from further on",
    503: "it is overloaded or out of service",
    504: "it got no answer in time from further on",
    600: "the phone is busy everywhere",
    603: "the phone declines",
    604: "this user does not exist anywhere",
    606: "it cannot accept this",
}


def outcome_of(heard: Heard, peer: Peer, *, result: Result | None = None) -> Outcome:
    """What was heard, judged; `result` overrules the usual one."""
    response = heard.response
    if response is None:
        silence = heard.silence or NoAnswer.SILENT
        return Outcome(
            result=Result.NO_ANSWER,
            detail=f"{peer} {_NO_ANSWERS[silence]}{_circumstances(heard, peer, silence)}.",
            silence=silence,
            login=heard.login,
        )
    result = result or result_of(heard, response)
    return Outcome(
        result=result,
        detail=f"{peer} {_SENTENCES[result]} ({_said(response)}{_where(heard)}).",
        code=response.status,
        phrase=clean(response.phrase),
        login=heard.login,
    )


def result_of(heard: Heard, response: Response) -> Result:
    """What a final response means, whatever was asked."""
    if 200 <= response.status < 300:
        return Result.ACCEPTED
    if response.status not in (401, 407):
        return Result.REFUSED
    if heard.login is LoginUse.MISSING:
        return Result.LOGIN_WANTED
    if heard.login is LoginUse.UNSUPPORTED:
        return Result.LOGIN_UNSUPPORTED
    if still_stale(heard) or response.status != heard.challenge:
        return Result.LOGIN_UNSETTLED
    return Result.WRONG_PASSWORD


def _said(response: Response) -> str:
    phrase = clean(response.phrase)
    said = f"{response.status} {phrase}" if phrase else f"{response.status}"
    meaning = _CODES.get(response.status, "")
    return f"{said}: {meaning}" if meaning else said


def _circumstances(heard: Heard, peer: Peer, silence: NoAnswer) -> str:
    if silence is NoAnswer.NAME_NOT_FOUND:
        return ""
    note = f": {heard.note}" if heard.note else ""
    return f" (SIP over {peer.transport.upper()}{note}{_where(heard)})"


def _where(heard: Heard) -> str:
    """Which of several servers it was."""
    if heard.asked < 2:
        return ""
    return f"; at {heard.place}, for {heard.asked - 1} before it gave no answer"
