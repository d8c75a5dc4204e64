"""Every command under every trouble: one sentence, the right exit code, no traceback, no secret.

What is right comes from the contract: 0 done, 1 found by --fail-on, 2 wrong usage or settings, 3
could not be done. A command whose output cannot be written could not do its work; a reader who
closes the pipe early has had enough, which is no failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.cli.every_command import TROUBLES, commands

Results: TypeAlias = "dict[str, dict[str, Any]]"

FLEET = str(Path(sys.executable).with_name("fleet"))
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("FLEET_")}
ROOT = Path(__file__).parents[2]
SECRETS = ("geheim-web-4711", "geheim-sip-4712", "geheim-input-4713", "geheim-url-4714")
SETTINGS = f"""\
[web_ui]
password = "{SECRETS[0]}"
[alerts]
urls = ["json://user:{SECRETS[3]}@127.0.0.1:1/"]
[server]
port = 0
[provisioning]
port = 0
networks = ["127.0.0.0/8"]
"""
PHONES = f"""\
site,host,mac,model,name,line,user,sip_password,registrar
home,127.0.0.1:1,00085d000001,6753i,alpha,1,1001,{SECRETS[1]},127.0.0.1
home,127.0.0.1:2,00085d000002,6753i,beta,1,1002,{SECRETS[1]},127.0.0.1
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings, a key, and a database with two phones and a revision."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "fleet.toml").write_text(SETTINGS)
    (folder / "phones.csv").write_text(PHONES)
    (folder / "input").write_text(f"{SECRETS[2]}\n")
    (folder / "old").mkdir()
    (folder / "old" / "aastra.cfg").write_text("sip proxy ip: pbx.example.com\n")
    for words in (
        ("init", "."),
        ("inventory", "import", "phones.csv"),
        ("poll",),
        ("provision", "apply", "--allow", "default-password"),
    ):
        ran = subprocess.run([FLEET, *words], cwd=folder, env=ENVIRONMENT, check=False)
        assert ran.returncode == 0
    return folder


@pytest.fixture(scope="module")
def untroubled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """How every command ends where nothing is wrong."""
    return run_every_command("none", template, tmp_path_factory.mktemp("untroubled"))


def run_every_command(trouble: str, template: Path, tmp_path: Path) -> Results:
    place = tmp_path / trouble
    place.mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "tests.cli.every_command", trouble, str(template), str(place)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    results: Results = json.loads(ran.stdout)
    if "Traceback of the test itself" in (said := results["status"]["err"]):
        pytest.skip(f"{trouble} cannot be made here: {said}")
    shutil.rmtree(place, ignore_errors=True)
    return results


def wrong(results: Results) -> dict[str, str]:
    """The commands that ended as none may, each with what it said."""
    return {name: f"{each['code']} {each['err']}" for name, each in results.items() if _bad(each)}


def _bad(ran: dict[str, Any]) -> bool:
    said = f"{ran['out']}{ran['err']}"
    is_whole = not re.search(r"Traceback|This is a bug|Exception ignored", said)
    is_safe = not any(secret in said for secret in SECRETS)
    errors = re.findall(r"(?m)^Error: .*", ran["err"])
    is_plain = len(errors) <= 1 and all(len(each) < 400 for each in errors)
    return not (ran["code"] in (0, 1, 2, 3) and is_whole and is_safe and is_plain)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_command_ends_plainly(
    trouble: str, template: Path, untroubled: Results, tmp_path: Path
) -> None:
    results = run_every_command(trouble, template, tmp_path)

    assert set(results) == set(commands())
    assert wrong(results) == {}
    codes = {name: ran["code"] for name, ran in results.items()}
    assert {
        name: code for name, code in codes.items() if code not in right(trouble, name, untroubled)
    } == {}


def right(trouble: str, name: str, untroubled: Results) -> tuple[int, ...]:
    """The exit codes with which a command may end."""
    code, out = untroubled[name]["code"], untroubled[name]["out"]
    match trouble:
        case "not-utf-8":
            return (2,)
        case "none" | "ascii" | "closed-stderr" | "full-stderr":
            return (code,)
        case "closed-stdout" | "full-stdout":
            return (3,) if out and code < 2 else (code,)
        case "broken-pipe":
            return (0, code)
    return (0, 1, 2, 3)
