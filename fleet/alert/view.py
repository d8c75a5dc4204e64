"""What a template is given: every text made plain, every time in its zone, nothing to compute."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet.alert.causes import checks_of, code_words, said_of, share_of
from fleet.alert.words import plain, when, zone_of
from fleet.judge import RULES, Trouble
from fleet.model import AlertKind, IncidentState
from fleet.report.wording import counted, lasting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from fleet.alert.values import Telling
    from fleet.model import Cause, Incident

MOST_NAMED = 20  # incidents that a digest names
MOST_OF_CAUSE = 10  # phones that the alert of a cause names
MOST_CHECKS = 6
_LATE_401 = (
    "A phone may show 401 for up to 30 minutes after the PBX was repaired, because it waits that "
    "long before it tries again."
)  # facts/web-ui 3.5
_UNAUTHORIZED = 401
NONE: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """An incident as it is told. `lasted` is empty while it stands.

    `diagnosis` is a sentence of what its registrar says, empty where nobody asked it.
    """

    id: int
    where: str
    what: str
    rule: str
    severity: str
    since: str
    lasted: str
    sure: str
    diagnosis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseItem:
    """A cause as it is told. `lasted` is empty while it lasts; `still` fail after it ended."""

    id: int
    title: str
    what: str
    share: str
    codes: tuple[str, ...]
    since: str
    lasted: str
    still: int
    unread: int
    command: str


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """An alert as templates see it.

    `count` says how much it is about (`12 lines`), `more` how many incidents are not named.
    `late` is empty, or says how many were delayed since when, and why. `link` leads to the
    dashboard, to the phone's page where it is about one phone; empty where no address is set.
    """

    kind: str
    severity: str
    key: str
    count: str
    reasons: str
    items: tuple[Item, ...]
    more: int
    checks: tuple[str, ...]
    cause: CauseItem | None
    causes: tuple[CauseItem, ...]
    late: str
    link: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Zones:
    """In which zone times are told: the site's, else that of the settings."""

    of_sites: Mapping[str, tzinfo]
    otherwise: tzinfo = UTC

    def when(self, moment: datetime, site: str = "") -> str:
        """Tell a moment as the clocks of a site show it."""
        return when(moment, zone_of(site, self.of_sites, self.otherwise))


def named(telling: Telling) -> Sequence[Incident]:
    """The incidents that an alert names; the others it only counts."""
    if telling.cause:
        return _standing_first(telling.incidents)[:MOST_OF_CAUSE]
    return telling.incidents[:MOST_NAMED]


def view_of(
    telling: Telling, zones: Zones, diagnoses: Mapping[int, str] = NONE, dashboard_url: str = ""
) -> View:
    """Make what a template is given; `diagnoses` are sentences by their incidents' ids."""
    some = named(telling)
    return View(
        kind=telling.kind,
        severity=telling.severity,
        key=telling.key,
        count=_count(telling.incidents),
        reasons=_reasons(telling.incidents),
        items=tuple(_item(one, zones, diagnoses.get(one.id or 0, "")) for one in some),
        more=len(telling.incidents) - len(some),
        checks=tuple(_checks(telling)),
        cause=_cause_item(telling.cause, telling, zones) if telling.cause else None,
        causes=tuple(_cause_item(each, None, zones) for each in telling.causes),
        late=_late(telling, zones),
        link=_link(telling, dashboard_url),
    )


def _link(telling: Telling, dashboard_url: str) -> str:
    phones = {one.phone_id for one in telling.incidents}
    if not dashboard_url or len(phones) != 1 or None in phones or telling.causes:
        return dashboard_url and f"{dashboard_url}/"
    return f"{dashboard_url}/phones/{phones.pop()}"


def _standing_first(incidents: Sequence[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda one: one.state is IncidentState.RESOLVED)


def _item(incident: Incident, zones: Zones, diagnosis: str) -> Item:
    site, phone = plain(incident.site, 60), plain(incident.phone, 80)
    over = incident.resolved
    return Item(
        id=incident.id or 0,
        where=(f"{phone} ({site})" if site else phone)
        + (f", line {incident.line}" if incident.line else ""),
        what=plain(incident.text.removeprefix(f"line {incident.line}: ")),
        rule=incident.rule,
        severity=incident.severity,
        since=zones.when(incident.first_seen, incident.site),
        lasted=lasting((over - incident.first_seen).total_seconds()) if over else "",
        sure=_sure(incident),
        diagnosis=plain(diagnosis),
    )


def _sure(incident: Incident) -> str:
    if not incident.confirmed:
        return "reported by the phone; not confirmed by a poll yet"
    if not incident.sightings:
        return "reported by the phone and confirmed by a poll"
    times = "once" if incident.sightings == 1 else f"{incident.sightings} times in a row"
    return f"seen {times} by polling"


def _cause_item(cause: Cause, telling: Telling | None, zones: Zones) -> CauseItem:
    said, site = said_of(cause), cause.name
    incidents = telling.incidents if telling else ()
    still = sum(one.state is not IncidentState.RESOLVED for one in incidents)
    return CauseItem(
        id=cause.id or 0,
        title=said.title,
        what=said.what,
        share=share_of(cause),
        codes=tuple(f"{code_words(code)}: {number}" for code, number in cause.codes[:5]),
        since=zones.when(cause.began, site),
        lasted=lasting((cause.ended - cause.began).total_seconds()) if cause.ended else "",
        still=still if cause.ended else 0,
        unread=telling.unread if telling and cause.ended else 0,
        command=f"fleet incidents list --cause {cause.id}",
    )


def _count(incidents: Sequence[Incident]) -> str:
    """Count lines or phones, each once whatever rules found there; of both kinds the problems."""
    places = {(one.phone_id or one.phone, one.line) for one in incidents}
    if all(line for _, line in places):
        return counted(len(places), "line")
    if not any(line for _, line in places) and not any(one.subject for one in incidents):
        return counted(len(places), "phone")
    return counted(len(incidents), "problem")


def _reasons(incidents: Iterable[Incident]) -> str:
    """Sum up by rule: `8 × 401 Unauthorized, 2 × phone-unreachable`; failures by their codes."""
    reasons = Counter(map(_reason, incidents))
    shown = [
        reason if number == 1 else f"{number} × {reason}"
        for reason, number in reasons.most_common(3)
    ]
    return ", ".join([*shown, "…"] if len(reasons) > len(shown) else shown)


def _reason(incident: Incident) -> str:
    """The code only where the rule is about the registration itself: elsewhere it is no reason."""
    rule = RULES.get(incident.rule)
    is_failure = rule is not None and rule.trouble is Trouble.REGISTRATION
    return code_words(incident.code) if is_failure and incident.code else incident.rule


def _checks(telling: Telling) -> Iterable[str]:
    """What to check, the most frequent advice first; what is over needs none."""
    if telling.kind is AlertKind.RECOVERY:
        return []
    causes = [telling.cause] if telling.cause else list(telling.causes)
    of_incidents = [] if telling.cause else [plain(one.check) for one in telling.incidents]
    ranked = [check for check, _ in Counter(of_incidents).most_common(MOST_CHECKS) if check]
    checks = list(dict.fromkeys([check for cause in causes for check in checks_of(cause)] + ranked))
    codes = {one.code for one in telling.incidents}
    if _UNAUTHORIZED in codes and not any("30 minutes" in check for check in checks):
        checks.append(_LATE_401)
    return checks


def _late(telling: Telling, zones: Zones) -> str:
    if not telling.late or not telling.late_since:
        return ""
    reasons = ", ".join(
        reason if number == telling.late else f"{reason}: {number}"
        for reason, number in telling.delays
    )
    since = zones.when(telling.late_since)
    return f"{telling.late} of these delayed since {since}{f' ({reasons})' if reasons else ''}"
