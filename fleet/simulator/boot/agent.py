"""How a phone presents itself (facts/provisioning 1.5, facts/web-ui 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.catalog import model_named
from fleet.simulator.boot.spec import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable


def http_agent(*, maker: str, model: str, mac: str, firmware: str) -> str:
    """`Aastra53i MAC:00-08-5D-19-94-B7 V:3.3.1.4365-SIP`."""
    return f"{maker}{short_name(model)} MAC:{mac.replace(':', '-')} V:{firmware}-SIP"


def sip_agent(*, maker: str, model: str, firmware: str) -> str:
    """`Aastra 53i/3.3.1.4365`, `Mitel-6920-SIP/6.4.0.140`."""
    if maker == "Mitel":
        return f"Mitel-{model_named(model)}-SIP/{firmware}"
    return f"{maker} {short_name(model)}/{firmware}"


def module_headers(modules: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """`X-Aastra-ExpMod1: 536M`."""
    return tuple((f"X-Aastra-ExpMod{place}", name) for place, name in enumerate(modules, start=1))
