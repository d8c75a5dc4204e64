"""TLS for those who fetch: of today, and of old phones, which share nothing."""

from __future__ import annotations

import ssl
import warnings
from typing import TYPE_CHECKING

from fleet.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def modern_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and up, with OpenSSL's own choice of ciphers. Raises `SettingsError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, certificate, key, "https")
    return context


def legacy_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.0 and up, with all ciphers that OpenSSL still has (facts/web-ui 5.3).

    Phones of firmware 2.x and 3.x speak TLS 1.0 or SSL 3.0 only (facts/provisioning 1.3, HTTPS);
    OpenSSL 3 has no SSL 3.0, RC4 or 3DES: phones that offer nothing else cannot be served. Raises
    `SettingsError`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is the point here
        context.minimum_version = ssl.TLSVersion.TLSv1
    _load(context, certificate, key, "legacy_https")
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path, setting: str) -> None:
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        is_read = isinstance(error, ssl.SSLError)
        reason = "they are not a certificate and its key in PEM" if is_read else error.strerror
        raise SettingsError(
            f"[provisioning] {setting}_certificate and {setting}_key: {certificate} and {key} "
            f"cannot be used: {reason or error}."
        ) from None
