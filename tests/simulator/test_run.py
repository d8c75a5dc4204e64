"""Running a simulator to its end, and the inventory of its phones."""

import asyncio
import csv
import io
import threading

import pytest

from fleet.simulator import PhoneSpec, Simulator, inventory_csv, run, serve


async def inventory(*, with_lines: bool) -> list[dict[str, str]]:
    specs = [PhoneSpec(site="Lyon", name="lyon-1"), PhoneSpec(behaviour="https", password="1")]
    out = io.StringIO()
    async with Simulator(specs, own_ports=True) as simulator:
        inventory_csv(simulator.phones, out, with_lines=with_lines)
        rows = list(csv.DictReader(io.StringIO(out.getvalue())))
        assert sorted({row["host"] for row in rows}) == sorted(simulator.hosts)
    return rows


async def test_the_inventory_has_a_row_for_each_phone():
    first, second = await inventory(with_lines=False)
    assert (first["site"], first["name"]) == ("Lyon", "lyon-1")
    assert (first["username"], first["password"]) == ("admin", "22222")
    assert second["host"].startswith("https://127.0.0.1:")
    assert second["password"] == "1"


async def test_the_inventory_can_have_a_row_for_each_line():
    rows = await inventory(with_lines=True)
    assert len(rows) == 2 * len(PhoneSpec().lines)
    assert (rows[0]["line"], rows[0]["user"], rows[0]["registrar"]) == ("1", "1001", "pbx.example")
    assert rows[0]["registrar_port"] == "5060"


async def test_serving_ends_when_it_is_told_to():
    started = []

    def on_ready(simulator: Simulator) -> None:
        started.append(simulator.hosts)
        simulator.stopped.set()

    await asyncio.wait_for(serve([PhoneSpec()], on_ready=on_ready), timeout=10)
    assert len(started) == 1


@pytest.mark.parametrize("uvloop", [False, True])
def test_a_run_in_a_loop_of_its_own_serves_and_ends(uvloop):
    hosts = []

    def on_ready(simulator: Simulator) -> None:
        hosts.extend(simulator.hosts)
        simulator.stopped.set()

    thread = threading.Thread(
        target=run,
        args=([PhoneSpec(), PhoneSpec()],),
        kwargs={"on_ready": on_ready, "uvloop": uvloop},
    )
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert len(hosts) == 2
