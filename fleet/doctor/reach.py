"""Check of the way to the phones: a connection to some of them, and nothing is sent."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from fleet.doctor.checked import fail, ok, warn
from fleet.store import Secrets
from fleet.sweep import target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.doctor.checked import Checked

_ASKED = 20  # phones, from all over the inventory
_WITHIN = 3.0  # seconds
_NAMED = 5


def phones(app: App) -> Iterator[Checked]:
    """See whether connections to phones come about. No login is sent, nor anything else."""
    stored = app.store.phones.load(secrets=Secrets.NONE)
    if not stored:
        yield ok("phones", "None yet; fleet inventory import FILE adds them.")
        return
    some = stored[:: -(-len(stored) // _ASKED)]
    targets = [(each.phone.label, target_of(each, app.logins)) for each in some]
    with ThreadPoolExecutor(_ASKED) as pool:
        answers = pool.map(lambda one: _takes_connection(one[1].address, one[1].port), targets)
        silent = [label for (label, _), answer in zip(targets, answers, strict=True) if not answer]
    if not silent:
        yield ok("phones", f"Tried {len(some)} of {len(stored)}; all accept connections.")
        return
    named = ", ".join(silent[:_NAMED]) + (" …" if len(silent) > _NAMED else "")
    text = f"{len(silent)} of {len(some)} tried accept no connection: {named}."
    if len(silent) == len(some):
        yield fail("phones", text, "Check this machine's network and the firewalls between.")
    else:
        yield warn("phones", text, "fleet explain PHONE shows details.")


def _takes_connection(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_WITHIN).close()
    except OSError:
        return False
    return True
