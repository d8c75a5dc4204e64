from __future__ import annotations

import hashlib
import ssl
import warnings
from typing import TYPE_CHECKING

import pytest
import trustme

from fleet.errors import PhoneError
from fleet.model import Reason
from fleet.phone.http.target import Target
from fleet.phone.http.tls import fingerprint_of, legacy_context, modern_context
from tests.phone.http.scripted import LOGIN, PAGE, End, Pause, Server, http, quick_client, served

if TYPE_CHECKING:
    from fleet.phone.http.session import Answer


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def old_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = server_context(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("AES256-SHA:AES128-SHA:@SECLEVEL=0")
    return context


@pytest.fixture(scope="module")
def certificate() -> trustme.LeafCert:
    return trustme.CA().issue_cert("127.0.0.1")


@pytest.fixture
def rsa_certificate() -> trustme.LeafCert:
    return trustme.CA(key_type=trustme.KeyType.RSA).issue_cert(
        "127.0.0.1", key_type=trustme.KeyType.RSA
    )


@pytest.fixture(scope="module")
def fingerprint(certificate: trustme.LeafCert) -> str:
    pem = certificate.cert_chain_pems[0].bytes().decode()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def https(server: Server, *, legacy_tls: bool = False, fingerprint: str = "") -> Target:
    return Target.parse(
        f"https://{server.host}",
        credentials=LOGIN,
        legacy_tls=legacy_tls,
        fingerprint=fingerprint,
    )


async def fetch(target: Target) -> Answer:
    async with quick_client() as client:
        return await client.session(target).status_page()


async def reason(target: Target) -> tuple[Reason, str]:
    with pytest.raises(PhoneError) as caught:
        await fetch(target)
    return caught.value.reason, caught.value.detail


async def test_a_self_signed_certificate_is_trusted_the_first_time(
    certificate: trustme.LeafCert, fingerprint: str
) -> None:
    async with served([http()], tls=server_context(certificate)) as server:
        answer = await fetch(https(server))
    assert (answer.body, answer.complete) == (PAGE, True)
    assert answer.fingerprint == fingerprint


async def test_the_certificate_that_is_known_is_let_in(
    certificate: trustme.LeafCert, fingerprint: str
) -> None:
    with_colons = ":".join(fingerprint[i : i + 2].upper() for i in range(0, 64, 2))
    async with served([http()], tls=server_context(certificate)) as server:
        assert (await fetch(https(server, fingerprint=with_colons))).body == PAGE


async def test_another_certificate_is_refused_before_a_byte_is_sent(
    certificate: trustme.LeafCert, fingerprint: str
) -> None:
    known = "0" * 64
    async with served([http()], tls=server_context(certificate)) as server:
        why, detail = await reason(https(server, fingerprint=known))
        await server.ended.wait()
        assert server.asked == []
    assert why is Reason.CERTIFICATE_CHANGED
    assert known in detail
    assert fingerprint in detail


async def test_a_page_without_a_length_ends_with_the_tls_connection(
    certificate: trustme.LeafCert,
) -> None:
    async with served([http(sized=False)], tls=server_context(certificate)) as server:
        answer = await fetch(https(server))
    assert (answer.body, answer.complete) == (PAGE, True)


async def test_a_reset_within_tls_hands_over_what_came(certificate: trustme.LeafCert) -> None:
    half = http(sized=False)[:-20]
    script = [half, Pause(0.05), End.RESET]
    async with served(script, tls=server_context(certificate)) as server:
        answer = await fetch(https(server))
    assert (answer.body, answer.complete) == (PAGE[:-20], False)


async def test_the_first_401_is_repeated_over_tls_too(certificate: trustme.LeafCert) -> None:
    scripts = [[http(b"", status="401 No")], [http()]]
    async with served(*scripts, tls=server_context(certificate)) as server:
        assert (await fetch(https(server))).body == PAGE


@pytest.fixture
def old_tls(rsa_certificate: trustme.LeafCert) -> ssl.SSLContext:
    if not ssl.HAS_TLSv1:
        pytest.skip("this OpenSSL cannot serve TLS 1.0")
    return old_context(rsa_certificate)


async def test_an_old_phone_is_named_as_such(old_tls: ssl.SSLContext) -> None:
    async with served([http()], tls=old_tls) as server:
        why, detail = await reason(https(server))
        assert server.asked == []
    assert why is Reason.TLS_TOO_OLD
    assert "legacy_tls" in detail


async def test_an_old_phone_is_read_with_legacy_tls(old_tls: ssl.SSLContext) -> None:
    async with served([http()], tls=old_tls) as server:
        assert (await fetch(https(server, legacy_tls=True))).body == PAGE


async def test_an_old_phone_s_certificate_is_pinned_too(old_tls: ssl.SSLContext) -> None:
    async with served([http()], tls=old_tls) as server:
        why, _ = await reason(https(server, legacy_tls=True, fingerprint="f" * 64))
        await server.ended.wait()
        assert server.asked == []
    assert why is Reason.CERTIFICATE_CHANGED


async def test_legacy_tls_reads_a_modern_phone(certificate: trustme.LeafCert) -> None:
    async with served([http()], tls=server_context(certificate)) as server:
        assert (await fetch(https(server, legacy_tls=True))).body == PAGE


def test_legacy_tls_weakens_nothing_else() -> None:
    legacy, modern = legacy_context(), modern_context()
    assert legacy is legacy_context()
    assert modern.minimum_version is ssl.TLSVersion.TLSv1_2
    assert legacy.minimum_version is ssl.TLSVersion.TLSv1
    weak = {cipher["name"] for cipher in legacy.get_ciphers()}
    assert not {cipher["name"] for cipher in modern.get_ciphers()} - weak


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"login: "])
async def test_a_server_without_tls_is_named_as_such(answer: bytes) -> None:
    async with served([answer], speak_first=True) as server:
        why, detail = await reason(https(server))
    assert why is Reason.TLS_FAILED
    assert "http" in detail


@pytest.mark.parametrize("end", [[], [End.RESET]])
async def test_a_handshake_that_is_broken_off_is_a_tls_failure(end: list[str]) -> None:
    async with served(end, speak_first=True) as server:
        assert (await reason(https(server)))[0] is Reason.TLS_FAILED


async def test_a_handshake_that_hangs_is_silence() -> None:
    async with served([End.HANG], speak_first=True) as server:
        assert (await reason(https(server)))[0] is Reason.SILENT


async def test_plain_http_to_a_tls_port_is_not_http(certificate: trustme.LeafCert) -> None:
    async with served([http()], tls=server_context(certificate)) as server:
        target = Target.parse(f"http://{server.host}", credentials=LOGIN)
        assert (await reason(target))[0] in {Reason.NOT_HTTP, Reason.NO_REPLY}


def test_a_fingerprint_is_the_sha_256_of_the_certificate() -> None:
    assert fingerprint_of(b"x") == hashlib.sha256(b"x").hexdigest()
