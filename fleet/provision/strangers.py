"""What strangers asked for and were refused, as incidents that are about no phone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fleet.judge import advance_strangers, as_set
from fleet.provision.drift import UNEXPECTED_FOR
from fleet.provision.files.findings import REFUSALS, UNEXPECTED, stranger_findings
from fleet.provision.files.networks import is_within, parse_address, parse_networks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fleet.judge import RuleSetting
    from fleet.model import Notice, Site, Watch
    from fleet.store import Store


def watch_strangers(
    store: Store, rules: Mapping[str, RuleSetting], watch: Watch, now: datetime
) -> list[Notice]:
    """Open, go on with and resolve what is held of strangers; give the notices.

    An incident ends when nobody was so refused for a day. It is one for each outcome and site,
    however many addresses and MACs there are.
    """
    refused = store.stranger_fetches(since=now - UNEXPECTED_FOR, outcomes=REFUSALS)
    sites = store.sites()
    found = stranger_findings(refused, lambda address: site_at(address, sites))
    held = {key: each for key, one in found.items() if (each := as_set(one, rules))}
    step = partial(advance_strangers, watch=watch)
    return store.record_strangers(UNEXPECTED, held, now, step)


def site_at(address: str, sites: Sequence[Site]) -> str:
    """The name of the site in whose networks an address is; empty if it is in none."""
    parsed = parse_address(address)
    return next(
        (site.name for site in sites if is_within(parsed, parse_networks(site.networks))), ""
    )
