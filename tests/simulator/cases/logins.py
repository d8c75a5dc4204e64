"""Logins: the first-request-401 quirk, wrong passwords, schemes and realms that are not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.simulator.behaviours import ask_login, at_first, healthy_answer
from fleet.simulator.visit import End, Reply, Step, Visit, challenge, http, raw
from tests.simulator.cases.case import Case, answers, fails, packaged, pages, reads

if TYPE_CHECKING:
    from collections.abc import Iterable

_DENIED = "401 Unauthorized"
_REJECTED = fails(Reason.WRONG_PASSWORD)


def _quirk(reply: Reply, times: int = 1) -> Case:
    """Give this answer to the first requests of a poll although the password is right."""
    return answers(at_first(lambda _visit: reply, times), expected=reads)


def _asks(*challenges: str) -> bytes:
    lines = (f"WWW-Authenticate: {text}" for text in challenges)
    return http(_DENIED, b"<html><body>Authorization Failed</body></html>", *lines)


def _login(username: str, password: str) -> Case:
    """A phone with another login, which a poller has to be given."""
    return pages(variant=lambda spec: replace(spec, username=username, password=password))


def _held(visit: Visit) -> Iterable[Step]:
    yield challenge(visit.spec.realm)
    yield End.HOLD


def _chunked(visit: Visit) -> Reply:
    return raw(
        f"HTTP/1.1 {_DENIED}",
        "Server: Aragorn",
        f'WWW-Authenticate: Basic realm="{visit.spec.realm}"',
        "Transfer-Encoding: chunked",
        body=b"6\r\nDenied\r\n0\r\n\r\n",
    )


def _lengthless(visit: Visit) -> Reply:
    return raw(
        f"HTTP/1.0 {_DENIED}", f'WWW-Authenticate: Basic realm="{visit.spec.realm}"', body=b"No"
    )


_DIGEST = 'Digest realm="Aastra 6753i", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c0", qop="auth"'
_BASIC = 'Basic realm="Aastra 6753i"'

LOGINS = {
    "right_password": answers(healthy_answer, expected=reads),
    "wrong_password": packaged("wrong_password", expected=_REJECTED),
    "first_request_401": packaged("first_request_401", expected=reads),
    "first_two_requests_401": answers(at_first(ask_login, 2), expected=_REJECTED),
    "first_request_401_then_403": packaged(
        "first_request_401_then_403", expected=fails(Reason.LOCKED_OUT)
    ),
    "first_request_401_held_open": answers(at_first(_held, 1), expected=reads),
    "first_request_401_chunked": answers(at_first(_chunked, 1), expected=reads),
    "first_request_401_lengthless": answers(at_first(_lengthless, 1), expected=reads),
    "first_request_401_without_scheme": answers(
        at_first(lambda _visit: http(_DENIED), 1), expected=reads
    ),
    "first_request_401_small_letters": _quirk(_asks('basic realm="Aastra 6753i"')),
    "first_request_401_unquoted_realm": _quirk(_asks("Basic realm=Aastra")),
    "first_request_401_with_charset": _quirk(_asks(f'{_BASIC}, charset="UTF-8"')),
    "first_request_401_two_schemes": _quirk(_asks(_DIGEST, _BASIC)),
    "first_request_401_two_in_one": _quirk(_asks(f"{_DIGEST}, {_BASIC}")),
    "always_401_without_scheme": answers(
        lambda _visit: http(_DENIED), expected=fails(Reason.WRONG_PASSWORD, Reason.AUTH_UNSUPPORTED)
    ),
    "always_401_held_open": answers(_held, expected=_REJECTED),
    "always_401_large_body": answers(
        lambda visit: challenge(visit.spec.realm) + b"x" * 200_000, expected=_REJECTED
    ),
    "digest_only": answers(lambda _visit: _asks(_DIGEST), expected=fails(Reason.AUTH_UNSUPPORTED)),
    "bearer_only": answers(lambda _visit: _asks("Bearer"), expected=fails(Reason.AUTH_UNSUPPORTED)),
    "ntlm_only": answers(lambda _visit: _asks("NTLM"), expected=fails(Reason.AUTH_UNSUPPORTED)),
    "user_role": _login("user", ""),
    "user_name_in_capitals": _login("ADMIN", "22222"),
    "password_with_colon": _login("admin", "a:b:c"),
    "password_with_accents": _login("admin", "pässwörd"),
    "password_very_long": _login("admin", "4" * 300),
}
