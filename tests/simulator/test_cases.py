"""The cases: every one is served as it is meant, and knows what a poll must come to."""

import asyncio
import gzip

import pytest

from fleet.model import Account, Line, Reach, Reason, Registration
from fleet.simulator import BEHAVIOURS, PhoneSpec, Simulator
from tests.simulator.cases import CASES
from tests.simulator.conftest import basic, hear

SILENT = {"hangs_when_connected", "unplugged", "off", "https_hangs", "https_but_plain"}
MUTE = {"reset_at_once", "reset_when_asked", "closes_at_once", "closes_when_asked"} | {
    "https_closes",
    "http_to_a_tls_port",
}


def expected_of(name: str):
    case = CASES[name]
    return case.expected(case.variant(PhoneSpec(behaviour=name)))


def test_there_are_more_ways_than_a_fleet_has():
    assert len(CASES) >= 160


def test_every_behaviour_of_the_package_is_a_case():
    assert BEHAVIOURS.keys() <= CASES.keys()


async def test_every_behaviour_answers_without_a_fault_of_the_simulator(own_ports):
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, fault: faults.append(fault))
    specs = [PhoneSpec(behaviour=name) for name in CASES]
    async with Simulator(specs, own_ports=own_ports, behaviours=CASES) as simulator:
        first_words = await asyncio.gather(
            *(
                hear(phone, at_most=1, patience=0.3 if phone.spec.behaviour in SILENT else 60)
                for phone in simulator.phones
            )
        )
    assert faults == []
    for name, answer in zip(CASES, first_words, strict=True):
        assert bool(answer.data) is (name not in SILENT | MUTE), name


@pytest.mark.parametrize("name", CASES)
def test_every_behaviour_expects_one_reach_or_more(name):
    expected = expected_of(name)
    if expected.reach is Reach.OK:
        assert expected.lines is not None
    else:
        assert expected.lines is None
        assert expected.reasons
        assert expected.reach in {reason.reach for reason in expected.reasons}


def test_an_expectation_takes_the_truth_and_nothing_else():
    expected = expected_of("healthy")
    lines = expected.lines
    assert expected.accepts(Reach.OK, None, lines)
    assert not expected.accepts(Reach.OK, None, lines[:-1])
    assert not expected.accepts(Reach.OK, None, (*lines[:-1], lines[0]))
    assert not expected.accepts(Reach.UNREADABLE, Reason.NO_TABLE)


def test_a_failure_is_only_right_for_its_reasons():
    expected = expected_of("wrong_password")
    assert expected.accepts(Reach.REFUSED, Reason.WRONG_PASSWORD)
    assert not expected.accepts(Reach.REFUSED, Reason.FORBIDDEN)
    assert not expected.accepts(Reach.OK, None, ())


def test_the_truth_of_an_odd_account_is_written_by_hand():
    assert expected_of("account_at_ipv6").lines == (
        Line(
            number=1,
            registration=Registration.REGISTERED,
            account=Account(
                raw="1001@[2001:db8::1]:5060", user="1001", registrar="2001:db8::1", port=5060
            ),
            backup=False,
            status_text="Registered",
        ),
    )


async def heard_of(*names: str):
    """The first two answers of each, in turn."""
    async with Simulator(
        [PhoneSpec(behaviour=name) for name in names], behaviours=CASES
    ) as simulator:
        return [
            (await hear(phone, patience=60), await hear(phone, patience=60))
            for phone in simulator.phones
        ]


async def test_the_first_request_of_a_poll_is_refused_then_answered_each_time():
    async with Simulator([PhoneSpec(behaviour="first_request_401")]) as simulator:
        phone = simulator.phone(0)
        assert [(await hear(phone)).status for _ in range(4)] == [401, 200, 401, 200]
        assert phone.record.challenges == 2


async def test_a_session_that_expired_is_good_again_after_the_root_was_asked():
    async with Simulator([PhoneSpec(behaviour="session_expired_until_root")]) as simulator:
        phone = simulator.phone(0)
        assert "Session Expired" in (await hear(phone)).body
        assert "Session Expired" in (await hear(phone)).body
        await hear(phone, "/")
        assert "Registered" in (await hear(phone)).body


async def test_a_ticking_clock_changes_the_page_and_nothing_else():
    ((first, second),) = await heard_of("clock_ticks")
    assert first.body != second.body
    assert first.body.replace("10:00:01", "10:00:02") == second.body


async def test_upper_case_tags_leave_no_tag_in_small_letters():
    ((answer, _),) = await heard_of("upper_case_tags")
    assert "<table" not in answer.body
    assert "<TD>Registered</TD>" in answer.body


async def test_cuts_stop_where_they_say():
    cuts = await heard_of("cut_between_rows", "cut_in_a_row", "cut_after_table")
    between, within, after = (first.body for first, _ in cuts)
    assert between.endswith("</tr>\n")
    assert within.endswith("<td>N")
    assert after.endswith("</table>\n")


async def test_lengths_lie_as_they_are_named():
    ((long, _), (short, _)) = await heard_of("length_too_long", "length_too_short")
    for answer, difference in ((long, 500), (short, -40)):
        said = int(answer.data.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        assert said == len(answer.body.encode()) + difference


async def test_a_bomb_is_small_on_the_wire_and_large_behind_it():
    ((answer, _),) = await heard_of("gzip_bomb")
    packed = answer.data.partition(b"\r\n\r\n")[2]
    assert len(packed) < 200_000
    assert len(gzip.decompress(packed)) == 64 * 1024 * 1024


async def test_floods_do_not_end_and_do_not_starve_the_others():
    specs = [PhoneSpec(behaviour="floods_body"), PhoneSpec()]
    async with Simulator(specs, behaviours=CASES) as simulator:
        flood = asyncio.create_task(hear(simulator.phone(0), at_most=3_000_000))
        assert (await hear(simulator.phone(1))).status == 200
        assert not (await flood).ended


async def test_connections_that_are_held_open_take_another_request():
    async with Simulator([PhoneSpec(behaviour="keep_alive")], behaviours=CASES) as simulator:
        phone = simulator.phone(0)
        reader, writer = await asyncio.open_connection(phone.address, phone.port)
        request = f"GET /sysinfo.html HTTP/1.1\r\n{basic('admin', '22222')}\r\n".encode()
        for _ in range(2):
            writer.write(request)
            assert (await reader.readuntil(b"</html>\n")).startswith(b"HTTP/1.1 200 OK")
        writer.transport.abort()
        assert (phone.record.requests, phone.record.connections) == (2, 1)
