"""Audits of a real database: what they compare, write, keep and send."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import pytest

from fleet.audit import AuditOrder, Recipients, decode
from fleet.errors import FleetError, SweepRunning, UsageError
from fleet.judge import RuleSetting
from fleet.model import Account, IntendedAccount, MissedSweeps, Reason, Registration
from fleet.report.audit import AuditChange, summary
from fleet.status import findings_of
from fleet.store import Event, EventKind
from tests.audit.fleet import Post, phone
from tests.store.fleets import line

if TYPE_CHECKING:
    from fleet.audit import Audited
    from fleet.model import Line
    from tests.audit.fleet import Fleet

REFUSED = line(1, Registration.FAILED, code=401, status_text="401")
GONE = line(1, Registration.UNREGISTERED)
EVERYBODY = ("mailto://all@example.com",)


def changes(done: Audited) -> dict[str, str]:
    return {each.phone: each.change for each in done.report.changes.records}


async def test_the_first_audit_compares_with_nothing(fleet: Fleet) -> None:
    (one,) = fleet.add(phone(1))
    fleet.seen[one] = (REFUSED,)
    fleet.sweep()

    done = await fleet.audit()

    assert done.report.changes.since is None
    assert "This is the first audit of these phones" in summary(done.report)[1]
    assert [(each.phone, each.line, each.code, each.change) for each in done.report.flagged] == [
        ("berlin1", 1, 401, "")
    ]


async def test_what_changed_is_told_trouble_by_trouble(fleet: Fleet) -> None:
    fine, sick, other, mended, hidden, removed = fleet.add(*map(phone, range(1, 7)))
    fleet.seen |= dict.fromkeys((sick, mended, hidden, removed), (REFUSED,))
    fleet.seen[other] = Reason.NO_ANSWER
    fleet.sweep()
    first = await fleet.audit()
    fleet.seen |= {fine: (REFUSED,), sick: (GONE,), other: (REFUSED,), mended: (line(1),)}
    fleet.seen[hidden] = Reason.NO_ANSWER
    fleet.store.inventory.remove([removed], fleet.now)
    (new,) = fleet.add(phone(7))
    fleet.seen[new] = (REFUSED,)
    fleet.sweep()

    done = await fleet.audit()

    told = {(each.phone, each.rule): each.change for each in done.report.changes.records}
    assert told == {
        ("berlin1", "line-failed"): AuditChange.REGRESSION,
        ("berlin5", "phone-unreachable"): AuditChange.REGRESSION,
        ("berlin3", "line-failed"): AuditChange.NEW,
        ("berlin7", "line-failed"): AuditChange.NEW,
        ("berlin2", "line-unregistered"): AuditChange.STILL,
        ("berlin5", "line-failed"): AuditChange.UNSEEN,
        ("berlin3", "phone-unreachable"): AuditChange.RESOLVED,
        ("berlin4", "line-failed"): AuditChange.RESOLVED,
        ("berlin6", "line-failed"): AuditChange.RESOLVED,
    }
    order = [each.change for each in done.report.changes.records]
    assert order == sorted(order, key=list(AuditChange).index)
    assert done.report.changes.since == first.report.at
    assert "2 regressions since the audit of 2026-11-24 19:05." in summary(done.report)


async def test_what_could_not_be_looked_at_is_still_there_when_it_is_seen_again(
    fleet: Fleet,
) -> None:
    (one,) = fleet.add(phone(1))
    fleet.seen[one] = (REFUSED,)
    fleet.sweep()
    await fleet.audit()
    fleet.seen[one] = Reason.NO_ANSWER
    for _ in range(2):
        fleet.sweep()
        hidden = await fleet.audit()
    fleet.seen[one] = (REFUSED,)
    fleet.sweep()

    again = await fleet.audit()

    assert hidden.report.changes.count(AuditChange.UNSEEN) == 1
    assert [(each.rule, each.change) for each in again.report.changes.records] == [
        ("line-failed", AuditChange.STILL),
        ("phone-unreachable", AuditChange.RESOLVED),
    ]


async def test_a_rule_that_was_switched_off_resolves_nothing(fleet: Fleet) -> None:
    (one,) = fleet.add(phone(1))
    fleet.seen[one] = (REFUSED,)
    fleet.sweep()
    await fleet.audit()

    fleet.rules = {"line-failed": RuleSetting(enabled=False)}
    fleet.sweep()

    done = await fleet.audit()

    assert changes(done) == {"berlin1": AuditChange.UNSEEN}


async def test_what_an_audit_kept_is_what_the_rows_say_of_its_time(fleet: Fleet) -> None:
    one, two, three = fleet.add(*map(phone, range(1, 4)))
    states: list[tuple[Line, ...] | Reason] = [
        (REFUSED,), (line(1),), (GONE,), Reason.NO_ANSWER, (line(1, backup=True),),
    ]  # fmt: skip
    kept = {}
    for turn in range(9):
        fleet.seen = {
            phone_id: states[(turn * step) % len(states)]
            for phone_id, step in ((one, 1), (two, 2), (three, 3))
        }
        fleet.sweep()
        await fleet.audit()
        stored = fleet.store.audits.last("all")
        assert stored is not None
        found = decode(stored.findings)
        kept[found.at] = {
            (each.phone_id, each.record.line, each.record.rule) for each in found.flags
        }

    for at, flags in kept.items():
        assert flags == {
            (status.stored.id, each.line, each.rule)
            for status in fleet.store.observations.statuses(at=at)
            for each in findings_of(status)
        }


async def test_silence_when_nothing_got_worse(fleet: Fleet) -> None:
    (one,) = fleet.add(phone(1))
    fleet.seen[one] = (REFUSED,)
    fleet.sweep()
    await fleet.audit()
    fleet.sweep()

    done = await fleet.audit()

    lines = summary(done.report)
    assert "Nothing got worse since the audit of 2026-11-24 19:05." in lines
    assert "Changes: 1 still." in lines
    assert not any("berlin1" in each for each in lines)


async def test_audits_of_different_selections_are_not_compared(fleet: Fleet) -> None:
    fleet.add(phone(1), phone(2, "paris"))
    fleet.sweep()
    await fleet.audit()

    of_site = await fleet.audit(site="paris")
    again = await fleet.audit(site="paris")

    assert of_site.report.totals.phones == 1
    assert of_site.report.changes.note == (
        "This is the first audit of these phones, so there is nothing to compare with."
    )
    assert again.report.changes.since == of_site.report.at


async def test_findings_that_cannot_be_read_are_not_compared(fleet: Fleet) -> None:
    fleet.add(phone(1))
    number = fleet.store.audits.begin(
        trigger="test", selection="all", planned_for=None, now=fleet.now
    )
    assert number is not None
    fleet.store.audits.finish(number, sweep_id=None, findings=b"?", now=fleet.now)

    done = await fleet.audit()

    assert done.report.changes.note.startswith("Nothing is compared with the audit before: ")


async def test_flags_tell_since_when_and_how_often(fleet: Fleet) -> None:
    flapping, away, early = fleet.add(phone(1), phone(2), phone(3))
    fleet.seen[early] = (REFUSED,)
    fleet.sweep()
    for state in (REFUSED, line(1), GONE, line(1), REFUSED, GONE):
        fleet.seen[flapping] = (state,)
        fleet.seen[away] = Reason.SILENT if state == REFUSED else (line(1),)
        fleet.sweep()
    fleet.seen[away] = Reason.NO_ANSWER
    fleet.sweep()

    done = await fleet.audit()

    told = {each.phone: each for each in done.report.flagged}
    assert (told["berlin1"].times, told["berlin1"].text[:14]) == (3, "not registered")
    assert told["berlin1"].since == fleet.now - timedelta(minutes=10)
    assert (told["berlin2"].times, told["berlin2"].since) == (3, fleet.now)
    assert (told["berlin3"].times, told["berlin3"].since) == (
        1,
        fleet.now - timedelta(minutes=35),
    )


async def test_everything_that_differs_from_the_inventory_is_named(fleet: Fleet) -> None:
    want = IntendedAccount(line=1, user="1001")
    phones = [
        phone(1, accounts=(replace(want, user="1099"), replace(want, line=2))),
        phone(2, model="6757i"),
        phone(3),
        phone(4),
        phone(5),
    ]
    _, other, unknown, stranger, never = fleet.add(*phones)
    fleet.model[unknown] = "6799x"
    fleet.seen[stranger] = Reason.OTHER_PHONE
    del fleet.seen[never]
    fleet.sweep()
    conflict = Event(
        at=fleet.now, kind=EventKind.MAC_CONFLICT, text="Its MAC is another's.", phone_id=other
    )
    fleet.store.events.add([conflict])

    done = await fleet.audit()

    assert [(each.kind, each.phone, each.line) for each in done.report.differences] == [
        ("account-mismatch", "berlin1", 1),
        ("line-missing", "berlin1", 2),
        ("mac-conflict", "berlin2", None),
        ("mac-conflict", "berlin4", None),
        ("model-mismatch", "berlin2", None),
        ("never-seen", "berlin4", None),
        ("never-seen", "berlin5", None),
        ("unknown-model", "berlin3", None),
    ]
    assert done.report.totals.not_polled == 1


async def test_old_firmware_is_older_than_the_newest_of_the_model_anywhere(fleet: Fleet) -> None:
    old, new, other, elsewhere = fleet.add(phone(1), phone(2), phone(3), phone(4, "paris"))
    fleet.firmware |= {old: "3.9.2", new: "3.10.0", other: "2.0", elsewhere: "3.10.0.1"}
    fleet.model[other] = "6731i"
    fleet.sweep()

    done = await fleet.audit(site="berlin")

    assert [(each.phone, each.firmware, each.newest) for each in done.report.firmware] == [
        ("berlin1", "3.9.2", "3.10.0.1"),
        ("berlin2", "3.10.0", "3.10.0.1"),
    ]


async def test_default_passwords_are_those_of_the_inventory_and_never_told(fleet: Fleet) -> None:
    fleet.add(phone(1, password="22222"), phone(2, password="4711"), phone(3))
    fleet.sweep()

    done = await fleet.audit(formats=("html", "csv", "json", "xlsx"))

    assert [(each.phone, each.text) for each in done.report.passwords or ()] == [
        ("berlin1", "default password")
    ]
    assert not [path for path in done.files if b"22222" in path.read_bytes()]


async def test_sweeps_that_were_missed_or_cut_off_are_told(fleet: Fleet) -> None:
    fleet.add(phone(1))
    fleet.sweep()
    missed = MissedSweeps(
        schedule="poll", first=fleet.now, last=fleet.now, count=3, reason="The machine slept."
    )
    fleet.store.sweeps.add_missed(missed)
    cut_off = fleet.store.sweeps.begin(
        trigger="manual", selection="all", planned=1, now=fleet.now, ttl=timedelta(minutes=1)
    )
    fleet.store.sweeps.finish(cut_off.id, cut_off.counts, fleet.now, interrupted=True)
    fleet.now += timedelta(minutes=1)

    done = await fleet.audit()

    assert [(each.schedule, each.count, each.reason) for each in done.report.missed] == [
        ("poll", 3, "The machine slept."),
        ("manual", 1, "it was interrupted"),
    ]


async def test_counts_are_by_state_site_model_firmware_and_code(fleet: Fleet) -> None:
    fine, backup, refused, away = fleet.add(phone(1), phone(2), phone(3, "paris"), phone(4))
    fleet.seen[fine] = (line(1), line(2, Registration.UNCONFIGURED, account=None))
    fleet.seen[backup] = (line(1, backup=True),)
    fleet.seen[refused] = (REFUSED,)
    fleet.sweep()
    fleet.seen[away] = Reason.SILENT
    fleet.sweep()

    done = await fleet.audit()

    def counted(of: str) -> dict[str, tuple[int | None, ...]]:
        found = done.report.counts_of(of)
        return {each.name: (each.phones, each.not_read, each.lines, each.flagged) for each in found}

    assert {name: counts[2:] for name, counts in counted("state").items()} == {
        "failed": (1, 1),
        "on backup": (1, 1),
        "registered": (1, 0),
        "unconfigured": (1, 0),
        "not seen": (1, 0),
    }
    assert counted("site") == {"berlin": (3, 1, 3, 1), "paris": (1, 0, 1, 1)}
    assert counted("model") == {"6753i": (4, 1, 4, 2)}
    assert counted("firmware") == {"6753i 3.2.2": (4, 1, 4, 2)}
    assert counted("code") == {"401 Unauthorized": (None, None, 1, 1)}
    assert [(each.phone, each.reason, each.lines) for each in done.report.not_read] == [
        ("berlin4", "silent", 1)
    ]


async def test_availability_is_by_line_and_by_site(fleet: Fleet) -> None:
    one, _ = fleet.add(phone(1), phone(2, "paris"))
    fleet.sweep(6)
    fleet.seen[one] = (REFUSED,)
    fleet.sweep(6)

    done = await fleet.audit()

    spans = {each.site: each.spans for each in done.report.sites}
    assert spans["paris"].day.share_up == 1.0
    assert (spans["berlin"].day.observed, spans["berlin"].day.up) == (3300, 1800)
    assert [(each.phone, each.spans.week.flaps) for each in done.report.lines] == [
        ("berlin1", 1),
        ("paris2", 0),
    ]
    assert (done.report.days[0].observed, done.report.days[0].up) == (6600, 5100)


async def test_the_same_data_and_time_give_the_same_bytes(fleet: Fleet) -> None:
    one, _ = fleet.add(phone(1, name="=cmd|x!A1"), phone(2, "<b>&Zürich</b>"))
    fleet.seen[one] = (replace(REFUSED, account=Account(raw='"><script>x</script>')),)
    fleet.sweep(3)
    await fleet.audit(formats=("html", "xlsx", "csv", "json"))

    first = await fleet.audit(formats=("html", "xlsx", "csv", "json"))
    written = {path.suffix: path.read_bytes() for path in first.files}
    again = await fleet.audit(formats=("html", "xlsx", "csv", "json"))

    # A second report of a day has its time in its name.
    assert [path.name for path in again.files] == [
        f"audit-2026-11-24-191500.{form}" for form in ("html", "xlsx", "csv", "json")
    ]
    assert {path.suffix: path.read_bytes() for path in again.files} == written
    assert b"<script" not in written[".html"]


async def test_recipients_of_a_site_get_that_sites_part_alone(fleet: Fleet) -> None:
    one, two = fleet.add(phone(1), phone(2, "paris"))
    fleet.sweep()
    await fleet.audit()
    fleet.seen |= {one: (REFUSED,), two: (REFUSED,)}
    fleet.sweep()
    post = Post()
    recipients = Recipients(
        everybody=EVERYBODY,
        sites={"paris": ("mailto://paris@example.com",), "rome": ("x://y",), "berlin": ()},
    )

    done = await fleet.audit(formats=("csv", "json"), send=post, recipients=recipients)

    whole, part = post.sent
    assert (whole.urls, part.urls) == (EVERYBODY, ("mailto://paris@example.com",))
    assert whole.subject == "fleet audit 2026-11-24: 2 regressions, 2 lines flagged"
    assert part.subject == "fleet audit of paris 2026-11-24: 1 regression, 1 line flagged"
    assert [path.name for path in part.attachments] == [
        "audit-2026-11-24-paris.csv",
        "audit-2026-11-24-paris.json",
    ]
    said = [part.text, part.html, *(path.read_text() for path in part.attachments)]
    assert all("paris2" in each for each in said)
    assert not any("berlin" in each for each in said)
    assert "berlin1" in whole.text
    assert json.loads(part.attachments[1].read_text())["phones"] == 1
    assert done.sent == 2
    assert done.troubles == ("The audit of rome was not sent: that site has no phone.",)


async def test_an_audit_that_cannot_be_sent_is_done_all_the_same(fleet: Fleet) -> None:
    fleet.add(phone(1))
    fleet.sweep()

    def send(*_: object) -> NoReturn:
        raise FleetError("The mail server does not answer.")

    done = await fleet.audit(send=send, recipients=Recipients(everybody=EVERYBODY))

    assert done.sent == 0
    assert done.troubles == (
        "The audit could not be sent to the recipients: The mail server does not answer.",
    )
    kept = fleet.store.audits.last("all")
    assert kept is not None
    assert decode(kept.findings).at == fleet.now


async def test_an_audit_planned_for_a_moment_is_one_runners(fleet: Fleet) -> None:
    fleet.add(phone(1))
    order = AuditOrder(output=fleet.output, formats=(), planned_for=fleet.now, trigger="nightly")

    assert await fleet.auditor().run(order, None) is not None
    assert await fleet.auditor().run(order, None) is None
    assert fleet.store.audits.last_planned() == fleet.now


async def test_the_sweep_belongs_to_the_audit_and_one_that_runs_is_not_waited_for(
    fleet: Fleet,
) -> None:
    fleet.add(phone(1))
    order = AuditOrder(output=fleet.output, formats=())

    async def sweep() -> object:
        return replace(fleet.sweep(), notes=("berlin1 moved.",))

    async def running() -> NoReturn:
        raise SweepRunning("A sweep is running.")

    swept = await fleet.auditor().run(order, sweep)  # type: ignore[arg-type]
    busy = await fleet.auditor().run(order, running)

    assert swept is not None
    assert busy is not None
    assert swept.report.sweep == fleet.store.sweeps.last()
    assert swept.report.notes == ("berlin1 moved.",)
    assert busy.report.sweep is None
    assert busy.report.notes == ("The audit did not sweep: A sweep is running.",)


async def test_a_folder_that_cannot_be_made_is_one_sentence(fleet: Fleet) -> None:
    fleet.add(phone(1))
    fleet.output.write_text("")

    with pytest.raises(UsageError, match=r"The folder .* cannot be made"):
        await fleet.audit(formats=("csv",))

    assert fleet.store.audits.last("all") is None
