"""The use case of judging: polls as they come in, and stored states after anything else changed.

Nobody else judges: everybody else reads the findings that were written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from fleet.judge import RULES, Context, advance, enabled_rules, verdicts, watch_for
from fleet.model import Reach, Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fleet.judge import RuleSetting
    from fleet.model import Finding, Observation
    from fleet.provision.file_states import FileStates
    from fleet.store import Known, Store, TakeStep

AT_ONCE = 1000  # phones judged again in one transaction

Verdicts: TypeAlias = "Mapping[str, tuple[Finding, ...]]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """Judges with the rules as the settings have them, and the state of phones' files."""

    rules: Mapping[str, RuleSetting]
    files: FileStates

    @property
    def step(self) -> TakeStep:
        """What one look changes of the findings that hold, with the rules' settings."""
        return partial(advance, watch=watch_for(self.rules))

    def poll(self, known: Known, observation: Observation) -> Verdicts:
        """Return the findings of a poll by rule, with what was known of the phone before it.

        A rule that could not look is absent.
        """
        context = self.context(known, observation, observation.at)
        return verdicts(context, observation.at, rules=self.rules)

    def context(self, known: Known, observation: Observation, at: datetime) -> Context:
        """Return what the rules look at: an observation, with what is known besides."""
        facts = observation.facts or known.facts
        phone = known.stored.phone
        model = (facts.model if facts else "") or phone.model
        return Context(
            phone=phone,
            reach=observation.reach,
            reason=observation.reason,
            detail=observation.detail,
            lines=observation.facts.lines if observation.facts else (),
            model=model,
            firmware=facts.firmware if facts else "",
            files=self.files.state(known.stored.id, model, at),
        )

    def stored(self, known: Known, at: datetime) -> Sighting | None:
        """Judge what is stored of a phone; None for a phone never polled.

        While a phone cannot be read nobody knows how its lines are, so nothing begins there; but
        what its last known lines do not show any more beside a new intent has no one to end it.
        """
        observation = known.observed
        if observation is None:
            return None
        context = self.context(known, observation, at)
        found = verdicts(context, at, rules=self.rules)
        if observation.reach is not Reach.OK and known.facts is not None:
            as_known = replace(context, reach=Reach.OK, lines=known.facts.lines)
            for rule, findings in verdicts(as_known, at, rules=self.rules).items():
                if RULES[rule].reaches == {Reach.OK}:
                    standing = (f for f in findings if (rule, f.line or 0) in known.standing)
                    found[rule] = tuple(standing)
        phone = known.stored.phone
        return Sighting(
            phone_id=known.stored.id,
            at=at,
            verdicts=found,
            reach=observation.reach,
            site=phone.site,
            phone=phone.label,
            stored=True,
        )

    def settings(self) -> str:
        """Return all that verdicts depend on beside phones, as a text to be compared."""
        defaults = {n: (r.severity, r.open_after, r.check is not None) for n, r in RULES.items()}
        given = {
            name: (rule.enabled, rule.severity, rule.open_after)
            for name, rule in sorted(self.rules.items())
        }
        return json.dumps([defaults, given, self.files.settings()])


def rejudge(store: Store, judge: Judge, clock: Callable[[], datetime]) -> int:
    """Judge again what an import, applied files or other settings have changed; return how many.

    It goes on where one that was killed stopped. Rules that are switched off have their findings
    closed.
    """
    store.findings.judge_all_again(judge.settings(), enabled_rules(judge.rules), clock())
    done = 0
    while store.findings.has_unjudged():
        at = clock()
        judge.files.read(at)
        done += store.findings.judge_again(partial(judge.stored, at=at), judge.step, limit=AT_ONCE)
    return done
