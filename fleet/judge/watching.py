"""How often each rule has to hold before somebody is told, unless the settings say otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.judge.flapping import LINE_FLAPPING, PHONE_FLAPPING
from fleet.judge.rules import RULES
from fleet.model import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.judge.look import RuleSetting

RULE_NAMES = (*RULES, LINE_FLAPPING, PHONE_FLAPPING)
"""All that the settings may name. The last two are about incidents, not about one observation."""

OPEN_AFTER: Mapping[str, int] = {
    "line-failed": 2,
    "line-unregistered": 2,  # a phone that has just started shows this for a moment
    "line-on-backup": 3,  # the way back takes minutes after an outage (web-ui facts 3.5)
    "line-unknown": 2,
    "line-missing": 2,
    "account-mismatch": 2,
    "phone-unreachable": 3,  # a restart of the phone takes a look or two
    "phone-refused": 2,
    "phone-unreadable": 3,  # a busy phone answers badly, and well again soon
    "config-stale": 2,
    "firmware-drift": 2,
    "unexpected-fetch": 1,  # it was seen at our own door
}
"""Sightings in a row that open an incident, by rule. A flapping one opens at once."""


def watch_for(rules: Mapping[str, RuleSetting]) -> Watch:
    """How to watch with the rules' settings, by name. How flapping is told keeps its defaults."""
    given = {name: rule.open_after for name, rule in rules.items() if rule.open_after is not None}
    return Watch(
        open_after={**OPEN_AFTER, **given},
        off=frozenset(name for name, rule in rules.items() if not rule.enabled),
        severity={name: rule.severity for name, rule in rules.items() if rule.severity},
    )
