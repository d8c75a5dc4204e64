"""A small fleet that is swept by hand, and audited."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fleet.audit import Auditor, AuditOrder, Recipients
from fleet.findings import Judge, rejudge
from fleet.judge import RuleSetting, enabled_rules
from fleet.model import Facts, Phone, Reach, SweepCounts
from fleet.provision.file_states import FileStates
from fleet.sweep import Outcome
from tests.store import fleets
from tests.store.fleets import judged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fleet.audit import Audited
    from fleet.model import Line, Reason
    from fleet.store import Recorded, Store

EVENING = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
MINUTES = timedelta(minutes=5)


def phone(number: int, site: str = "berlin", **fields: Any) -> Phone:
    """A phone called `berlin1`, `berlin2` …"""
    made = {"host": f"10.0.0.{number}", "mac": f"00:08:5D:00:00:{number:02X}"}
    return Phone(**{**made, "name": f"{site}{number}", "site": site, **fields})


@dataclass
class Fleet:
    """A store, a clock that stands still until it is told, and an auditor."""

    store: Store
    output: Path
    now: datetime = EVENING
    seen: dict[int, tuple[Line, ...] | Reason] = field(default_factory=dict)
    firmware: dict[int, str] = field(default_factory=dict)
    model: dict[int, str] = field(default_factory=dict)
    rules: dict[str, RuleSetting] = field(default_factory=dict)

    def add(self, *phones: Phone) -> list[int]:
        """Take phones into the inventory, each with one line that is registered."""
        ids = fleets.add(self.store, *phones)
        self.seen |= {phone_id: (fleets.line(1),) for phone_id in ids}
        return ids

    def sweep(self, sweeps: int = 1, selection: str = "all") -> Outcome:
        """Sweep so many times, five minutes apart; what is `seen` is what each poll sees."""
        for _ in range(sweeps):
            self.now += MINUTES
            began = self.store.sweeps.begin(
                trigger="test", selection=selection, planned=len(self.seen), now=self.now,
                ttl=timedelta(minutes=1),
            )  # fmt: skip
            judge = self.judge()
            rejudge(self.store, judge, lambda: self.now)
            known = self.store.observations.known()
            batch = [self._polled(known[i], what) for i, what in self.seen.items() if i in known]
            self.store.observations.record(
                began.id, [judged(judge, each) for each in batch], judge.step
            )
            counts = SweepCounts(ok=len(batch))
            self.store.sweeps.finish(began.id, counts, self.now)
        [*_, last] = self.store.sweeps.load()
        return Outcome(sweep=last)

    def _polled(self, known: Any, what: tuple[Line, ...] | Reason) -> Recorded:
        if not isinstance(what, tuple):
            return fleets.bad(known, self.now, what)
        number = known.stored.id
        facts = Facts(
            dialect="67xxi", lines=what, mac=known.stored.phone.mac,
            model=self.model.get(number, "6753i"), firmware=self.firmware.get(number, "3.2.2"),
        )  # fmt: skip
        made = fleets.good(known, self.now)
        return replace(made, observation=replace(made.observation, facts=facts, reach=Reach.OK))

    def judge(self) -> Judge:
        """What judges, with the rules as they are set."""
        files = FileStates(self.store, stale_after=timedelta(hours=1), versions={})
        return Judge(rules=self.rules, files=files)

    def auditor(self, **fields: Any) -> Auditor:
        given: dict[str, Any] = {
            "store": self.store,
            "rules": enabled_rules(self.rules),
            "interval": 300,
            "month": 30 * 86_400,
            "zone": "Europe/Berlin",
            "clock": lambda: self.now,
            **fields,
        }
        return Auditor(**given)

    async def audit(
        self,
        *,
        formats: tuple[str, ...] = (),
        site: str | None = None,
        send: Callable[..., None] | None = None,
        recipients: Recipients | None = None,
        **fields: Any,
    ) -> Audited:
        """Audit what is stored."""
        order = AuditOrder(
            output=self.output, formats=formats, site=site, trigger="schedule", send=send
        )
        auditor = self.auditor(**{"recipients": recipients or Recipients(), **fields})
        done = await auditor.run(order, None)
        assert done is not None
        return done


@dataclass
class Sent:
    """One message that was sent."""

    urls: Sequence[str]
    subject: str
    text: str
    html: str
    attachments: Sequence[Path]


@dataclass
class Post:
    """Takes messages as the alerts' door does."""

    sent: list[Sent] = field(default_factory=list)

    def __call__(
        self, urls: Sequence[str], subject: str, text: str, html: str, attachments: Sequence[Path]
    ) -> None:
        self.sent.append(Sent(urls, subject, text, html, attachments))
