"""What to say of causes: which they are, and what to check before checking single phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.alert.words import plain
from fleet.judge import sip_code
from fleet.model import CauseKind
from fleet.report.wording import counted

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
        what="No phone answers: most likely our own network is down.",
        check="Check this machine's own link, route, name service and firewall first. Until a "
        "phone answers again, the state of the lines is unknown.",
    ),
    CauseKind.SITE: Said(
        noun="phone",
        title="site {name}",
        what="The phones of site {name} do not answer.",
        check="Check the site's power, its switches and its uplink before checking single phones. "
        "Until they answer again, the state of their lines is unknown.",
    ),
    CauseKind.NETWORK: Said(
        noun="phone",
        title="network {name}",
        what="The phones of network {name} do not answer.",
        check="Check that network's switch, its router and the way to it before checking single "
        "phones. Until they answer again, the state of their lines is unknown.",
    ),
    CauseKind.CREDENTIALS: Said(
        noun="phone",
        title="web UI login of {name}",
        what="Phones that share the web UI login of {name} reject it.",
        check="Check whether that password was changed on the phones, and where fleet gets it "
        "from. "
        "fleet does not poll phones that refused for a while; fleet poll --insist polls them at "
        "once.",
    ),
    CauseKind.REGISTRAR: Said(
        noun="line",
        title="registrar {name}",
        what="Lines of registrar {name} are not registered there.",
        check="Check that the registrar runs, that its name resolves, and the network to it, "
        "before checking single phones.",
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
