"""What a template of an alert is given: plain texts, times in their zones, nothing to compute."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet.judge import RULES, Trouble, sip_code
from fleet.model import AlertKind, CauseKind, IncidentState
from fleet.report.wording import counted, lasting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from fleet.alert.planner import Telling
    from fleet.model import Cause, Incident


def plain(text: str, longest: int = 300) -> str:
    """Put a text on one line, without characters that a terminal or a mail would obey."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(seen.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def when(moment: datetime, zone: tzinfo) -> str:
    """`2026-11-23 07:12 CET`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def zone_of(site: str, zones: Mapping[str, tzinfo], otherwise: tzinfo) -> tzinfo:
    """Give the zone in which a site's people read the clock."""
    return zones.get(site, otherwise)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """How a kind of cause is told: `noun` counts its members, `title` and `what` name it."""

    noun: str
    title: str
    what: str
    check: str


_SAID: Mapping[CauseKind, Said] = {
    CauseKind.OWN_NETWORK: Said(
        noun="phone",
        title="our own network",
        what="No phone answers: most likely our own network is down.",
        check="Check this machine's own link, route, name service and firewall first. Until a "
        "phone answers again, the state of the lines is unknown.",
    ),
    CauseKind.SITE: Said(
        noun="phone",
        title="site {name}",
        what="The phones of site {name} do not answer.",
        check="Check the site's power, its switches and its uplink before checking single phones. "
        "Until they answer again, the state of their lines is unknown.",
    ),
    CauseKind.NETWORK: Said(
        noun="phone",
        title="network {name}",
        what="The phones of network {name} do not answer.",
        check="Check that network's switch, its router and the way to it before checking single "
        "phones. Until they answer again, the state of their lines is unknown.",
    ),
    CauseKind.CREDENTIALS: Said(
        noun="phone",
        title="web UI login of {name}",
        what="Phones that share the web UI login of {name} reject it.",
        check="Check whether that password was changed on the phones, and where fleet gets it "
        "from. "
        "fleet does not poll phones that refused for a while; fleet poll --insist polls them at "
        "once.",
    ),
    CauseKind.REGISTRAR: Said(
        noun="line",
        title="registrar {name}",
        what="Lines of registrar {name} are not registered there.",
        check="Check that the registrar runs, that its name resolves, and the network to it, "
        "before checking single phones.",
    ),
}


def said_of(cause: Cause) -> Said:
    """Say what a cause is."""
    said, name = _SAID[cause.kind], plain(cause.name, 80)
    if cause.kind is CauseKind.CREDENTIALS and name == "settings":
        name = "the settings"
    return Said(
        noun=said.noun,
        title=said.title.format(name=name),
        what=said.what.format(name=name),
        check=said.check,
    )


def checks_of(cause: Cause) -> list[str]:
    """What to check: of the cause, and of the SIP code that most of its lines show."""
    checks = [said_of(cause).check]
    if cause.codes:
        checks.append(sip_code(cause.codes[0][0]).check)
    return checks


def share_of(cause: Cause) -> str:
    """`12 of 14 lines that were looked at fail (86%)`."""
    if not cause.looked_at:
        return f"{counted(cause.failing, said_of(cause).noun)} failed when last looked at"
    share = 100 * cause.failing / cause.looked_at
    verb = "fails" if cause.failing == 1 else "fail"
    lines = counted(cause.looked_at, said_of(cause).noun)
    return f"{cause.failing} of {lines} looked at {verb} ({share:.0f}%)"


def code_words(code: int) -> str:
    """`401 Unauthorized`."""
    return f"{code} {sip_code(code).name}"


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
