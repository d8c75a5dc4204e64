"""What is wrong with fetches: one finding for each phone and outcome, or of all strangers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fleet.model import FetchOutcome, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fleet.model import Fetch
    from fleet.store import StrangerFetches

UNEXPECTED = "unexpected-fetch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unexpected:
    """A finding about fetches. `phone_id` is None where no phone of ours is concerned.

    `fetches` are what it is about, the newest first.
    """

    phone_id: int | None
    outcome: FetchOutcome
    finding: Finding
    fetches: tuple[Fetch, ...]


class _Meaning(NamedTuple):
    severity: Severity
    text: str  # {who} asked for {file} …
    check: str


_MEANINGS: Mapping[FetchOutcome, _Meaning] = {
    FetchOutcome.UNKNOWN_MAC: _Meaning(
        Severity.WARNING,
        "asked for {file}, and no phone of the inventory has that MAC",
        "A new phone that is not in the inventory yet, or somebody who tries out MACs.",
    ),
    FetchOutcome.WRONG_NETWORK: _Meaning(
        Severity.WARNING,
        "asked for {file} from a network that is none of its site's",
        "A phone that was taken elsewhere, a site whose networks are not all in the inventory, or "
        "a stranger.",
    ),
    FetchOutcome.WRONG_AGENT: _Meaning(
        Severity.CRITICAL,
        "asked for {file} with a User-Agent that is not that phone's",
        "Somebody who looks for passwords, or a person with a browser.",
    ),
    FetchOutcome.SECOND_ADDRESS: _Meaning(
        Severity.CRITICAL,
        "asked for {file}, which another address had shortly before",
        "A phone that was just given another address, or a second device that poses as it.",
    ),
    FetchOutcome.WRONG_LOGIN: _Meaning(
        Severity.WARNING,
        "asked for {file} without the right login or path",
        "A phone with factory settings or an old login, or somebody who tries out passwords.",
    ),
    FetchOutcome.RATE_LIMITED: _Meaning(
        Severity.WARNING,
        "asks more often than [provisioning] allows",
        "A phone that restarts again and again, many phones behind one address, or somebody who "
        "tries out MACs.",
    ),
}


REFUSALS = frozenset(_MEANINGS)
"""The outcomes that findings are made of."""


def unexpected_fetches(fetches: Iterable[Fetch]) -> list[Unexpected]:
    """The findings of `unexpected-fetch`: refusals, by phone (else by MAC and address) and outcome.

    Files that were given, that do not exist, or that were cut off are none.
    """
    groups: dict[tuple[object, ...], list[Fetch]] = defaultdict(list)
    for fetch in fetches:
        if fetch.outcome in _MEANINGS:
            groups[_whose(fetch), fetch.outcome].append(fetch)
    found = []
    for some in groups.values():
        newest_first = sorted(some, key=lambda fetch: fetch.at, reverse=True)
        found.append(_unexpected(newest_first))
    return sorted(found, key=lambda one: one.fetches[0].at, reverse=True)


def stranger_findings(
    refused: Iterable[StrangerFetches], site_of: Callable[[str], str]
) -> dict[tuple[str, str], Finding]:
    """The findings of `unexpected-fetch` about strangers, by outcome and site.

    Whoever scans all MACs from a thousand addresses is one finding, not many. `site_of` says at
    which site an address is; empty: at none.
    """
    groups: dict[tuple[str, str], list[StrangerFetches]] = defaultdict(list)
    for one in refused:
        if one.outcome in _MEANINGS:
            groups[one.outcome.value, site_of(one.address)].append(one)
    return {key: _of_strangers(some) for key, some in groups.items()}


def _of_strangers(some: Sequence[StrangerFetches]) -> Finding:
    newest = max(some, key=lambda one: one.at)
    meaning = _MEANINGS[newest.outcome]
    times, macs = sum(one.times for one in some), sum(one.macs for one in some)
    who = newest.address if len(some) == 1 else f"{newest.address} and {len(some) - 1} more"
    counted = [f"{times} times"] * (times > 1) + [f"{macs} MACs"] * (macs > 1)
    within = f" ({', '.join([*counted, 'within a day'])})" if counted else ""
    return Finding(
        rule=UNEXPECTED,
        severity=meaning.severity,
        text=f"{who} {meaning.text.format(file=newest.file)}{within}.",
        check=meaning.check,
    )


def _whose(fetch: Fetch) -> object:
    """Who asked: a phone of ours; else a MAC at an address, or the address whatever it asks for."""
    if fetch.phone_id is not None:
        return fetch.phone_id
    mac = "" if fetch.outcome is FetchOutcome.RATE_LIMITED else fetch.mac
    return mac, fetch.address


def _unexpected(fetches: Sequence[Fetch]) -> Unexpected:
    newest = fetches[0]
    meaning = _MEANINGS[newest.outcome]
    addresses = sorted({fetch.address for fetch in fetches})
    who = addresses[0] if len(addresses) == 1 else f"{addresses[0]} and {len(addresses) - 1} more"
    times = "" if len(fetches) == 1 else f" ({len(fetches)} times)"
    finding = Finding(
        rule=UNEXPECTED,
        severity=meaning.severity,
        text=f"{who} {meaning.text.format(file=newest.file)}{times}.",
        check=meaning.check,
    )
    return Unexpected(
        phone_id=newest.phone_id, outcome=newest.outcome, finding=finding, fetches=tuple(fetches)
    )
