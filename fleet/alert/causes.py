"""What to say of causes: which they are, and what to check before the single phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.alert.words import counted, plain
from fleet.judge import sip_code
from fleet.model import CauseKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.model import Cause


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """How a kind of cause is told: `noun` counts its members, `title` and `what` name it."""

    noun: str
    title: str
    what: str
    check: str


_SAID: Mapping[CauseKind, Said] = {
    CauseKind.OWN_NETWORK: Said(
        noun="phone",
        title="our own network",
        what="No phone at all answers: most likely our own side is down.",
        check="Check this machine's own link, route, name service and firewall first. Until a "
        "phone answers again nobody knows how the lines are.",
    ),
    CauseKind.SITE: Said(
        noun="phone",
        title="site {name}",
        what="The phones of site {name} do not answer.",
        check="Check the site's power, its switches and its uplink before the single phones. "
        "Until they answer again nobody knows how their lines are.",
    ),
    CauseKind.NETWORK: Said(
        noun="phone",
        title="network {name}",
        what="The phones of network {name} do not answer.",
        check="Check that network's switch, its router and the way to it before the single "
        "phones. Until they answer again nobody knows how their lines are.",
    ),
    CauseKind.CREDENTIALS: Said(
        noun="phone",
        title="web UI login of {name}",
        what="Phones that share the web UI login of {name} reject it.",
        check="Check whether that password was changed on the phones, or where fleet has it from. "
        "Phones that refused are left alone for a while; fleet poll --insist asks them at once.",
    ),
    CauseKind.REGISTRAR: Said(
        noun="line",
        title="registrar {name}",
        what="Lines of registrar {name} are not registered there.",
        check="Check that the registrar runs, that its name resolves, and the network to it, "
        "before the single phones.",
    ),
}


def said_of(cause: Cause) -> Said:
    """Say what a cause is."""
    said, name = _SAID[cause.kind], plain(cause.name, 80)
    if cause.kind is CauseKind.CREDENTIALS and name == "settings":
        name = "the settings"
    return Said(
        noun=said.noun,
        title=said.title.format(name=name),
        what=said.what.format(name=name),
        check=said.check,
    )


def checks_of(cause: Cause) -> list[str]:
    """What to check: of the cause, and of the SIP code that most of its lines show."""
    checks = [said_of(cause).check]
    if cause.codes:
        checks.append(sip_code(cause.codes[0][0]).check)
    return checks


def share_of(cause: Cause) -> str:
    """`12 of 14 lines that were looked at fail (86%)`."""
    if not cause.looked_at:
        return f"{counted(cause.failing, said_of(cause).noun)} failed when last looked at"
    share = 100 * cause.failing / cause.looked_at
    verb = "fails" if cause.failing == 1 else "fail"
    lines = counted(cause.looked_at, said_of(cause).noun)
    return f"{cause.failing} of {lines} looked at {verb} ({share:.0f}%)"


def code_words(code: int) -> str:
    """`401 Unauthorized`."""
    return f"{code} {sip_code(code).name}"
