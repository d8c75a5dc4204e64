"""From facts to sentences (pure). The first conclusion of a line is the one that matters most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Reach, Registration
from fleet.phone.sip.ask import LoginUse
from fleet.phone.sip.message import SipUri
from fleet.phone.sip.no_answer import WITHOUT_TLS
from fleet.phone.sip.outcome import Result
from fleet.provision.diagnose.facts import Conclusion, Role, What

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet.phone.sip.query import Binding, RegistrationAnswer
    from fleet.provision.diagnose.facts import (
        FileFacts,
        LineFacts,
        PhoneFacts,
        RegistrarFacts,
    )

_REFUSED = (401, 403, 407)
_WHERE_TO_MEND = {
    Result.UNKNOWN_USER: (
        What.UNKNOWN_USER,
        "knows no user {user}",
        "Check the user in the inventory, or create it at the registrar.",
    ),
    Result.WRONG_PASSWORD: (
        What.WRONG_PASSWORD,
        "rejects the inventory's user and password of {user}",
        "Check them at the registrar and in the inventory. Many registrars answer the same for an "
        "unknown user.",
    ),
    Result.NO_AOR: (
        What.NO_AOR,
        "accepts the inventory's password of {user}, but has no address of record for that user",
        "Create the address of record (AOR, or endpoint) at the registrar: until then nobody can "
        "register as this user.",
    ),
    Result.NO_QUERIES: (
        What.NO_QUERIES,
        "cannot be queried about {user}: it refuses a REGISTER without a Contact",
        "FreeSWITCH and OpenSIPS refuse such queries. Check the user at the registrar itself.",
    ),
    Result.LOGIN_WANTED: (
        What.NO_PASSWORD,
        "asks for a password, and the inventory has none for {user}",
        "Add the account's password to the inventory.",
    ),
}


def conclude(phone: PhoneFacts, lines: tuple[LineFacts, ...]) -> tuple[Conclusion, ...]:
    """What is wrong with each line and what to do; then what is wrong with the phone."""
    of_lines = [each for line in lines for each in _line(phone, line)]
    return (*of_lines, *_phone(phone))


def _line(phone: PhoneFacts, line: LineFacts) -> Iterator[Conclusion]:
    if not line.registrars:
        text = f"Line {line.number} ({line.user}) has no registrar, so it does not register."
        yield Conclusion(what=What.NO_REGISTRAR, text=text, line=line.number)
        return
    found = [each for one in line.registrars for each in _registrar(phone, line, one)]
    found += _on_backup(line)
    if not found:
        found = [_of(line, What.WELL, _well(phone, line), "")]
    yield from found


def _well(phone: PhoneFacts, line: LineFacts) -> str:
    """What the registrar says, and what the phone said itself, if it ever did."""
    primary = next(one for one in line.registrars if one.role is Role.PRIMARY)
    bindings = primary.answer.bindings if primary.answer else ()
    where = f" from {_places(bindings)}" if bindings else ""
    who = f"Line {line.number} ({line.user})"
    registrar = f"its registrar {primary.name} has it registered{where}"
    if line.seen is None:
        return f"{who}: {registrar}. No poll has shown this line on the phone."
    if line.seen.registration is not Registration.REGISTERED:
        return (
            f"{who}: {registrar}. The phone cannot be read at the moment; before, it showed "
            f"{line.seen.registration}."
        )
    when = f" ({phone.polled_at:%Y-%m-%d %H:%M} UTC)" if phone.polled_at else ""
    last = f"at its last poll{when}" if phone.reach is Reach.OK else "when it was last read"
    return f"{who} is registered: the phone showed it {last}, and {registrar}."


def _registrar(phone: PhoneFacts, line: LineFacts, one: RegistrarFacts) -> Iterator[Conclusion]:
    name = f"The {one.role} registrar {one.name}"
    answer = one.answer
    if answer is None:
        text = (
            f"{name} was queried about {line.user} a moment ago, and fleet does not query it "
            "again yet."
        )
        yield _of(line, What.ASKED_BEFORE, text, "Try again in a minute.")
        return
    result = answer.outcome.result
    if answer.outcome.silence in WITHOUT_TLS:
        text = f"No TLS connection to {_lower(name)}: {answer.outcome.detail}"
        yield _of(line, What.NO_TLS, text, "fleet sent no query and no password.")
    elif result is Result.NO_ANSWER:
        text = f"{name} does not answer from here: {answer.outcome.detail}"
        yield _of(line, What.REGISTRAR_DEAD, text, "Check it, and the network to it.")
    elif result in _WHERE_TO_MEND:
        what, said, check = _WHERE_TO_MEND[result]
        reply = f"{answer.outcome.code} {answer.outcome.phrase}".rstrip()
        text = f"{name} {said.format(user=line.user)} ({reply})."
        yield _of(line, what, text, check)
    elif result is Result.ACCEPTED:
        yield from _accepted(phone, line, one, answer)
    else:
        yield _of(line, What.UNDECIDED, f"{name} cannot tell: {answer.outcome.detail}", "")


def _accepted(
    phone: PhoneFacts, line: LineFacts, one: RegistrarFacts, answer: RegistrationAnswer
) -> Iterator[Conclusion]:
    name = f"The {one.role} registrar {one.name}"
    if answer.outcome.login is LoginUse.NOT_ASKED:
        text = f"{name} did not check the password: it answers anybody who asks about {line.user}."
        check = "So this does not show whether the inventory's password is right."
        yield _of(line, What.NOT_LOOKED_AT, text, check)
    elif _is_refused(line) and one.role is _refuser(line):
        text = (
            f"{name} accepts the inventory's password of {line.user}, but the phone shows "
            f"{line.seen.code if line.seen else ''}: it uses another password."
        )
        yield _of(line, What.OLD_PASSWORD, text, _how_to_renew(phone.file))
    if one.role is Role.PRIMARY:
        yield from _bindings(phone, line, name, answer)


def _bindings(
    phone: PhoneFacts, line: LineFacts, name: str, answer: RegistrationAnswer
) -> Iterator[Conclusion]:
    is_shown = line.seen is not None and line.seen.registration is Registration.REGISTERED
    on_backup = is_shown and line.seen is not None and line.seen.backup is True
    if not answer.bindings:
        if is_shown and not on_backup:
            text = (
                f"The phone shows {line.user} as registered, but {_lower(name)} has no "
                "registration."
            )
            check = "The last poll may be old, or the phone registered elsewhere: run fleet poll."
            yield _of(line, What.STALE_BINDING, text, check)
        elif not on_backup:
            yield _of(line, What.NOT_THERE, f"{name} has no registration of {line.user}.", "")
        return
    others = [each for each in answer.bindings if not _is_at(phone.address, each)]
    if phone.address and len(others) == len(answer.bindings):
        text = (
            f"{name} has {line.user} registered from {_places(others)}, not from {phone.address}."
        )
        check = (
            "Another phone uses this account, or there is NAT in between: check whether that is "
            "intended."
        )
        yield _of(line, What.ELSEWHERE, text, check)
        return
    if not is_shown and phone.reach is Reach.OK:
        text = f"{name} has {line.user} registered, but the last poll did not show it."
        yield _of(line, What.STALE_BINDING, text, "It may have registered since: run fleet poll.")
    if phone.address and others:
        text = f"{name} has {line.user} registered from {_places(answer.bindings)}."
        check = f"A second device uses this account: {_places(others)} is not this phone."
        yield _of(line, What.SECOND_DEVICE, text, check)


def _on_backup(line: LineFacts) -> Iterator[Conclusion]:
    if line.seen is None or line.seen.backup is not True:
        return
    primary = next((one for one in line.registrars if one.role is Role.PRIMARY), None)
    if primary is None or primary.answer is None:
        return
    if primary.answer.outcome.silence in WITHOUT_TLS:
        return
    if primary.answer.outcome.result is Result.NO_ANSWER:
        text = (
            f"Line {line.number} is on the backup registrar, because the primary does not answer."
        )
        yield _of(line, What.ON_BACKUP, text, "It goes back when the primary answers.")
        return
    text = f"Line {line.number} is on the backup registrar, although the primary answers from here."
    check = (
        "The phone tries the primary at each renewal: if it stays on the backup, check the "
        "network between the phone and the primary."
    )
    yield _of(line, What.ON_BACKUP, text, check)


def _phone(phone: PhoneFacts) -> Iterator[Conclusion]:
    options = phone.options
    if options is not None and options.outcome.result is Result.NO_ANSWER:
        also = "" if phone.reach is Reach.OK else ", and its web UI could not be read"
        text = f"{phone.label} does not answer SIP from here{also}: {options.outcome.detail}"
        check = "It may be off, or accept SIP from its registrar only."
        yield Conclusion(what=What.PHONE_SILENT, text=text, check=check)
    file = phone.file
    if file.is_pending:
        text = f"The password of {phone.label} in the inventory was not applied yet."
        check = "fleet provision plan, then apply."
        yield Conclusion(what=What.NOT_APPLIED, text=text, check=check)
    if file.is_applied and not file.is_current:
        last = f"{file.fetched_at:%Y-%m-%d %H:%M} UTC" if file.fetched_at else "never"
        text = f"{phone.label} has not fetched its applied file (last fetch: {last})."
        check = f"fleet provision resync {phone.label}"
        yield Conclusion(what=What.NOT_FETCHED, text=text, check=check)


def _how_to_renew(file: FileFacts) -> str:
    if not file.is_applied:
        return "Give the phone the inventory's password."
    if file.is_pending:
        return "The inventory's password was not applied yet: fleet provision plan, apply, rollout."
    if not file.is_current:
        return "It has not fetched the applied file: fleet provision resync."
    return (
        "It has fetched the file. It may not have restarted since, or a password set on the phone "
        "itself overrides the file's, unless that one is locked (!)."
    )


def _refuser(line: LineFacts) -> Role:
    on_backup = line.seen is not None and line.seen.backup is True
    return Role.BACKUP if on_backup else Role.PRIMARY


def _is_refused(line: LineFacts) -> bool:
    return line.seen is not None and line.seen.code in _REFUSED


def _is_at(address: str, binding: Binding) -> bool:
    return address in (binding.host, _seen_from(binding))


def _seen_from(binding: Binding) -> str:
    """The address that the registrar saw a binding come from; empty where it does not say."""
    received = binding.received.strip('"<>')
    uri = SipUri.read(received)
    return uri.host if uri else received


def _places(bindings: Iterable[Binding]) -> str:
    """Where bindings are: what the phone says, and what the registrar saw where that differs."""
    places = []
    for each in bindings:
        named, seen = each.host or each.uri, _seen_from(each)
        places.append(f"{named} (seen from {seen})" if seen not in ("", named) else named)
    return " and ".join(dict.fromkeys(places))


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _of(line: LineFacts, what: What, text: str, check: str) -> Conclusion:
    return Conclusion(what=what, text=text, check=check, line=line.number)
