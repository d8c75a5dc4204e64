"""TLS to phones: self-signed certificates pinned by fingerprint; old phones in a context apart."""

from __future__ import annotations

import hashlib
import ssl
import warnings
from functools import cache
from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.phone.http.errors import clean, poll_error

if TYPE_CHECKING:
    from fleet.errors import PhoneError

# Python 3.11 has no name for OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT (facts/web-ui 5.3).
_LEGACY_SERVER_CONNECT = 0x4

_SMELLS_OLD = (
    "ALERT_PROTOCOL_VERSION",
    "BAD_SIGNATURE",
    "DH_KEY_TOO_SMALL",
    "DIGEST_TOO_WEAK",
    "EE_KEY_TOO_SMALL",
    "HANDSHAKE_FAILURE",
    "INAPPROPRIATE_FALLBACK",
    "INSUFFICIENT_SECURITY",
    "MD_TOO_WEAK",
    "NO_CIPHERS",
    "NO_PROTOCOLS_AVAILABLE",
    "NO_SUITABLE_SIGNATURE_ALGORITHM",
    "UNSAFE_LEGACY_RENEGOTIATION",
    "UNSUPPORTED_PROTOCOL",
    "VERSION_TOO_LOW",
    "WRONG_CIPHER_RETURNED",
    "WRONG_SIGNATURE_TYPE",
    "WRONG_SSL_VERSION",
)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL")


@cache
def modern_context() -> ssl.SSLContext:
    """TLS 1.2 and newer; any certificate, for who shows it is checked by its fingerprint.

    Built once, for building costs some 20 ms.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@cache
def legacy_context() -> ssl.SSLContext:
    """TLS 1.0 with weak keys and ciphers, for phones that know no better (facts/web-ui 5.3)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    return context


def fingerprint_of(certificate: bytes) -> str:
    """The SHA-256 of a DER certificate, as 64 lower-case hex digits."""
    return hashlib.sha256(certificate).hexdigest()


def check_certificate(connection: ssl.SSLObject, expected: str, where: str) -> str:
    """The certificate's fingerprint; `expected` empty trusts any. Raises certificate_changed."""
    certificate = connection.getpeercert(binary_form=True)
    if not certificate:
        raise poll_error(Reason.TLS_FAILED, where, "it shows no certificate")
    shown = fingerprint_of(certificate)
    if expected and shown != expected:
        note = f"SHA-256 was {expected}, is {shown}"
        raise poll_error(Reason.CERTIFICATE_CHANGED, where, note)
    return shown


def handshake_trouble(error: OSError, where: str, *, legacy: bool) -> PhoneError:
    """What a failed handshake means; `legacy`: old TLS was allowed already."""
    reason = getattr(error, "reason", None) or ""
    if any(sign in reason for sign in _NOT_TLS):
        return poll_error(Reason.TLS_FAILED, where, "it does not speak TLS here; use http")
    if any(sign in reason for sign in _SMELLS_OLD):
        note = "legacy_tls is set and does not suffice; use http" if legacy else clean(reason)
        return poll_error(Reason.TLS_TOO_OLD, where, note)
    broken_off = "it broke the handshake off"
    return poll_error(
        Reason.TLS_FAILED, where, clean(reason.replace("_", " ").lower()) or broken_off
    )
