"""The use case of judging: what the rules find in an observation, with all that they look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.judge import Context, verdicts
from fleet.model import Reach

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.judge import RuleSetting
    from fleet.model import Finding, Observation
    from fleet.provision.file_states import FileStates
    from fleet.store import Known, PhoneStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """Judges with the rules as the settings have them, and the state of phones' files."""

    rules: Mapping[str, RuleSetting]
    files: FileStates

    def poll(self, known: Known, observation: Observation) -> Mapping[str, tuple[Finding, ...]]:
        """Return the findings of a poll by rule, with what was known of the phone before it.

        A rule that could not look is absent.
        """
        context = self._context_of_poll(known, observation)
        return verdicts(context, observation.at, rules=self.rules)

    def context(self, status: PhoneStatus, at: datetime) -> Context | None:
        """Return what the rules look at in a stored state; None for a phone never polled."""
        if status.reach is None:
            return None
        model = status.model or status.stored.phone.model
        return Context(
            phone=status.stored.phone,
            reach=status.reach,
            reason=status.reason,
            detail=status.detail,
            lines=tuple(each.line for each in status.lines) if status.reach is Reach.OK else (),
            model=model,
            firmware=status.firmware,
            files=self.files.state(status.stored.id, model, at),
        )

    def _context_of_poll(self, known: Known, observation: Observation) -> Context:
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
            files=self.files.state(known.stored.id, model, observation.at),
        )
