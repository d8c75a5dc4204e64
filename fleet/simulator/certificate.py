"""A self-signed certificate and the server side of TLS, modern and as old as the phones'.

What the real certificate looks like is not known (facts/web-ui 1.6); self-signed is assumed.
"""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
import warnings
from pathlib import Path


def server_context(*, legacy: bool, now: dt.datetime) -> ssl.SSLContext:
    """A server's context with a certificate made for it; `legacy` speaks TLS 1.0 alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if legacy:
        context.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is the point here
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
    load_new_certificate(context, now=now)
    return context


def load_new_certificate(context: ssl.SSLContext, *, now: dt.datetime) -> None:
    """Give a context another certificate, with another key, for the connections to come."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "phone.pem")
        path.touch(mode=0o600)
        path.write_bytes(_certificate_and_key(now))
        context.load_cert_chain(path)


def _certificate_and_key(now: dt.datetime) -> bytes:
    from cryptography import x509  # here, for most simulations have no certificate
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Aastra IP Phone")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
