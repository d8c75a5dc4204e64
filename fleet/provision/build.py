"""Makes what asks phones and rolls out, as the settings have it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet.errors import SettingsError
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.peer import Timers
from fleet.phone.sip.trust import Trust
from fleet.provision.addressees import account_sip
from fleet.provision.diagnose import Diagnoser
from fleet.provision.lines import intended_sip
from fleet.provision.resync import BY_DEFAULT, Resyncer
from fleet.provision.rollout.service import RolloutService

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fleet.phone.client import PhoneClient
    from fleet.provision.lines import IntendedSip
    from fleet.provision.provisioner import Provisioner
    from fleet.provision.resync import How
    from fleet.settings import Settings
    from fleet.store import Store, StoredPhone
    from fleet.sweep import LoginDefaults


def sip_client_of(settings: Settings, timers: Timers | None = None) -> SipClient:
    """Make what asks by SIP. Raises `SettingsError` where its CA file cannot be used."""
    asked = settings.provisioning
    ca_file = str(settings.folder / asked.sip_ca_file) if asked.sip_ca_file else ""
    pins = {host.lower(): pin for host, pin in asked.sip_pins.items()}
    try:
        return SipClient(timers=timers, trust=Trust(ca_file=ca_file, pins=pins))
    except ValueError as error:
        raise SettingsError(f"[provisioning] sip_ca_file: {error}.") from None


def resyncer_of(
    settings: Settings,
    store: Store,
    client: PhoneClient,
    *,
    by: str,
    ways: tuple[How, ...] = BY_DEFAULT,
    reboot: bool = False,
) -> Resyncer:
    """Make what asks phones to read their configuration again."""
    return Resyncer(
        sip=sip_client_of(settings),
        http=client,
        names=frozenset(settings.provisioning.reachable_as),
        write=store.add_journal,
        clock=_now,
        by=by,
        ways=ways,
        reboot=reboot,
    )


def rollout_service_of(
    settings: Settings,
    store: Store,
    client: PhoneClient,
    *,
    logins: LoginDefaults,
    poll: Callable[[Sequence[int]], Awaitable[None]],
    by: str,
) -> RolloutService:
    """Make what runs roll-outs. Phones boot in any case, so that a fetch proves a boot."""
    return RolloutService(
        store=store,
        resyncer=resyncer_of(settings, store, client, by=by, reboot=True),
        logins=logins,
        poll=poll,
        clock=_now,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def diagnoser_of(
    settings: Settings,
    store: Store,
    provisioner: Provisioner,
    *,
    by: str,
    patience: float | None = None,
) -> Diagnoser:
    """Make what diagnoses phones, as the inventory wants them now.

    `patience` is how long, in seconds, an answer may take; None: as long as SIP says (32 s).
    """

    def intended(stored: StoredPhone) -> IntendedSip:
        effective = provisioner.effective(stored)
        return intended_sip(effective) if effective else account_sip(stored)

    sip = sip_client_of(settings, Timers(patience=patience))
    return Diagnoser(store=store, sip=sip, intended=intended, clock=_now, by=by)
