"""What is concluded from what, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fleet.model import Line, Reach, Registration
from fleet.phone.sip.ask import LoginUse
from fleet.phone.sip.no_answer import NoAnswer
from fleet.phone.sip.outcome import Outcome, Result
from fleet.phone.sip.query import Binding, OptionsAnswer, RegistrationAnswer
from fleet.provision.diagnose.conclude import conclude
from fleet.provision.diagnose.facts import (
    FileFacts,
    LineFacts,
    PhoneFacts,
    RegistrarFacts,
    Role,
    What,
)

HERE, THERE = Binding(uri="sip:1001@10.0.0.7", host="10.0.0.7"), Binding(uri="", host="10.9.9.9")
CURRENT = FileFacts(is_applied=True, is_current=True, fetched_at=datetime(2026, 3, 1, tzinfo=UTC))
PHONE = PhoneFacts(label="one", address="10.0.0.7", reach=Reach.OK, file=CURRENT)
REGISTERED = Line(number=1, registration=Registration.REGISTERED, backup=False)
ON_BACKUP = replace(REGISTERED, backup=True)
REFUSED = Line(number=1, registration=Registration.FAILED, code=401, backup=False)
UNREGISTERED = Line(number=1, registration=Registration.UNREGISTERED)


def said(
    result: Result, *bindings: Binding, login: LoginUse = LoginUse.SENT, code: int = 200
) -> RegistrationAnswer:
    outcome = Outcome(result=result, detail="pbx said so.", code=code, login=login)
    return RegistrationAnswer(outcome=outcome, bindings=bindings)


YES, NOBODY = said(Result.ACCEPTED, HERE), said(Result.ACCEPTED)
DEAD = said(Result.NO_ANSWER, login=LoginUse.NOT_ASKED, code=0)


def facts(
    seen: Line | None, primary: RegistrationAnswer | None, backup: RegistrationAnswer | None = None
) -> LineFacts:
    registrars = [RegistrarFacts(role=Role.PRIMARY, name="pbx", answer=primary)]
    if backup:
        registrars.append(RegistrarFacts(role=Role.BACKUP, name="spare", answer=backup))
    return LineFacts(number=1, user="1001", registrars=tuple(registrars), seen=seen)


UNTRUSTED = RegistrationAnswer(
    outcome=Outcome(result=Result.NO_ANSWER, detail="pbx shows it.", silence=NoAnswer.UNTRUSTED)
)

CASES = {
    "all is well": (facts(REGISTERED, YES), [What.WELL]),
    "the inventory's password is wrong": (
        facts(REFUSED, said(Result.WRONG_PASSWORD, code=401)),
        [What.WRONG_PASSWORD],
    ),
    "the phone holds an old one": (
        facts(REFUSED, NOBODY),
        [What.OLD_PASSWORD, What.NOT_THERE],
    ),
    "unknown user": (facts(REFUSED, said(Result.UNKNOWN_USER, code=404)), [What.UNKNOWN_USER]),
    "no password in the inventory": (
        facts(REFUSED, said(Result.LOGIN_WANTED, login=LoginUse.MISSING, code=401)),
        [What.NO_PASSWORD],
    ),
    "a certificate that is not trusted": (facts(UNREGISTERED, UNTRUSTED), [What.NO_TLS]),
    "on the backup, and nobody could ask the primary": (
        facts(ON_BACKUP, UNTRUSTED),
        [What.NO_TLS],
    ),
    "registrar dead from here": (facts(UNREGISTERED, DEAD), [What.REGISTRAR_DEAD]),
    "registered from elsewhere": (
        facts(UNREGISTERED, said(Result.ACCEPTED, THERE)),
        [What.ELSEWHERE],
    ),
    "on the backup although the primary answers": (
        facts(ON_BACKUP, NOBODY, said(Result.ACCEPTED, HERE)),
        [What.ON_BACKUP],
    ),
    "on the backup because the primary is silent": (
        facts(ON_BACKUP, DEAD, said(Result.ACCEPTED, HERE)),
        [What.REGISTRAR_DEAD, What.ON_BACKUP],
    ),
    "the password was not looked at": (
        facts(REFUSED, said(Result.ACCEPTED, login=LoginUse.NOT_ASKED)),
        [What.NOT_LOOKED_AT, What.NOT_THERE],
    ),
    "nobody is registered": (facts(UNREGISTERED, NOBODY), [What.NOT_THERE]),
    "shown as registered, but nobody is": (facts(REGISTERED, NOBODY), [What.STALE_BINDING]),
    "registered since the poll": (facts(UNREGISTERED, YES), [What.STALE_BINDING]),
    "asked a moment ago": (facts(REFUSED, None), [What.ASKED_BEFORE]),
    "a fault of the registrar": (facts(REFUSED, said(Result.REFUSED, code=503)), [What.UNDECIDED]),
    "it would not be settled": (
        facts(REFUSED, said(Result.LOGIN_UNSETTLED, code=401)),
        [What.UNDECIDED],
    ),
    "a good login and no address of record": (
        facts(REFUSED, said(Result.NO_AOR, code=404)),
        [What.NO_AOR],
    ),
    "a registrar that takes no queries": (
        facts(REGISTERED, said(Result.NO_QUERIES, login=LoginUse.NOT_ASKED, code=400)),
        [What.NO_QUERIES],
    ),
    "a second device": (
        facts(REGISTERED, said(Result.ACCEPTED, HERE, THERE)),
        [What.SECOND_DEVICE],
    ),
    "one device with two bindings": (
        facts(REGISTERED, said(Result.ACCEPTED, HERE, replace(HERE, port=5070))),
        [What.WELL],
    ),
    "behind NAT, as the registrar sees it": (
        facts(REGISTERED, said(Result.ACCEPTED, replace(THERE, received="sip:10.0.0.7:50123"))),
        [What.WELL],
    ),
    "from an address that only looks alike": (
        facts(REGISTERED, said(Result.ACCEPTED, replace(THERE, received="sip:110.0.0.77:5060"))),
        [What.ELSEWHERE],
    ),
    "no registrar": (LineFacts(number=1, user="1001"), [What.NO_REGISTRAR]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_concluded(name: str) -> None:
    line, expected = CASES[name]
    found = conclude(PHONE, (line,))
    assert [each.what for each in found] == expected
    assert all(each.text.endswith((".", "!")) and each.line == 1 for each in found)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (FileFacts(), "Give the phone the inventory's password."),
        (replace(CURRENT, is_pending=True), "was not applied yet"),
        (replace(CURRENT, is_current=False), "fleet provision resync"),
        (CURRENT, "unless that one is locked"),
    ],
)
def test_an_old_password_is_mended_where_it_is_stuck(file: FileFacts, said: str) -> None:
    first, *_ = conclude(replace(PHONE, file=file), (facts(REFUSED, NOBODY),))
    assert said in first.check


def test_what_is_wrong_with_the_phone_comes_last() -> None:
    silent = OptionsAnswer(outcome=Outcome(result=Result.NO_ANSWER, detail="10.0.0.7 is silent."))
    file = FileFacts(is_applied=True, is_pending=True)
    phone = replace(PHONE, reach=Reach.UNREACHABLE, options=silent, file=file)
    found = conclude(phone, (facts(REGISTERED, YES),))
    assert [each.what for each in found] == [
        What.WELL,
        What.PHONE_SILENT,
        What.NOT_APPLIED,
        What.NOT_FETCHED,
    ]
    assert "last fetch: never" in found[-1].text


def test_a_name_is_no_address_to_compare_with() -> None:
    found = conclude(replace(PHONE, address=""), (facts(REGISTERED, said(Result.ACCEPTED, THERE)),))
    assert [each.what for each in found] == [What.WELL]


def verdict(phone: PhoneFacts, seen: Line | None, *bindings: Binding) -> str:
    first, *_ = conclude(phone, (facts(seen, said(Result.ACCEPTED, *bindings)),))
    return first.text


def test_a_verdict_names_who_said_so() -> None:
    read = replace(PHONE, polled_at=datetime(2026, 3, 1, 7, 30, tzinfo=UTC))
    assert verdict(read, REGISTERED, HERE) == (
        "Line 1 (1001) is registered: the phone showed it at its last poll (2026-03-01 07:30 UTC), "
        "and its registrar pbx has it registered from 10.0.0.7."
    )
    never = replace(PHONE, reach=None)
    assert verdict(never, None, HERE) == (
        "Line 1 (1001): its registrar pbx has it registered from 10.0.0.7. No poll has shown this "
        "line on the phone."
    )
    named = replace(never, address="")
    assert "has it registered from 10.9.9.9." in verdict(named, None, THERE)
    assert "not from 10.0.0.7" in verdict(never, None, THERE)
    silent = replace(read, reach=Reach.UNREACHABLE)
    assert "before, it showed unregistered" in verdict(silent, UNREGISTERED, HERE)
    assert "when it was last read, and its registrar" in verdict(silent, REGISTERED, HERE)


def test_every_place_of_a_user_is_named_and_which_is_not_this_phone() -> None:
    seen = replace(THERE, received='"sip:192.0.2.9:50123"')
    first, *_ = conclude(PHONE, (facts(REGISTERED, said(Result.ACCEPTED, HERE, seen)),))
    assert first.text == (
        "The primary registrar pbx has 1001 registered from 10.0.0.7 and 10.9.9.9 (seen from "
        "192.0.2.9)."
    )
    assert first.check == (
        "A second device uses this account: 10.9.9.9 (seen from 192.0.2.9) is not this phone."
    )


def test_the_registrars_own_phrase_is_told() -> None:
    answer = said(Result.WRONG_PASSWORD, code=403)
    outcome = replace(answer.outcome, phrase="Account disabled")
    first, *_ = conclude(PHONE, (facts(REFUSED, replace(answer, outcome=outcome)),))
    assert first.text.endswith("of 1001 (403 Account disabled).")
