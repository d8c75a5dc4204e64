from __future__ import annotations

import re

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fleet.model import Credentials
from fleet.phone.sip.digest import Challenge, answer, best_of, read_challenges
from fleet.phone.sip.message import Request, written

RFC_2617 = Credentials(username="Mufasa", password="Circle Of Life")
RFC_7616 = Credentials(username="Mufasa", password="Circle of Life")


def only(*values: str) -> Challenge:
    (challenge,) = read_challenges(values)
    return challenge


def response_in(value: str) -> str:
    return re.search(r'response="([0-9a-f]+)"', value)[1]  # type: ignore[index]


def test_the_example_of_rfc_2617() -> None:
    challenge = only(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    value = answer(challenge, RFC_2617, method="GET", uri="/dir/index.html", cnonce="0a4f113b")
    assert value == (
        'Digest username="Mufasa", realm="testrealm@host.com", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", '
        'response="6629fae49393a05397450978507c4ef1", cnonce="0a4f113b", qop=auth, nc=00000001, '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, expected: str) -> None:
    challenge = only(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    value = answer(
        challenge,
        RFC_7616,
        method="GET",
        uri="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert response_in(value) == expected
    assert f"algorithm={algorithm}" in value


plain = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\,'))


@given(
    algorithm=st.sampled_from(["", "MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS"]),
    qop=st.sampled_from(["", "auth", "auth,auth-int"]),
    realm=plain,
    nonce=plain.filter(bool),
    user=plain.filter(lambda text: ":" not in text),
    password=plain,
)
def test_httpx_answers_alike(
    algorithm: str, qop: str, realm: str, nonce: str, user: str, password: str
) -> None:
    """An implementation that is not ours, on an HTTP request, for it knows no others."""
    assume(qop or not algorithm.endswith("SESS"))  # there httpx keeps its cnonce to itself
    challenge = f'Digest realm="{realm}", nonce="{nonce}"'
    challenge += f", algorithm={algorithm}" if algorithm else ""
    challenge += f', qop="{qop}"' if qop else ""
    request = httpx.Request("GET", "http://phone/page")
    flow = httpx.DigestAuth(user, password).auth_flow(request)
    next(flow)
    refusal = httpx.Response(401, headers={"www-authenticate": challenge}, request=request)
    theirs = flow.send(refusal).headers["authorization"]
    cnonce = re.search(r'cnonce="([^"]*)"', theirs)
    ours = answer(
        only(challenge),
        Credentials(username=user, password=password),
        method="GET",
        uri="/page",
        cnonce=cnonce[1] if cnonce else "none",
    )
    assert response_in(ours) == response_in(theirs)


def test_oddities_of_quoting_are_lived_with() -> None:
    challenge = only(
        'DIGEST Realm = "a, \\"b\\" = c" nonce=abc==, QOP=auth,auth-int, Algorithm="md5",'
        " stale=TRUE, , domain=sip:x"
    )
    assert challenge == Challenge(
        scheme="digest",
        params={
            "realm": 'a, \\"b\\" = c',
            "nonce": "abc==",
            "qop": "auth,auth-int",
            "algorithm": "md5",
            "stale": "TRUE",
            "domain": "sip:x",
        },
    )
    assert challenge.stale
    assert challenge.answerable


def test_the_first_challenge_that_can_be_answered_counts() -> None:
    values = [
        'Basic realm="a"',
        'Digest realm="b", nonce="1", algorithm=SHA-512-256',
        'Digest realm="c", nonce="2", algorithm=SHA-256, Digest realm="d", nonce="3"',
    ]
    best = best_of(read_challenges(values))
    assert best is not None
    assert best.params["realm"] == "c"


@pytest.mark.parametrize(
    "value",
    [
        "",
        'Basic realm="a"',
        "Digest",
        'Digest realm="a"',
        'Digest realm="a", nonce=""',
        'Digest realm="a", nonce="b", algorithm=SHA-512',
        'Digest realm="a", nonce="b", qop="auth-int"',
        'realm="a", nonce="b"',
        "Negotiate abc==",
    ],
)
def test_what_cannot_be_answered_is_not(value: str) -> None:
    assert best_of(read_challenges([value])) is None


@given(st.text(max_size=200), st.text('Digest auth"\\,=realmnoceqp', max_size=120))
def test_any_challenge_can_be_read_and_what_can_be_answered_can_be_sent(
    junk: str, likely: str
) -> None:
    for value in (junk, likely, f'Digest nonce="a", realm="{likely}"', f"Digest nonce=a {likely}"):
        for challenge in read_challenges([value]):
            if challenge.answerable and challenge.params["nonce"].isprintable():
                login = Credentials(username='a"b\\', password="c")
                said = answer(challenge, login, method="REGISTER", uri="sip:x", cnonce="0")
                assert "c" not in re.findall(r'"([^"]*)"', said.split("uri=")[0])[0]


@pytest.mark.parametrize("mark", ['"', "=", "a", "a=", 'a="', "\\", " ", "a ", "auth,"])
def test_a_long_challenge_costs_little(mark: str) -> None:
    read_challenges(["Digest qop=auth," + mark * (60_000 // len(mark))])


def test_a_realm_that_is_no_utf8_is_given_back_as_it_came() -> None:
    realm = b"B\xfcro".decode("utf-8", "surrogateescape")
    challenge = Challenge(scheme="digest", params={"realm": realm, "nonce": "n"})
    value = answer(challenge, RFC_2617, method="REGISTER", uri="sip:a", cnonce="0")
    request = Request(method="REGISTER", uri="sip:a", headers=(("Authorization", value),))
    assert b'realm="B\xfcro"' in written(request)
