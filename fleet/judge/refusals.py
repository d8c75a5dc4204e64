"""Why a request for a phone's file was refused, and what it usually means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleet.model import FetchOutcome, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet.model import Fetch


class Refusal(NamedTuple):
    """What a refused request means. `text` takes the `file` that was asked for."""

    severity: Severity
    text: str
    check: str


REFUSALS: Mapping[FetchOutcome, Refusal] = {
    FetchOutcome.UNKNOWN_MAC: Refusal(
        Severity.WARNING,
        "asked for {file}, but no phone in the inventory has that MAC",
        "A new phone that is not in the inventory yet, or somebody who guesses MACs.",
    ),
    FetchOutcome.WRONG_NETWORK: Refusal(
        Severity.WARNING,
        "asked for {file} from a network that does not belong to its site",
        "A phone that was moved, a site with networks missing from the inventory, or a stranger.",
    ),
    FetchOutcome.WRONG_AGENT: Refusal(
        Severity.CRITICAL,
        "asked for {file} with a User-Agent that is not that phone's",
        "Somebody who searches for passwords, or a person with a browser.",
    ),
    FetchOutcome.SECOND_ADDRESS: Refusal(
        Severity.CRITICAL,
        "asked for {file}, which another address fetched shortly before",
        "A phone that just got another address, or a second device that poses as it.",
    ),
    FetchOutcome.WRONG_LOGIN: Refusal(
        Severity.WARNING,
        "asked for {file} without the right login or path",
        "A phone with factory settings or an old login, or somebody who guesses passwords.",
    ),
    FetchOutcome.RATE_LIMITED: Refusal(
        Severity.WARNING,
        "asks more often than [provisioning] allows",
        "A phone that restarts again and again, many phones behind one address, or somebody who "
        "guesses MACs.",
    ),
}
"""The outcomes that the rule about refused requests reports."""


def newest_first(refused: Iterable[Fetch]) -> list[tuple[Refusal, Sequence[Fetch]]]:
    """Group the refused requests of one phone by outcome; the group with the newest comes first.

    Files that were served, that do not exist, or that were cut off are in no group.
    """
    groups: dict[FetchOutcome, list[Fetch]] = {}
    for fetch in sorted(refused, key=lambda fetch: fetch.at, reverse=True):
        if fetch.outcome in REFUSALS:
            groups.setdefault(fetch.outcome, []).append(fetch)
    return [(REFUSALS[outcome], fetches) for outcome, fetches in groups.items()]
