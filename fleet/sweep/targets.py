"""Where and how to log in to a phone: its own word, else its site's, else the settings'."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.phone.http.target import Target

if TYPE_CHECKING:
    from fleet.store import StoredPhone


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginDefaults:
    """What the settings say for phones and sites that say nothing.

    `password` None: none was given. A phone for which nobody gives one is asked without a login,
    for the phones' default password is never tried. `secrets` are those of the settings, to
    be redacted.
    """

    username: str = "admin"
    password: str | None = field(default=None, repr=False)
    scheme: str = "http"
    legacy_tls: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


def target_of(stored: StoredPhone, defaults: LoginDefaults) -> Target:
    """Where and how to log in to a phone. Raises ValueError if its host is not one."""
    phone, site = stored.phone, stored.site
    legacy = (phone.legacy_tls, site.legacy_tls if site else None, defaults.legacy_tls)
    target = Target.parse(
        phone.host,
        credentials=_credentials(stored, defaults),
        scheme=defaults.scheme,
        legacy_tls=next(choice for choice in legacy if choice is not None),
        fingerprint=stored.tls_fingerprint,
    )
    secrets = partial(stored.secrets, defaults.password, *defaults.secrets)
    return replace(target, secrets=secrets)


def uses_settings_password(stored: StoredPhone, defaults: LoginDefaults) -> bool:
    """Whether the password for a phone is that of the settings: neither it nor its site has one."""
    own = (stored.phone.password, stored.site.password if stored.site else None)
    return own == (None, None) and _credentials(stored, defaults) is not None


def _credentials(stored: StoredPhone, defaults: LoginDefaults) -> Credentials | None:
    """The most particular password with its own user name; None where there is no password.

    A password goes with one user name: that of another login is never sent.
    """
    levels = [
        (stored.phone.username, stored.phone.password),
        (stored.site.username, stored.site.password) if stored.site else ("", None),
        (defaults.username, defaults.password),
    ]
    username = next(name for name, _ in levels if name)
    for place, (_, password) in enumerate(levels):
        if password is not None:
            own = next(name for name, _ in levels[place:] if name)
            fits = place == 0 or own.casefold() == username.casefold()
            return Credentials(username=username, password=password) if fits else None
    return None
