"""The phone's side of TLS towards its server (facts/provisioning 1.3, HTTPS)."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Whom a phone believes. `authorities` is PEM; the built-in ones are not simulated."""

    authorities: str = field(default="", repr=False)
    certificates: bool = True  # `https validate certificates`
    hostname: bool = True  # `https validate hostname`
    legacy: bool = False


@lru_cache(maxsize=64)
def client_context(trust: Trust) -> ssl.SSLContext:
    """The context for it; the same trust is the same context. ssl.SSLError for what is no PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = trust.certificates and trust.hostname
    context.verify_mode = ssl.CERT_REQUIRED if trust.certificates else ssl.CERT_NONE
    if trust.authorities:
        context.load_verify_locations(cadata=trust.authorities)
    if trust.legacy:
        context.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is the point here
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
    return context
