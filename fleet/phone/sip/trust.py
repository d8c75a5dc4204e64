"""Whose certificate is believed over TLS, before a word is said to it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from fleet.phone.http.errors import clean
from fleet.phone.http.tls import fingerprint_of, legacy_context, modern_context
from fleet.phone.sip.silence import Silence, Unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.phone.sip.peer import Peer


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """A registrar is believed whose certificate bears its name and is signed by a known authority.

    The authorities are those of the PEM file `ca_file`, or else the system's. `pins` names hosts of
    which exactly one certificate is believed, whoever signed it, by its SHA-256 (64 lower-case
    hex digits). Raises ValueError where the CA file cannot be used.
    """

    ca_file: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ca_file:
            try:
                _verifying(self.ca_file)
            except ssl.SSLError:
                raise ValueError(f"The file {self.ca_file} holds no certificate") from None
            except OSError as error:
                message = f"The file {self.ca_file} cannot be read: {error.strerror}"
                raise ValueError(message) from None

    def context(self, peer: Peer) -> ssl.SSLContext:
        """How to shake hands with a peer."""
        if peer.may_be_anybody:
            return legacy_context()  # phones speak TLS 1.0 (facts/provisioning 1.3)
        return modern_context() if self._pin(peer) else _verifying(self.ca_file)

    def check(self, peer: Peer, connection: ssl.SSLObject) -> None:
        """Look at the certificate of a pinned host. Raises Unanswered, then nothing was sent."""
        pin = self._pin(peer)
        shown = connection.getpeercert(binary_form=True)
        if pin and not peer.may_be_anybody and (not shown or fingerprint_of(shown) != pin):
            seen = fingerprint_of(shown) if shown else "none"
            raise Unanswered(Silence.UNTRUSTED, f"SHA-256 is {seen}, pinned is {pin}")

    def _pin(self, peer: Peer) -> str:
        return self.pins.get(name_of(peer), "")


def name_of(peer: Peer) -> str:
    """The name that a certificate has to bear: what was asked for, not what DNS led to (RFC 5922).

    An attacker who can forge DNS would name a server of his own.
    """
    return peer.host.removesuffix(".").lower()


def distrusted(error: ssl.SSLCertVerificationError) -> Unanswered:
    """What a certificate means that did not hold."""
    return Unanswered(Silence.UNTRUSTED, clean(error.verify_message))


@cache
def _verifying(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
