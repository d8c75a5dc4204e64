"""What strangers asked for and were refused, as incidents that are about no phone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fleet.judge import (
    REFUSALS,
    REFUSED_FOR,
    RULES,
    UNEXPECTED_FETCH,
    advance_strangers,
    as_set,
)
from fleet.provision.files.networks import is_within, parse_address, parse_networks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from fleet.judge import RuleSetting
    from fleet.model import Finding, Notice, Site, Watch
    from fleet.store import Store, StrangerFetches


def watch_strangers(
    store: Store, rules: Mapping[str, RuleSetting], watch: Watch, now: datetime
) -> list[Notice]:
    """Open, go on with and resolve what is held of strangers; give the notices.

    An incident ends when nobody was so refused for a day. It is one for each outcome and site,
    however many addresses and MACs there are.
    """
    refused = store.fetches.by_strangers(since=now - REFUSED_FOR, outcomes=REFUSALS)
    sites = store.inventory.sites()
    found = stranger_findings(refused, lambda address: site_at(address, sites))
    held = {key: each for key, one in found.items() if (each := as_set(one, rules))}
    step = partial(advance_strangers, watch=watch)
    return store.findings.record_strangers(UNEXPECTED_FETCH, held, now, step)


def site_at(address: str, sites: Sequence[Site]) -> str:
    """The name of the site in whose networks an address is; empty if it is in none."""
    parsed = parse_address(address)
    return next(
        (site.name for site in sites if is_within(parsed, parse_networks(site.networks))), ""
    )


def stranger_findings(
    refused: Iterable[StrangerFetches], site_of: Callable[[str], str]
) -> dict[tuple[str, str], Finding]:
    """Return the findings about strangers, by outcome and site.

    Whoever scans all MACs from a thousand addresses is one finding, not many. `site_of` returns the
    site of an address, an empty text for none.
    """
    groups: dict[tuple[str, str], list[StrangerFetches]] = {}
    for one in refused:
        if one.outcome in REFUSALS:
            groups.setdefault((one.outcome.value, site_of(one.address)), []).append(one)
    return {key: _finding(some) for key, some in groups.items()}


def _finding(some: Sequence[StrangerFetches]) -> Finding:
    newest = max(some, key=lambda one: one.at)
    refusal = REFUSALS[newest.outcome]
    times, macs = sum(one.times for one in some), sum(one.macs for one in some)
    who = newest.address if len(some) == 1 else f"{newest.address} and {len(some) - 1} more"
    counted = [f"{times} times"] * (times > 1) + [f"{macs} MACs"] * (macs > 1)
    within = f" ({', '.join([*counted, 'within a day'])})" if counted else ""
    text = f"{who} {refusal.text.format(file=newest.file)}{within}."
    return RULES[UNEXPECTED_FETCH].on_phone(text, refusal.check, refusal.severity)
