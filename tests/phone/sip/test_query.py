from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Credentials
from fleet.phone.sip import query
from fleet.phone.sip.ask import Heard, LoginUse
from fleet.phone.sip.message import Response
from fleet.phone.sip.outcome import Result, outcome_of
from fleet.phone.sip.query import (
    Binding,
    OptionsAnswer,
    RegistrationAnswer,
    ask_options,
    ask_registration,
    read_user_agent,
)
from fleet.phone.sip.transport import Peer
from tests.phone.sip.peers import (
    HASTY,
    LOGIN,
    PATIENT,
    PEERS,
    Asked,
    Behaviour,
    a_client,
    challenges,
    says,
    silent,
    udp_peer,
)

HEADERS = ["contact", "expires", "user-agent", "allow", "www-authenticate", "via", "cseq"]
HOSTILE = st.text('"\\<>,;=@:*% sipexr019[]\udcff\x07é', max_size=60)
WRONG = Credentials(username="1001", password="wr0ng")


async def asked(
    behaviour: Behaviour,
    *,
    transport: str = "udp",
    login: Credentials | None = LOGIN,
    domain: str = "",
) -> tuple[RegistrationAnswer, list[Asked]]:
    client = a_client(HASTY if behaviour is silent else PATIENT)
    async with PEERS[transport](behaviour) as running:
        answer = await ask_registration(
            client, running.peer, user="1001", login=login, domain=domain
        )
    return answer, running.asked


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_query_changes_nothing(transport: str) -> None:
    answer, requests = await asked(challenges(), transport=transport, domain="pbx.example")
    assert answer.outcome.accepted
    assert answer.outcome.login is LoginUse.SENT
    assert answer.bindings == ()
    assert len(requests) == 2
    for request in requests:
        assert request.method == "REGISTER"
        assert request.uri == "sip:pbx.example"
        assert request.header("To") == "<sip:1001@pbx.example>"
        assert request.header("From").startswith("<sip:1001@pbx.example>;tag=")
        assert not {"Contact", "Expires"} & set(request.names)


async def test_the_bindings_are_told() -> None:
    contacts = (
        'Contact: "A" <sip:1001@192.0.2.7:5062;transport=udp>;expires=1200;q=0.5, '
        '<sip:1001@[2001:db8::1]>;received="sip:198.51.100.9:1024"',
        "m: <sip:odd host>;expires=x",
        "Expires: 3600",
    )
    answer, _ = await asked(challenges(headers=contacts))
    assert answer.bindings == (
        Binding(
            uri="sip:1001@192.0.2.7:5062;transport=udp",
            host="192.0.2.7",
            port=5062,
            expires=1200,
        ),
        Binding(
            uri="sip:1001@[2001:db8::1]",
            host="2001:db8::1",
            expires=3600,
            received="sip:198.51.100.9:1024",
        ),
        Binding(uri="sip:odd host", expires=3600),
    )


@pytest.mark.parametrize(
    ("behaviour", "login", "result", "code", "tries"),
    [
        (says("200 OK"), LOGIN, Result.ACCEPTED, 200, 1),
        (challenges(), WRONG, Result.WRONG_PASSWORD, 401, 2),
        (challenges(status=407), WRONG, Result.WRONG_PASSWORD, 407, 2),
        (challenges(otherwise="403 Forbidden"), WRONG, Result.WRONG_PASSWORD, 403, 2),
        (challenges(then="404 Not Found"), LOGIN, Result.NO_AOR, 404, 2),
        (challenges(then="604 Does Not Exist"), LOGIN, Result.NO_AOR, 604, 2),
        (says("400 Missing Contact Header"), LOGIN, Result.NO_QUERIES, 400, 1),
        (challenges(then="400 Bad Request"), LOGIN, Result.REFUSED, 400, 2),
        (says("404 Not Found"), LOGIN, Result.UNKNOWN_USER, 404, 1),
        (says("403 Forbidden"), LOGIN, Result.REFUSED, 403, 1),
        (challenges(), None, Result.LOGIN_WANTED, 401, 1),
        (says("503 Service Unavailable"), LOGIN, Result.REFUSED, 503, 1),
        (
            challenges(challenge='Digest realm="a", nonce="b", algorithm=SHA-512-256'),
            LOGIN,
            Result.LOGIN_UNSUPPORTED,
            401,
            1,
        ),
    ],
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_registrars_answer_is_judged(
    transport: str,
    behaviour: Behaviour,
    login: Credentials | None,
    result: Result,
    code: int,
    tries: int,
) -> None:
    answer, requests = await asked(behaviour, transport=transport, login=login)
    assert (answer.outcome.result, answer.outcome.code, len(requests)) == (result, code, tries)
    assert answer.outcome.detail.endswith(".")
    assert answer.bindings == ()


async def test_a_registrar_that_is_dead_is_told() -> None:
    answer, _ = await asked(silent)
    assert answer.outcome.result is Result.NO_ANSWER


async def test_who_lets_everybody_in_has_not_looked_at_the_password() -> None:
    answer, _ = await asked(says("200 OK"), login=WRONG)
    assert (answer.outcome.result, answer.outcome.login) == (Result.ACCEPTED, LoginUse.NOT_ASKED)


@given(st.integers(100, 699), st.lists(st.tuples(st.sampled_from(HEADERS), HOSTILE), max_size=6))
def test_whatever_a_peer_says_becomes_a_value_that_can_be_printed(
    status: int, headers: list[tuple[str, str]]
) -> None:
    response = Response(status=status, phrase="\x1b[1m\udcff", headers=tuple(headers))
    outcome = outcome_of(
        Heard(response=response, login=LoginUse.SENT, challenge=401), Peer(host="a")
    )
    told = (outcome.detail, outcome.phrase, *_printed(response))
    assert all(text.isprintable() for text in told)


def _printed(response: Response) -> list[str]:
    bindings = query._bindings(response)
    agent = response.first("user-agent")
    texts = [text for binding in bindings for text in (binding.uri, binding.host, binding.received)]
    return [*texts, *query._tokens(response.values("allow")), *read_user_agent(agent)]


async def test_only_so_many_bindings_are_kept() -> None:
    contacts = "Contact: " + ", ".join(f"<sip:{number}@a>" for number in range(500))
    answer, _ = await asked(says("200 OK", contacts))
    assert len(answer.bindings) == 50


@pytest.mark.parametrize(
    ("agent", "model", "firmware"),
    [
        ("Aastra 53i/2.2.0.166", "6753i", "2.2.0.166"),
        ("Aastra 6865i/4.2.0.2023", "6865i", "4.2.0.2023"),
        ("Mitel-6920-SIP/6.4.0.140", "6920", "6.4.0.140"),
        ("Aastra 57i CT/3.3.1.4365", "6757i CT", "3.3.1.4365"),
        ("aastra 6731i/3.2.2.56-SIP", "6731i", "3.2.2.56"),
        ("Asterisk PBX 18.2", "", ""),
        ("Aastra", "", ""),
        ("", "", ""),
        ("Aastra " + "x" * 1000 + "/1", "", ""),
    ],
)
def test_the_user_agent_tells_model_and_firmware(agent: str, model: str, firmware: str) -> None:
    assert read_user_agent(agent) == (model, firmware)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "401 Unauthorized"])
async def test_a_phone_tells_what_it_is(transport: str, status: str) -> None:
    behaviour = says(status, "User-Agent: Aastra 53i/3.3.1.4365", "Allow: INVITE, ACK,NOTIFY,ACK")
    async with PEERS[transport](behaviour) as running:
        answer = await ask_options(a_client(), running.peer, user="1001")
    assert answer == OptionsAnswer(
        outcome=answer.outcome,
        user_agent="Aastra 53i/3.3.1.4365",
        model="6753i",
        firmware="3.3.1.4365",
        allow=("INVITE", "ACK", "NOTIFY"),
    )
    assert f"{answer.outcome.code}" == status[:3]
    (request,) = running.asked
    assert request.method == "OPTIONS"
    assert request.uri == f"sip:1001@127.0.0.1:{running.port}"
    assert request.header("Accept") == "application/sdp"


async def test_a_phone_that_is_silent_tells_nothing() -> None:
    async with udp_peer(silent) as running:
        answer = await ask_options(a_client(HASTY), running.peer)
    assert answer == OptionsAnswer(outcome=answer.outcome)
    assert answer.outcome.result is Result.NO_ANSWER


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_peer_has_a_port_that_can_be_meant(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        Peer(host="a", port=port)
