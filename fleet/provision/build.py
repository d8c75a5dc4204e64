"""Makes what asks phones and rolls out, as the settings have it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from fleet.errors import SettingsError
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.transport import Timers, Trust
from fleet.provision.addressees import account_sip
from fleet.provision.diagnose import Diagnoser
from fleet.provision.diagnose.asking import Turns
from fleet.provision.lines import intended_sip
from fleet.provision.resync import BY_DEFAULT, Resyncer
from fleet.provision.rollout.preconditions import NoPreconditions
from fleet.provision.rollout.service import RolloutService
from fleet.provision.rollout.windows import windows_of
from fleet.provision.rotate.gate import RotationGate
from fleet.provision.rotate.hook import RegistrarCommand
from fleet.provision.rotate.registrars import Registrars
from fleet.provision.rotate.service import Rotator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fleet.model import Rollout, Rotation
    from fleet.phone.http.client import PhoneClient
    from fleet.provision.lines import IntendedSip
    from fleet.provision.provisioner import Provisioner
    from fleet.provision.resync import How
    from fleet.provision.rollout.preconditions import Preconditions
    from fleet.settings import Settings
    from fleet.store import Store, StoredPhone
    from fleet.sweep import LoginDefaults


def sip_client_of(settings: Settings, timers: Timers | None = None) -> SipClient:
    """Make what asks by SIP. Raises `SettingsError` where its CA file cannot be used."""
    asked = settings.provisioning
    ca_file = str(settings.folder / asked.sip_ca_file) if asked.sip_ca_file else ""
    pins = {host.lower(): pin for host, pin in asked.sip_pins.items()}
    try:
        trust = Trust(ca_file=ca_file, pins=pins)
        return SipClient(timers=timers, trust=trust, secrets=settings.known_secrets)
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
    spares_others: bool = False,
) -> Resyncer:
    """Make what asks phones to read their configuration again."""
    return Resyncer(
        sip=sip_client_of(settings),
        http=client,
        names=frozenset(settings.provisioning.reachable_as),
        write=store.journal.add,
        clock=_now,
        by=by,
        ways=ways,
        reboot=reboot,
        spares_others=spares_others,
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
        resyncer=resyncer_of(settings, store, client, by=by, reboot=True, spares_others=True),
        logins=logins,
        poll=poll,
        clock=_now,
        preconditions=partial(_gate, settings, store, by),
        windows=windows_of(settings, store),
    )


def _gate(settings: Settings, store: Store, by: str, rollout: Rollout) -> Preconditions:
    """What stands before the phones of a roll-out: registrars, where SIP passwords are rotated."""
    rotation = store.rotations.get(revision=rollout.revision)
    if rotation is None or rotation.ended is not None:
        return NoPreconditions()
    return rotation_gate(settings, store, rotation, by=by)


def rotation_gate(settings: Settings, store: Store, rotation: Rotation, *, by: str) -> RotationGate:
    """Make what gives registrars a rotation's passwords and asks which one they take."""
    asked = settings.provisioning
    command = None
    if asked.registrar_command:
        command = RegistrarCommand(
            command=tuple(asked.registrar_command),
            folder=settings.folder,
            timeout=asked.registrar_timeout,
        )
    turns = Turns(store=store, clock=_now, by=by)
    registrars = Registrars(sip=sip_client_of(settings), turns=turns, command=command)
    return RotationGate(rotation, store=store, registrars=registrars, clock=_now, by=by)


def rotator_of(store: Store, provisioner: Callable[[], Provisioner], *, by: str) -> Rotator:
    """Make what rotates SIP passwords."""
    return Rotator(store=store, provisioner=provisioner, below=secrets.randbelow, clock=_now, by=by)


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
