"""The use case: what phones shall be, what that would change, and making it so."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from fleet.errors import ConfigurationError
from fleet.phone.lint import CHECKS, LintContext
from fleet.provision.findings import PhoneLinter
from fleet.provision.firmware.folder import FirmwareFolder
from fleet.provision.leaving import LEAVES, OwnHosts
from fleet.provision.logins import asked_login, wanted_logins
from fleet.provision.mask import referred
from fleet.provision.phone_book import PhoneBooks
from fleet.provision.plan import Applied, plan
from fleet.provision.render import render
from fleet.provision.resolve import Resolver
from fleet.provision.secrets import SecretFinder
from fleet.store import Secrets, without_collecting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from fleet.model import Credentials, Intents, Revision
    from fleet.phone.lint import LintFinding
    from fleet.provision.plan import ProvisionPlan
    from fleet.provision.render import Effective, FindSecret, OwnFile, Rendered
    from fleet.settings import Settings
    from fleet.settings.provisioning import ProvisioningSettings
    from fleet.store import Store, StoredPhone

EVERY_SITE = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Demands:
    """What the settings demand of phones' parameters beside what the inventory says.

    `has_file` says whether the firmware folder has a file, `is_us` whether a host is this machine,
    `protocols` by what files are served; None leaves that unchecked.
    """

    reachable_as: tuple[str, ...] = ()
    demand_backup: frozenset[str] = frozenset()
    fetch_login: bool = False
    has_file: Callable[[str], bool] | None = None
    is_us: Callable[[str], bool] | None = None
    protocols: frozenset[str] | None = None

    def context(self, site: str) -> LintContext:
        """What the linter has to know of a site's phones."""
        return LintContext(
            complete=True,
            demand_backup=bool({site, EVERY_SITE} & self.demand_backup),
            our_hosts=self.reachable_as or None,
            is_us=self.is_us,
            protocols=self.protocols,
            has_file=self.has_file,
        )


@dataclass(frozen=True, kw_only=True)
class Provisioner:
    """The inventory's intents as files, at one moment: what was read is not read again.

    `environ` and `folder` are where secrets may be. Raises `ConfigurationError` for what the fleet
    or a model says and no file can hold.
    """

    store: Store
    at: datetime
    environ: Mapping[str, str] = field(repr=False)
    folder: Path
    demands: Demands = field(default_factory=Demands)

    @cached_property
    def intents(self) -> Intents:
        """What the inventory says."""
        return self.store.intents.load()

    @property
    def secret_names(self) -> frozenset[str]:
        """The parameters that hold secrets although their names do not say so."""
        return referred(self.intents)

    @cached_property
    def resolver(self) -> Resolver:
        """What resolves phones."""
        return self._resolved[0]

    @property
    def new_logins(self) -> Mapping[int, Credentials]:
        """Logins for fetching that phones get when this is applied, by their numbers."""
        return self._resolved[1]

    @cached_property
    def _resolved(self) -> tuple[Resolver, Mapping[int, Credentials]]:
        known = self.store.fetch_logins.load()
        asked = {
            number: asked_login(each.username, each.password) for number, each in known.items()
        }
        resolver = Resolver(
            self.intents,
            timezones={site.name: site.timezone for site in self.store.inventory.sites()},
            at=self.at,
            asked=asked,
        )
        if not self.demands.fetch_login:
            return resolver, {}
        seen = self.store.phones.models()
        phones = (
            resolver.phone(each.id, each.phone, seen.get(each.id, ""))
            for each in self.store.phones.load(secrets=Secrets.NONE)
        )
        new = wanted_logins(phones, known, self.find_secret)
        asked |= {number: asked_login(each.username, each.password) for number, each in new.items()}
        return resolver, new

    @cached_property
    def find_secret(self) -> FindSecret:
        """What finds the secrets that intents refer to."""
        named = self.store.intents.secret_values()
        return SecretFinder(named=named, environ=self.environ, folder=self.folder)

    @cached_property
    def rendered(self) -> Rendered:
        """The files of the whole fleet."""
        with without_collecting():
            seen = self.store.phones.models()
            phones = [
                self.resolver.phone(each.id, each.phone, seen.get(each.id, ""))
                for each in self.store.phones.load(secrets=Secrets.ALL)
            ]
            return render(self.resolver, phones, self.find_secret)

    @cached_property
    def linter(self) -> PhoneLinter:
        """What lints phones."""
        return PhoneLinter(self.demands.context, self.store.fetches.fitted_modules())

    def own(self, phone_id: int) -> OwnFile:
        """One phone's own file."""
        return next(file for file in self.rendered.own if file.phone.phone_id == phone_id)

    def effective(self, stored: StoredPhone) -> Effective:
        """Every parameter of one phone as it shall have it; none where it cannot be rendered."""
        seen = self.store.phones.models().get(stored.id, "")
        phone = self.resolver.phone(stored.id, stored.phone, seen)
        [own] = render(self.resolver, [phone], self.find_secret).own
        return own.effective

    def lint(self, ids: Sequence[int] | None = None) -> list[tuple[OwnFile, list[LintFinding]]]:
        """What the linter holds against phones: all, or those of `ids`."""
        chosen = None if ids is None else set(ids)
        return [
            (file, list(self.linter.lint(file)))
            for file in self.rendered.own
            if chosen is None or file.phone.phone_id in chosen
        ]

    def plan(self) -> ProvisionPlan:
        """What applying would change, against the last revision."""
        with without_collecting():
            applied = self._applied()
            secrets = self.secret_names | self.store.revisions.secret_names(applied.revision)
            return plan(self.rendered, applied, self.linter.lint, secrets)

    def apply(
        self, planned: ProvisionPlan, *, by: str, comment: str = "", allow: Sequence[str] = ()
    ) -> Revision:
        """Make a plan so: a new revision, which phones get from now on.

        Raises `ConfigurationError` while a critical check holds that is not among `allow`, and
        `StoreError` if another revision was applied since it was planned.
        """
        known = sorted((*CHECKS, LEAVES))
        if unknown := [check for check in allow if check not in known]:
            raise ConfigurationError(f"{unknown[0]} is not a check; checks: {', '.join(known)}.")
        for check, phones in planned.critical.items():
            if check not in allow:
                raise ConfigurationError(_refusal(check, [phone.label for phone in phones]))
        self.make_logins()
        return self.store.revisions.apply(
            planned.files,
            by=by,
            comment=comment,
            now=self.at,
            expected=planned.against,
            secret_names=self.secret_names,
            twice=planned.twice,
        )

    def make_logins(self) -> int:
        """Give phones the logins for fetching that they lack; return how many got one."""
        if self.new_logins:
            self.store.fetch_logins.set_many(self.new_logins, self.at)
        return len(self.new_logins)

    def _applied(self) -> Applied:
        revision = self.store.revisions.last()
        digester = self.store.revisions.digester()
        if digester is None:
            return Applied(revision=revision)
        return Applied(
            revision=revision,
            digests=self.store.revisions.digests(revision),
            digest_of=digester,
            load=lambda names: self._bodies(names, revision),
        )

    def _bodies(self, names: Sequence[str], revision: int) -> Mapping[str, bytes]:
        return {file.name: file.body for file in self.store.revisions.files(revision, names=names)}


def provisioner_of(
    settings: Settings, store: Store, *, at: datetime, environ: Mapping[str, str]
) -> Provisioner:
    """Make what turns intents into files, as the settings have it."""
    asked = settings.provisioning
    folder = FirmwareFolder(settings.folder / asked.firmware_folder, at.timestamp)
    books = PhoneBooks(store=store, name=asked.phone_book)
    demands = Demands(
        reachable_as=tuple(asked.reachable_as),
        demand_backup=frozenset(asked.demand_backup),
        fetch_login=asked.login == "digest",
        has_file=lambda name: folder.has(name) or books.has(name),
        is_us=OwnHosts(asked.host).has,
        protocols=_protocols(asked) if asked.enabled else None,
    )
    return Provisioner(store=store, at=at, environ=environ, folder=settings.folder, demands=demands)


def _protocols(asked: ProvisioningSettings) -> frozenset[str]:
    """What files are served by; a trusted proxy may speak HTTPS to phones for us."""
    served = {
        "HTTP": True,
        "HTTPS": asked.https or asked.legacy_https or bool(asked.trusted_proxies),
        "TFTP": asked.tftp,
    }
    return frozenset(name for name, is_on in served.items() if is_on)


def _refusal(check: str, labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:5]) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
    return (
        f"Nothing was applied: {check} failed for {shown}. fleet provision plan shows what to "
        f"correct; --allow {check} applies anyway."
    )
