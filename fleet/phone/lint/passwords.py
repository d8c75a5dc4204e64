"""Passwords that a phone replaces by its default, and those that anybody would guess."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.lint.look import LintFinding, account_value
from fleet.phone.parameters import (
    complaint,
    has_hidden_login,
    holds_login,
    is_mask,
    is_secret,
    spec_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.phone.config_file import Parameter
    from fleet.phone.lint.look import LintLook

_DEFAULT_ADMIN = "22222"
_DEFAULT_OF = {"admin password": "22222", "user password": "an empty one"}
_WEB = ("admin password", "user password")
_ENDINGS = ("password", "passwd", "passcode", "secret", " pass")
_SHORTEST_DIGITS = 5
_SHORTEST = 8
_COMMON = frozenset(
    {"password", "passwort", "passw0rd", "changeme", "secret", "aastra", "mitel", "asterisk"}
)


def password_falls_back(look: LintLook) -> Iterator[LintFinding]:
    """A web UI password that is no number in range: the phone takes its default instead.

    facts/provisioning 1.3, Passwords and access.
    """
    is_69xx = look.model is not None and look.model.family == "69xx"
    for name in _WEB:
        spec, given = spec_of(name), look.last.get(name)
        if spec and given and (wrong := complaint(spec.kind, given.value)):
            default = f"uses its default ({_DEFAULT_OF[name]})"
            certain = f"so the phone {default} instead"
            depends = (
                "and the guides of the 69xx differ: whether letters are allowed depends on the "
                f"firmware, and a phone whose firmware allows digits only {default} instead"
            )
            yield LintFinding(
                check="password-falls-back",
                severity=Severity.WARNING if is_69xx else Severity.CRITICAL,
                parameter=name,
                text=f"`{name}` {wrong}, {depends if is_69xx else certain}: use digits only, "
                "4294967295 at most.",
                line=given.line,
            )


def masked_secret(look: LintLook) -> Iterator[LintFinding]:
    """A secret that is a mask, or left out: the file was printed for people."""
    if look.file.without_secrets:
        yield LintFinding(
            check="masked-secret",
            severity=Severity.CRITICAL,
            parameter="",
            text="The file was printed without its secrets, so phones cannot use it: print it with "
            "`fleet provision render --secrets`.",
        )
    for parameter in look.last.values():
        is_one = is_secret(parameter.key) and is_mask(parameter.value)
        if is_one or has_hidden_login(parameter.value):
            yield LintFinding(
                check="masked-secret",
                severity=Severity.CRITICAL,
                parameter=parameter.key,
                text=f"`{parameter.key}` contains a mask such as *** in place of the secret: do "
                "not give the file to phones.",
                line=parameter.line,
            )


def secret_in_value(look: LintLook) -> Iterator[LintFinding]:
    """A login or a token inside a value, where a phone's pages and other people's logs show it."""
    for parameter in look.last.values():
        if not is_secret(parameter.key) and holds_login(parameter.value):
            yield LintFinding(
                check="secret-in-value",
                severity=Severity.WARNING,
                parameter=parameter.key,
                text=f"`{parameter.key}` contains a password or a token, which the phone's own "
                "pages show: use an address that needs none.",
                line=parameter.line,
            )


def default_password(look: LintLook) -> Iterator[LintFinding]:
    """The factory's passwords, said or left as they are."""
    given = look.last.get("admin password")
    missing = given is None and look.context.complete
    if missing or (given and given.value in ("", _DEFAULT_ADMIN)):
        yield LintFinding(
            check="default-password",
            severity=Severity.CRITICAL,
            parameter="admin password",
            text="`admin password` is the factory default, which everybody knows: set your own.",
            line=given.line if given else None,
        )
    given = look.last.get("user password")
    if (given is None and look.context.complete) or (given and not given.value):
        yield LintFinding(
            check="default-password",
            severity=Severity.WARNING,
            parameter="user password",
            text="`user password` is empty, so anybody can log in as `user`: set a password.",
            line=given.line if given else None,
        )


def weak_password(look: LintLook) -> Iterator[LintFinding]:
    """A password that is short, a plain row of characters, a common word, or the user's name."""
    for parameter in look.last.values():
        if not parameter.value or not _is_password(parameter) or _is_default(parameter):
            continue
        if reason := _weakness(look, parameter):
            yield LintFinding(
                check="weak-password",
                severity=Severity.WARNING,
                parameter=parameter.key,
                text=f"`{parameter.key}` {reason}: choose a longer one at random.",
                line=parameter.line,
            )


def _is_password(parameter: Parameter) -> bool:
    """Whether a value is a password: of an unknown parameter by how its name ends."""
    if not is_secret(parameter.key) or is_mask(parameter.value):
        return False
    known = spec_of(parameter.key) is not None
    return known or (parameter.value not in ("0", "1") and parameter.key.endswith(_ENDINGS))


def _is_default(parameter: Parameter) -> bool:
    return parameter.key == "admin password" and parameter.value == _DEFAULT_ADMIN


def _weakness(look: LintLook, parameter: Parameter) -> str:
    value = parameter.value.casefold()
    if value in {name.casefold() for name in _names(look, parameter.key)}:
        return "is the same as its user name"
    if value in _COMMON:
        return "is one of the first words that attackers try"
    if _is_row(value):
        return "is a sequence or a repetition of characters"
    shortest = _SHORTEST_DIGITS if parameter.key in _WEB else _SHORTEST
    return f"has fewer than {shortest} characters" if len(value) < shortest else ""


def _names(look: LintLook, key: str) -> set[str]:
    """The user names that go with a password."""
    if key == "http digest password":
        return {look.value("http digest username")} - {""}
    if key in _WEB:
        names = {look.value(f"sip line{line} user name") for line in look.lines}
        return ({"admin", "user", look.value("sip user name")} | names) - {""}
    line = next((n for n in look.lines if key == f"sip line{n} password"), None)
    names = {account_value(look, line, name) for name in ("user name", "auth name")}
    return names - {""}


def _is_row(value: str) -> bool:
    """`1234`, `7654`, `aaaa`, `abcd`, also over the end as in `7890`."""
    steps = {(ord(two) - ord(one)) for one, two in pairwise(value)}
    if value.isdigit():
        steps = {step % 10 for step in steps}
        return len(value) > 2 and len(steps) == 1 and steps <= {0, 1, 9}
    return len(value) > 2 and len(steps) == 1 and steps <= {0, 1, -1}
