"""`fleet provision serve`, `fetches` and `firmware`, as an admin calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import trustme

from fleet.settings import load_settings
from fleet.store import Keyring, Store
from tests.provision.serve.served import AGENT, BODY, OWN, fill
from tests.store.test_fetching import fetch

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

WITHIN = 60
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def filled(fleet: Fleet) -> Fleet:
    """A folder with a fleet's settings, key and applied files."""
    assert fleet("init").code == 0
    settings = load_settings(None, {})
    store = Store.open(settings.database_url, keyring=Keyring.read(settings.key_file))
    number = fill(store)
    store.fetches.record([fetch(number, agent="x" * 200)])
    store.close()
    return fleet


def test_fetches_are_a_table_of_80_columns_and_json(filled: Fleet) -> None:
    ran = filled("provision", "fetches")
    assert ran.code == 0, ran.err
    assert OWN in ran.out
    assert "served" in ran.out
    (one,) = json.loads(filled("provision", "fetches", "--json", "127.0.0.1").out)["fetches"]
    assert (one["file"], one["outcome"], one["sent"], one["revision"]) == (OWN, "served", 812, 3)
    none = filled("provision", "fetches", "--outcome", "unknown-mac", "--since", "1h")
    assert none.out == "No fetch matches.\n"
    assert filled("provision", "fetches", "--outcome", "x").code == 2
    assert filled("provision", "fetches", "nobody").code == 2


def test_firmware_is_compared_with_the_folder(filled: Fleet) -> None:
    empty = filled("provision", "firmware")
    assert "There is no firmware in" in empty.out
    assert "2 phones: 2 no-file." in empty.out
    folder = Path("firmware")
    folder.mkdir()
    (folder / "53i.st").write_bytes(b"firmware")
    os.utime(folder / "53i.st", (1_000_000_000, 1_000_000_000))
    document = json.loads(filled("provision", "firmware", "--json").out)
    assert [file["name"] for file in document["files"]] == ["53i.st"]
    assert {phone["state"] for phone in document["phones"]} == {"unknown"}
    assert filled("provision", "firmware", "--state", "same").out.endswith("0 phones.\n")
    assert filled("provision", "firmware", "--site", "nowhere").code == 2


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_files_are_served_until_a_signal_comes(filled: Fleet, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet", "provision", "serve"],
        env={**os.environ, "FLEET_PROVISIONING_PORT": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        url = said.split(" at ")[1].strip()
        with urlopen(Request(url + OWN, headers={"User-Agent": AGENT}), timeout=WITHIN) as answer:
            assert answer.read() == BODY
        with pytest.raises(HTTPError, match="404"):
            urlopen(url + OWN, timeout=WITHIN)
    finally:
        began = time.monotonic()
        process.send_signal(number)
        _, log = process.communicate(timeout=WITHIN)
    assert (process.returncode, "Traceback" in log) == (0, False), log
    assert time.monotonic() - began < WITHIN
    found = json.loads(filled("provision", "fetches", "--json").out)["fetches"]
    assert [one["outcome"] for one in found] == ["wrong-agent", "served", "served"]


def kinds_in(said: list[str]) -> list[str]:
    """What is served, of the lines that a server says."""
    return [line.split(" at ")[1].split(":")[0] for line in said if "Serving files at " in line]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells of children")
def test_the_legacy_process_ends_when_its_parent_is_killed(filled: Fleet) -> None:
    made = trustme.CA().issue_cert("localhost")
    made.private_key_pem.write_to_path("key.pem")
    made.cert_chain_pems[0].write_to_path("certificate.pem")
    given = {"LEGACY_HTTPS": "true", "LEGACY_HTTPS_PORT": "0", "PORT": "0"}
    given |= {"LEGACY_HTTPS_CERTIFICATE": "certificate.pem", "LEGACY_HTTPS_KEY": "key.pem"}
    environ = {f"FLEET_PROVISIONING_{name}": value for name, value in given.items()}
    with subprocess.Popen(
        [sys.executable, "-m", "fleet", "provision", "serve"],
        env=os.environ | environ,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = []
        while len(kinds_in(said)) < 2 and (line := process.stderr.readline()):
            said.append(line)
        threads = Path(f"/proc/{process.pid}/task").glob("*/children")
        children = [child for thread in threads for child in thread.read_text().split()]
        process.kill()
    assert kinds_in(said) == ["http", "https"], said
    assert children
    until = time.monotonic() + WITHIN
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_port_that_is_no_ones_to_take_is_said(filled: Fleet, tmp_path: Path) -> None:
    Path("fleet.toml").write_text('[provisioning]\nhost = "192.0.2.1"\n', encoding="utf-8")
    ran = filled("provision", "serve")
    assert ran.code == 3
    assert "[provisioning] port: cannot listen on 192.0.2.1 port 8090" in ran.err


LOGINS = """
fleet:
  configuration: {parameters: {http digest username: site, http digest password: "%s"}}
phones:
  - {host: 10.0.0.1, mac: 00:08:5D:00:00:01, model: 6753i, name: one}
  - host: 10.0.0.2
    mac: 00:08:5D:00:00:02
    model: 6753i
    name: two
    configuration: {parameters: {http digest username: own, http digest password: "%s"}}
"""


def listed(fleet: Fleet) -> dict[str, str | None]:
    found = json.loads(fleet("provision", "logins", "list", "--json").out)["logins"]
    return {each["phone"]: each["username"] for each in found}


def test_apply_makes_logins_and_an_admin_shows_and_changes_them(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_PROVISIONING_LOGIN", "digest")
    Path("phones.csv").write_text(
        "host,mac,model,name\n10.0.0.1,00085D000001,6753i,one\n10.0.0.3,,,three\n"
    )
    assert fleet("inventory", "import", "phones.csv").code == 0
    planned = fleet("provision", "plan")
    assert "Applying creates a login for 1 phone.\n" in planned.out
    assert listed(fleet) == {"one": None, "three": None}
    assert fleet("provision", "logins", "show", "one").code == 2
    applied = fleet("provision", "apply", "--allow", "default-password")
    assert applied.out.endswith(
        "Created a login for 1 phone: see fleet provision logins list.\n"
    ), applied.err
    shown = json.loads(fleet("provision", "logins", "show", "one", "--json").out)
    assert (shown["username"], shown["previous_password"]) == ("00085D000001", None)
    assert shown["password"] in fleet("provision", "render", "00085D000001.cfg", "--secrets").out
    assert shown["password"] not in fleet("provision", "logins", "list").out
    assert "0 phones to change" in fleet("provision", "plan").out
    rotated = fleet("provision", "logins", "rotate", "one")
    assert rotated.out.startswith("Created new logins for 1 phone. Next: fleet provision apply")
    after = json.loads(fleet("provision", "logins", "show", "one", "--json").out)
    assert after["previous_password"] == shown["password"] != after["password"]
    assert fleet("provision", "plan").code == 1
    assert fleet("provision", "logins", "rotate", "one", "--factory").code == 0
    reset = json.loads(fleet("provision", "logins", "show", "one", "--json").out)
    assert reset["previous_password"] is None
    assert fleet("provision", "logins", "rotate", "three").code == 2


def test_a_login_that_the_configuration_names_is_the_phones(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_PROVISIONING_LOGIN", "digest")

    def imported(*passwords: str) -> None:
        text = "clear_secrets: true\n" + LOGINS % passwords
        Path("phones.yaml").write_text(text)
        ran = fleet("inventory", "import", "phones.yaml")
        assert ran.code == 0, ran.err
        assert fleet("provision", "apply", "--allow", "default-password").code == 0

    def passwords() -> list[str]:
        names = ("one", "two")
        shown = (fleet("provision", "logins", "show", name, "--json").out for name in names)
        return [json.loads(each)["password"] for each in shown]

    imported("fleet-4711", "own-4712")
    assert listed(fleet) == {"one": "site", "two": "own"}
    assert passwords() == ["fleet-4711", "own-4712"]
    imported("fleet-4713", "own-4714")
    assert passwords() == ["fleet-4711", "own-4714"]
    ran = fleet("provision", "logins", "rotate", "two")
    assert (ran.code, ran.err) == (
        2,
        "Error: The configuration of two sets its login: change `http digest password` there.\n",
    )
    assert fleet("provision", "logins", "rotate", "one").code == 0
