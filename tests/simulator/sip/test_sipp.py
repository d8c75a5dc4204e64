"""The simulated registrar against sipp, which is nobody's idea of SIP but its own."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from fleet.simulator import RegistrarSpec, SimulatedRegistrar, SipLogin

SIPP = shutil.which("sipp")
SCENARIOS = Path(__file__).parent / "sipp"
SPEC = RegistrarSpec(name="pbx.example", accounts=(SipLogin(user="1001", password="s3cret"),))
BOTH = pytest.mark.parametrize("transport", ["u1", "t1"])

pytestmark = pytest.mark.skipif(SIPP is None, reason="sipp (Debian's sip-tester) is not installed")


async def played(
    scenario: str, registrar: SimulatedRegistrar, transport: str, password: str, folder: Path
) -> bool:
    """Whether sipp's scenario went as written."""
    (folder / "users.csv").write_text(
        f"SEQUENTIAL\n[authentication username=1001 password={password}];\n", encoding="ascii"
    )
    process = await asyncio.create_subprocess_exec(
        *(str(SIPP), f"{registrar.address}:{registrar.port}", "-m", "1", "-nostdin"),
        *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-inf", "users.csv"),
        *("-i", "127.0.0.1", "-t", transport, "-timeout", "60", "-timeout_error"),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode == 0


@BOTH
async def test_a_phone_registers_with_the_right_login(transport: str, tmp_path: Path) -> None:
    async with SimulatedRegistrar(SPEC) as registrar:
        assert await played("register", registrar, transport, "s3cret", tmp_path)
        assert registrar.registered == ("1001",)
        assert registrar.record.logins == {"1001": 1}


@BOTH
async def test_a_wrong_password_is_asked_for_again(transport: str, tmp_path: Path) -> None:
    async with SimulatedRegistrar(SPEC) as registrar:
        assert await played("rejected", registrar, transport, "other", tmp_path)
        assert registrar.registered == ()
        assert registrar.record.wrong_passwords == {"1001": 1}
