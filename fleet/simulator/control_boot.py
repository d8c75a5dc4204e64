"""The control API's part for phones that boot, and for registrars.

POST  /phones/N/reboot   {"fast": true}: without a look at the firmware
POST  /phones/N/busy     {"busy": true}
GET   /registrars        every registrar: place, state, who is registered, what it saw
PATCH /registrars/N      {"state": "up" | "down" | "unavailable", "passwords": {"1001": …}}
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from fleet.errors import UsageError
from fleet.simulator.sip.spec import RegistrarState

if TYPE_CHECKING:
    from fleet.simulator.boot.device import Device
    from fleet.simulator.boot.record import BootRecord
    from fleet.simulator.phone import SimulatedPhone
    from fleet.simulator.sip.registrar import SimulatedRegistrar
    from fleet.simulator.sip.spec import RegistrarRecord


def told_of(device: Device) -> dict[str, Any]:
    """What a phone that boots is at: no secret, and no value of its configuration."""
    host, port = device.sip.address
    return {
        "up": device.up,
        "busy": device.busy,
        "server": device.flash.server,
        "sip": f"{host}:{port}",
        "digests": device.flash.digests,
        **_told(device.record),
        "called": len(device.record.called),  # an address may hold a secret
    }


def told_of_registrar(registrar: SimulatedRegistrar) -> dict[str, Any]:
    """What a registrar is at."""
    return {
        "name": registrar.spec.name,
        "address": f"{registrar.address}:{registrar.port}",
        "state": registrar.state.value,
        "registered": registrar.registered,
        **_told(registrar.record),
    }


def _told(record: BootRecord | RegistrarRecord) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def command_phone(phone: SimulatedPhone, what: str, body: bytes) -> tuple[str, Any]:
    """Have a phone reboot, or be busy or idle."""
    device = phone.device
    if device is None:
        return _refused("this phone does not boot")
    try:
        wanted = _object(body, "fast" if what == "reboot" else "busy")
    except (ValueError, UsageError) as error:
        return _refused(str(error))
    if what == "reboot":
        device.reboot(fast=bool(wanted.get("fast")))
    else:
        device.busy = bool(wanted.get("busy", True))
    return "200 OK", told_of(device)


def change_registrar(registrar: SimulatedRegistrar, body: bytes) -> tuple[str, Any]:
    """Change how a registrar answers, or users' passwords."""
    try:
        wanted = _object(body, "state", "passwords")
        state = RegistrarState(wanted.get("state", registrar.state))
        passwords = wanted.get("passwords", {})
        if not isinstance(passwords, dict):
            raise UsageError("passwords is an object of users and passwords")
        for user, password in passwords.items():
            registrar.set_password(user, str(password))
    except (ValueError, UsageError) as error:
        return _refused(str(error))
    registrar.state = state
    return "200 OK", told_of_registrar(registrar)


def _object(body: bytes, *known: str) -> dict[str, Any]:
    """A JSON object with no other fields; ValueError or UsageError for anything else."""
    wanted = json.loads(body or b"{}")
    if not isinstance(wanted, dict) or wanted.keys() - set(known):
        message = f"an object with {' and '.join(known)} is wanted"
        raise UsageError(message)
    return wanted


def _refused(why: str) -> tuple[str, Any]:
    return "400 Bad Request", {"error": why}
