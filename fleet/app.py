"""Builds and wires everything from the settings; nothing is built anywhere else."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.descriptors import fitting
from fleet.errors import SettingsError, UsageError
from fleet.findings import Judge, rejudge
from fleet.judge import RULES, RuleSetting, enabled_rules, watch_for
from fleet.model import RunBy
from fleet.opening import ensure_key, open_store, rotate_key
from fleet.phone.http.client import PhoneClient
from fleet.phone.http.target import Timeouts
from fleet.phone.pages import words_with
from fleet.store import KeptRevisions, Store
from fleet.sweep import Backoff, LoginDefaults, Observer, Order, Outcome, Sweeper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from fleet.alert import Alerting, Deliverer
    from fleet.audit import Auditor
    from fleet.model import Rollout
    from fleet.phone.pages import Words
    from fleet.provision.diagnose import Brief, Diagnoser
    from fleet.provision.provisioner import Provisioner
    from fleet.provision.rollout import Pace
    from fleet.provision.rollout.service import RolloutProgress
    from fleet.provision.serve import FileService
    from fleet.settings import Settings
    from fleet.store import Pruned, TakeStep
    from fleet.sweep import Tally


@dataclass(frozen=True, kw_only=True)
class App:
    """The settings, and what is built from them. Close it at the end."""

    settings: Settings
    store: Store
    words: Words
    rules: Mapping[str, RuleSetting]

    @classmethod
    def open(cls, settings: Settings, *, create: bool = False, upgrade: bool = False) -> App:
        """Check the settings and open the database.

        It is made, or its tables are brought up to date, only where that is asked for.
        """
        words, rules = words_of(settings), rules_of(settings)
        store = open_store(settings, create=create, upgrade=upgrade)
        return cls(settings=settings, store=store, words=words, rules=rules)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    @cached_property
    def judging(self) -> Judge:
        """What judges, with the rules as the settings have them."""
        from fleet.provision.file_states import file_states_of

        files = file_states_of(self.settings.provisioning, self.store)
        return Judge(rules=self.rules, files=files)

    @property
    def logins(self) -> LoginDefaults:
        """What the settings say for phones that say nothing."""
        web_ui = self.settings.web_ui
        return LoginDefaults(
            username=web_ui.username,
            password=web_ui.password.get_secret_value() if web_ui.password else None,
            scheme=web_ui.scheme,
            legacy_tls=web_ui.legacy_tls,
            secrets=self.settings.known_secrets,
        )

    def client(self) -> PhoneClient:
        """Make a client for phones, with the settings' time-outs."""
        poll = self.settings.poll
        return PhoneClient(
            timeouts=Timeouts(
                connect=poll.connect_timeout, read=poll.read_timeout, total=poll.total_timeout
            )
        )

    async def sweep(self, order: Order, progress: Callable[[Tally], None]) -> Outcome:
        """Sweep the phones of an order, once what changed by other hands is judged."""
        poll = self.settings.poll
        interval = timedelta(seconds=poll.interval)
        await asyncio.to_thread(self.rejudge)
        if order.ids is None:
            await asyncio.to_thread(self._watch_strangers)
        async with self.client() as client:
            sweeper = Sweeper(
                store=self.store,
                observer=Observer(client=client, words=self.words, clock=now),
                judge=self.judging.poll,
                logins=self.logins,
                backoff=Backoff(first=interval, longest=timedelta(seconds=poll.backoff_max)),
                concurrency=fitting(poll.concurrency),
                carry_on_within=interval,
                clock=now,
                step=self.step,
            )
            return await sweeper.run(order, progress)

    def _watch_strangers(self) -> None:
        from fleet.provision.strangers import watch_strangers

        watch_strangers(self.store, self.rules, watch_for(self.rules), now())

    def rejudge(self) -> int:
        """Judge again what an import, applied files or other settings have changed."""
        return rejudge(self.store, self.judging, now)

    @property
    def step(self) -> TakeStep:
        """What one look changes of the findings that hold, with the rules' settings."""
        return self.judging.step

    def auditor(self) -> Auditor:
        """Make the auditor, as the settings have it."""
        from fleet import audit  # here, for it loads much that a poll needs nothing of

        rules = enabled_rules(self.rules)
        return audit.auditor_of(self.settings, store=self.store, rules=rules, clock=now)

    def send_report(
        self, urls: Sequence[str], subject: str, text: str, html: str, files: Sequence[Path]
    ) -> None:
        """Send a report to Apprise URLs. Raises `FleetError` if somebody did not take it."""
        from fleet import alert

        alert.send_report(urls, subject, text, html, files, clock=now)

    def alerting(self) -> Alerting:
        """Make what decides who is told; raises `SettingsError` for what is wrong with it."""
        from fleet.alert import build  # here, for it loads Jinja2, and most commands tell nobody

        brief = self._brief() if self.settings.alerts.diagnose else None
        return build.alerting_of(self.settings, self.store, diagnose=brief)

    def _brief(self) -> Brief:
        """Make what finds a sentence for lines that an alert tells of."""
        from fleet.provision.diagnose import Brief

        make = partial(self.diagnoser, by="fleet, for an alert", patience=Brief.PATIENCE)
        return Brief(store=self.store, make=make)

    def diagnoser(self, *, by: str, patience: float | None = None) -> Diagnoser:
        """Make what diagnoses phones, as the inventory wants them now."""
        from fleet.provision.build import diagnoser_of

        return diagnoser_of(self.settings, self.store, self.provisioner(), by=by, patience=patience)

    def deliverer(self) -> Deliverer:
        """Make what delivers alerts; raises `SettingsError` for a URL that cannot be used."""
        from fleet.alert import build

        return build.deliverer_of(self.settings, self.store, clock=now)

    def provisioner(self) -> Provisioner:
        """Make what turns intents into files, as they are now."""
        from fleet.provision.provisioner import provisioner_of  # most commands need none

        return provisioner_of(
            self.settings, self.store, at=now(), environ=self.settings.environment(os.environ)
        )

    async def roll_out(
        self,
        rollout: Rollout,
        progress: RolloutProgress,
        *,
        by: str,
        run_by: RunBy = RunBy.FOREGROUND,
        poll: Callable[[Sequence[int]], Awaitable[None]] | None = None,
        pace: Pace | None = None,
        patience: timedelta = timedelta(0),
    ) -> Rollout:
        """Run a roll-out until it is over, or paused.

        `poll` polls phones (None: in sweeps of their own); `pace` None is as it is written.
        Raises `RolloutRunning` if another process runs roll-outs for all of `patience`.
        """
        from fleet.provision.build import rollout_service_of

        async with self.client() as client:
            service = rollout_service_of(
                self.settings,
                self.store,
                client,
                logins=self.logins,
                poll=poll or self._poll_some,
                by=by,
            )
            service = replace(service, clock=now, pace=pace, run_by=run_by)
            return await service.run(rollout, progress, patience)

    async def _poll_some(self, ids: Sequence[int]) -> None:
        selection = "roll-out " + " ".join(map(str, ids))
        order = Order(
            ids=tuple(ids), selection=selection, trigger="rollout", insist=True, anew=True
        )
        await self.sweep(order, lambda _tally: None)

    def file_service(self) -> FileService:
        """Make what gives phones their files, as the settings have it."""
        from fleet.provision.serve import listeners  # here, for it loads a web server

        return listeners(
            self.settings,
            self.store,
            open_store=partial(open_store, self.settings),
            clock=now,
        )

    def check_site(self, site: str | None) -> None:
        """Raise `UsageError` if there is no such site."""
        if site is not None and site not in (
            names := sorted(s.name for s in self.store.inventory.sites())
        ):
            raise UsageError(f"There is no site {site}; sites: {', '.join(names) or 'none'}.")

    def ensure_key(self) -> None:
        """Make a key for passwords, unless there is one or the database needs a certain one."""
        ensure_key(self.settings, self.store)

    def rotate_key(self) -> int:
        """Change the key file's key; give how many passwords were encrypted anew."""
        return rotate_key(self.settings, self.store)

    def prune(self) -> Pruned:
        """Delete what is older than the settings say; never what is so now."""
        keep, moment = self.settings.retention, now()
        return self.store.prune(
            history_before=moment - timedelta(seconds=keep.history),
            evidence_before=moment - timedelta(seconds=keep.evidence),
            sweeps_before=moment - timedelta(seconds=keep.sweeps),
            fetches_before=moment - timedelta(seconds=keep.fetches),
            revisions=KeptRevisions(
                since=moment - timedelta(seconds=keep.revisions),
                at_least=keep.revisions_at_least,
                now=moment,
            ),
        )


def words_of(settings: Settings) -> Words:
    """The words of the web UI's languages. Raises `SettingsError` for a key that is not one."""
    try:
        return words_with(settings.web_ui.words)
    except ValueError as error:
        raise SettingsError(f"[web_ui.words]: {error}.") from None


def rules_of(settings: Settings) -> dict[str, RuleSetting]:
    """The rules' settings. Raises `SettingsError` for a rule that there is not."""
    for name in settings.rules:
        if name not in RULES:
            raise SettingsError(
                f"[rules.{name}]: there is no such rule; rules: {', '.join(RULES)}."
            )
    return {
        name: RuleSetting(enabled=rule.enabled, severity=rule.severity, open_after=rule.open_after)
        for name, rule in settings.rules.items()
    }
