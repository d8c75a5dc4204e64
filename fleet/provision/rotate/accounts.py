"""Which accounts phones share, and which of them can be given a new password (pure)."""

from __future__ import annotations

import string
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import AccountLine, RotatedAccount, SipServer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from fleet.phone.sip.transport import Peer
    from fleet.provision.lines import IntendedLine

# Nothing that a shell, a file or an eye takes for something else.
_LETTERS = "".join(c for c in string.ascii_letters if c not in "lIO")
_DIGITS = "23456789"


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneLines:
    """A phone's lines as they are intended.

    `parameters` names, for each line whose password is no account's of the inventory, the
    parameter that gives it. `problem` says why the phone would not get a new password, if so.
    """

    phone_id: int
    label: str
    lines: tuple[IntendedLine, ...]
    parameters: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""


_Place: TypeAlias = "tuple[PhoneLines, IntendedLine]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A line that keeps its password, and why."""

    label: str
    line: int
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Accounts and phones that hang together: all of them change at once, or none."""

    accounts: tuple[RotatedAccount, ...]
    phones: frozenset[int]


def accounts_of(
    phones: Sequence[PhoneLines], chosen: Collection[int]
) -> tuple[list[RotatedAccount], list[Skipped]]:
    """The accounts of the chosen phones with their old passwords, and the lines left out.

    An account that other phones have too is theirs as well; it is left out where one of them could
    not come along, for that one would be locked out.
    """
    found: defaultdict[tuple[str, str, str], list[_Place]] = defaultdict(list)
    for phone in phones:
        for line in phone.lines:
            key = (line.user, line.login.username, str(line.registrar))
            found[key].append((phone, line))
    accounts: list[RotatedAccount] = []
    skipped: list[Skipped] = []
    for some in found.values():
        if not any(phone.phone_id in chosen for phone, _ in some):
            continue
        if why := _why_none(some):
            skipped += _left_out(some, chosen, why)
        else:
            accounts.append(_account(some))
    return accounts, sorted(skipped, key=lambda each: (each.label, each.line))


def groups_of(accounts: Iterable[RotatedAccount]) -> list[Group]:
    """The accounts in groups that share no phone with each other."""
    groups: list[Group] = []
    for account in accounts:
        phones = frozenset(account.phones)
        near = [group for group in groups if group.phones & phones]
        groups = [group for group in groups if not group.phones & phones]
        merged = tuple(each for group in near for each in group.accounts)
        every = phones.union(*(group.phones for group in near))
        groups.append(Group(accounts=(*merged, account), phones=every))
    return groups


def with_new_passwords(
    accounts: Iterable[RotatedAccount], length: int, below: Callable[[int], int]
) -> list[RotatedAccount]:
    """Give each a new password. `below` gives a random number from 0 up to its argument."""
    return [replace(account, new=new_password(length, below)) for account in accounts]


def new_password(length: int, below: Callable[[int], int]) -> str:
    """A password of letters and digits, with one of each at least."""
    letters_and_digits = _LETTERS + _DIGITS
    made = [letters_and_digits[below(len(letters_and_digits))] for _ in range(length - 2)]
    for kind in (_LETTERS, _DIGITS):
        made.insert(below(len(made) + 1), kind[below(len(kind))])
    return "".join(made)


def secret_name(user: str, registrar: object) -> str:
    """The name under which an account's password is kept, where the inventory names a secret."""
    return f"sip-{user}-{registrar}"


def _why_none(some: Sequence[_Place]) -> str:
    """Why an account is left out; empty if it is not."""
    whys = [(phone, why) for phone, line in some if (why := _why_not(phone, line))]
    if whys:
        phone, why = whys[0]
        return why if len(some) == 1 else f"{phone.label} has the same account, and {why}"
    if len({line.login.password for _, line in some}) > 1:
        return "its phones have different passwords"
    return ""


def _why_not(phone: PhoneLines, line: IntendedLine) -> str:
    if line.registrar is None:
        return "it registers nowhere"
    if not line.login.password:
        return "it has no password"
    if phone.problem:
        return phone.problem
    given = phone.parameters.get(line.number, "")
    if given and list(phone.parameters.values()).count(given) > 1:
        return (
            f"`{given}` sets the password of several lines: give each line its own password first"
        )
    return ""


def _left_out(some: Iterable[_Place], chosen: Collection[int], why: str) -> Iterator[Skipped]:
    for phone, line in some:
        if phone.phone_id in chosen:
            yield Skipped(label=phone.label, line=line.number, why=why)


def _account(some: Sequence[_Place]) -> RotatedAccount:
    _, first = some[0]
    registrar = _server(first.registrar)
    if registrar is None:
        raise ValueError("an account has a registrar")
    named = secret_name(first.user, registrar)
    lines = [
        AccountLine(
            phone_id=phone.phone_id,
            line=line.number,
            secret=named if line.number in phone.parameters else "",
        )
        for phone, line in some
    ]
    return RotatedAccount(
        user=first.user,
        auth_name=first.login.username,
        registrar=registrar,
        backup=_server(next((r for _, line in some for r in line.registrars[1:]), None)),
        lines=tuple(lines),
        old=first.login.password,
        new="",
    )


def _server(peer: Peer | None) -> SipServer | None:
    if peer is None:
        return None
    return SipServer(host=peer.host, port=peer.port, transport=peer.transport.value)
