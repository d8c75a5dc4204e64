"""The docs are true: what they print runs, or is accepted by the program that it is for."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
import trustme
import yaml

from fleet.cli import COMMANDS
from fleet.judge.reasons import REASONS
from fleet.phone.config_file import read
from fleet.phone.lint import LintContext, lint_file
from fleet.settings import load_settings
from fleet.settings.variables import settings_in
from fleet.simulator import PhoneSpec
from fleet.web.metrics import Figures, exposition
from tests.cli.conftest import answering, fleet, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Fleet

__all__ = ["fleet", "free_port"]

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "packaging" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
BIN = Path(sys.executable).parent

# Commands that are only parsed, each with why it cannot run here.
PARSED_ONLY = {
    "serve": "runs until it is stopped",
    "provision serve": "runs until it is stopped",
    "simulate": "runs until it is stopped",
    "demo": "starts a fleet of its own; tests/cli/test_simulate.py runs it",
    "discover": "asks every address of a network",
    "capture": "asks a phone at a fixed address",
    "diagnose": "asks registrars on the network",
    "provision resync": "asks phones on the network",
    "provision rollout": "asks phones on the network; tests/cli/test_rollout.py runs it",
    "provision rotate": "changes registrars; tests/cli/test_rotate_sip.py runs it",
    "init": "the folder of these tests is there already; Install's order is tested by itself",
}
# Programs of other people that the docs use.
PROGRAMS = {
    *("apt", "chmod", "chown", "curl", "docker", "dpkg", "echo", "export", "find", "git", "cd"),
    *("install", "ln", "openssl", "pip", "pipx", "podman", "pytest", "python", "python3", "rm"),
    *("ruff", "mypy", "lint-imports", "systemctl", "tee", "useradd", "uv", "build-deb", "cp"),
    *("cosmic-ray", "cr-filter-operators", "cr-report"),
}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block of a page: where it begins, its language, its text, the comment above it."""

    page: Path
    line: int
    language: str
    text: str
    comment: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    start = None
    for number, line in enumerate(lines):
        if not line.lstrip().startswith("```"):
            continue
        if start is None:
            start = number
            continue
        yield Block(
            page=page,
            line=start + 1,
            language=lines[start].strip().removeprefix("```"),
            text="\n".join(lines[start + 1 : number]) + "\n",
            comment=lines[start - 1],
        )
        start = None
    assert start is None, f"{page}: a block is not closed"


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def of(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "block", [block for block in BLOCKS if block.language in languages], ids=str
    )


def commands_of(text: str) -> Iterator[list[str]]:
    """Each simple command of a shell text, as words; redirections stay words of their own."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command: list[str] = []
        for word in words:
            if word in {"|", "&&", ";", "||"}:
                yield command
                command = []
            else:
                command.append(word)
        if command:
            yield command


def plain(command: list[str]) -> list[str]:
    """A command without sudo, and with the name of its program alone."""
    if command[0] == "sudo":
        command = command[3:] if command[1] == "-u" else command[1:]
    return [command[0].rsplit("/", 1)[-1], *command[1:]]


def found(words: list[str]) -> tuple[str, click.Command, list[str]]:
    """The command that the words call, its full name, and what is left for it."""
    name, rest = words[0], words[1:]
    assert name in COMMANDS, f"fleet has no command {name!r}"
    command: click.Command = import_module(f"fleet.cli.{name}").command
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        sub = command.get_command(click.Context(command), rest[0])
        if sub is None:
            break
        name, command, rest = f"{name} {rest[0]}", sub, rest[1:]
    return name, command, rest


def is_in(name: str, table: dict[str, str]) -> bool:
    return any(name == each or name.startswith(f"{each} ") for each in table)


# -- every block ---------------------------------------------------------------------------------


CHECKED = {"sh", "toml", "yaml", "csv", "json", "cron", "systemd", "nginx", "env", "aastra"}
CHECKED |= {"dnsmasq", "dhcpd"}


def test_every_block_is_checked_or_says_why_not() -> None:
    unchecked = [block for block in BLOCKS if block.language not in CHECKED]
    assert not [str(block) for block in unchecked if block.language != "text"]
    assert not [str(block) for block in unchecked if "<!-- not run: " not in block.comment]
    assert len(unchecked) <= 8


@of("sh")
def test_a_shell_block_is_sound_and_calls_known_programs(block: Block) -> None:
    checked = subprocess.run(
        ["bash", "-n"], input=block.text, text=True, capture_output=True, check=False
    )
    assert checked.stderr == ""
    for command in commands_of(block.text):
        program = plain(command)[0]
        assert program == "fleet" or program in PROGRAMS, f"{block}: {program}"
        if program == "fleet":
            parse(plain(command)[1:])


def parse(words: list[str]) -> None:
    """Parse a call as click does, with its options and the kinds of their values."""
    if words[0] == "--version":
        return
    cut = next((place for place, word in enumerate(words) if word in {"<", ">"}), len(words))
    name, command, rest = found(words[:cut])
    try:
        with command.make_context(name, list(rest)):
            pass
    except click.UsageError as error:
        if "does not exist" not in error.message:
            raise AssertionError(f"fleet {' '.join(words)}: {error.message}") from None


SPANS = [
    (page, span)
    for page in PAGES
    for span in re.findall(
        r"`(fleet(?: [^`]+)?)`",
        re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8")).replace("\n", " "),
    )
]


def test_commands_and_options_in_sentences_exist() -> None:
    wrong = []
    for page, span in SPANS:
        words = [word for word in span.replace("\\|", " ").split()[1:] if word != "…"]
        if not words or words[0].startswith("-") or words[0] in {"COMMAND", "-"}:
            continue
        _, command, rest = found(words)
        known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
        wrong += [
            f"{page.name}: {span}"
            for word in rest
            if word.startswith("--") and word.split("=")[0] not in known | {"--help", "--version"}
        ]
        if isinstance(command, click.Group) and rest:
            wrong.append(f"{page.name}: {span}")
    assert wrong == []


# -- what the pages' commands do -----------------------------------------------------------------


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[str]:
    """An Apprise URL that takes every message."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


INVENTORY = """\
clear_secrets: true
fleet:
  configuration: {"!admin_password": {secret: admin}, ntp: [NTP]}
sites:
  berlin:
    timezone: Europe/Berlin
    networks: [127.0.0.0/8]
    phones:
      - host: "HOST"
        mac: "00085D126411"
        model: 6753i
        name: reception
        password: "22222"
        lines: [{line: 1, user: 1001, sip_password: Xy12345678z, registrar: pbx.example.com}]
"""


@pytest.fixture
def installed(
    fleet: Fleet, receiver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    """A folder as after Install: a phone with refused lines, polled, applied, then changed."""
    monkeypatch.setenv("FLEET_ALERTS_URLS", receiver)
    monkeypatch.setenv("FLEET_AUDIT_RECIPIENTS", receiver)
    monkeypatch.setenv("FLEET_PROVISIONING_LOGIN", "digest")
    with answering([PhoneSpec(mac="00:08:5D:12:64:11")]) as phones:
        host = phones.csv().splitlines()[1].split(",")[1]

        def inventory(ntp: str) -> None:
            text = INVENTORY.replace("HOST", host).replace("NTP", ntp)
            (tmp_path / "phones.yaml").write_text(text)

        def prepare(*words: str) -> None:
            ran = fleet(*words)
            assert ran.code in {0, 1}, (words, ran.out, ran.err)

        prepare("init")
        inventory("ntp1.example.com")
        monkeypatch.setattr("sys.stdin", io.StringIO("48151623\n"))
        prepare("provision", "secret", "set", "admin")
        prepare("inventory", "import", "phones.yaml")
        prepare("provision", "apply")
        for _ in range(2):
            prepare("poll")
        prepare("db", "backup", "backup-2026-11-30.db")
        inventory("ntp2.example.com")
        (tmp_path / "phones.csv").write_text(f"site,host,name\nberlin,{host},reception\n")
        folder = tmp_path / "tftp"
        folder.mkdir()
        (folder / "aastra.cfg").write_text("sip proxy ip: pbx.example.com\n")
        (folder / "00085D126412.cfg").write_text("sip line1 user name: 1002\n")
        yield fleet


PLACES = {"/etc/fleet": ".", "/var/lib/fleet": ".", "/var/lib/fleet-key": ".", "/srv/tftp": "tftp"}


def here(word: str) -> str:
    for place, stand_in in PLACES.items():
        if word == place or word.startswith(f"{place}/"):
            return stand_in + word.removeprefix(place)
    return word


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name + "/" + page.name)
def test_the_commands_of_a_page_run_in_their_order(
    page: Path, installed: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ""
    for block in (block for block in BLOCKS if block.page == page and block.language == "sh"):
        for command in commands_of(block.text):
            program, *words = plain(command)
            if program == "echo":
                given = " ".join(words) + "\n"
            if program != "fleet" or words[0].startswith("-"):
                continue
            words = [here(word) for word in words]
            if "<" in words:
                given = Path(words[-1]).read_text(encoding="utf-8")
                words = words[: words.index("<")]
            written = words[words.index(">") + 1] if ">" in words else ""
            words = words[: words.index(">")] if written else words
            if is_in(found(words)[0], PARSED_ONLY) or "--systemd-unit" in words:
                continue
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
            ran = installed(*words)
            assert ran.code in {0, 1}, f"{block}: fleet {shlex.join(words)}\n{ran.out}{ran.err}"
            assert "Traceback" not in ran.err
            if written:
                Path(written).write_text(ran.out, encoding="utf-8")


# -- what other programs read --------------------------------------------------------------------


@of("cron")
def test_a_cron_line_runs_in_the_bare_environment_of_cron(
    block: Block, installed: Fleet, tmp_path: Path
) -> None:
    assert BIN.joinpath("fleet").exists()
    (tmp_path / "fleet.env").write_text(
        "".join(f"{name}={os.environ[name]}\n" for name in os.environ if name.startswith("FLEET_"))
    )
    for line in block.text.splitlines():
        *times, user, command = line.split(None, 6)
        assert len(times) == 5
        assert user == "fleet"
        # cron(8): an escaped percent sign is one, and the command's environment is nearly empty.
        text = command.replace("\\%", "%").replace("/opt/fleet/bin", str(BIN))
        text = text.replace("/etc/fleet", str(tmp_path)).replace("/var/lib/fleet", str(tmp_path))
        ran = subprocess.run(
            ["/bin/sh", "-c", text],
            env={"HOME": str(tmp_path), "LOGNAME": user, "PATH": "/usr/bin:/bin"},
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), (
            f"{line}\n{ran.stdout}{ran.stderr}"
        )


@of("systemd")
def test_systemd_accepts_a_unit(block: Block, tmp_path: Path) -> None:
    text = block.text.replace("/opt/fleet/bin/fleet", sys.executable)
    sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]
    keys = [line for line in text.splitlines() if line and not line.startswith(("[", "#"))]
    assert all(re.fullmatch(r"[A-Z]\w+=.*", line) for line in keys)
    if shutil.which("systemd-analyze"):
        file = tmp_path / "fleet.service"
        file.write_text(text)
        verified = checked("systemd-analyze", "verify", "--man=no", str(file))
        assert [line for line in verified.stderr.splitlines() if "fleet.service" in line] == []


def checked(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@of("nginx")
def test_nginx_accepts_a_block(block: Block, tmp_path: Path) -> None:
    text = block.text.replace("443", "4443")
    assert text.count("{") == text.count("}")
    if not shutil.which("nginx"):
        return
    authority = trustme.CA()
    certificate = authority.issue_cert("fleet.example.com")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    text = re.sub(r"(ssl_certificate\s+)\S+;", rf"\1{tmp_path}/cert.pem;", text)
    text = re.sub(r"(ssl_certificate_key\s+)\S+;", rf"\1{tmp_path}/key.pem;", text)
    if not text.startswith("server"):
        text = f"server {{ listen 8081; {text} }}"
    file = tmp_path / "nginx.conf"
    file.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}\n"
        f"http {{ access_log off; {text} }}"
    )
    tested = checked("nginx", "-t", "-p", str(tmp_path), "-c", str(file))
    assert tested.returncode == 0, tested.stderr


@of("dnsmasq")
def test_dnsmasq_accepts_a_block(block: Block, tmp_path: Path) -> None:
    assert all(re.fullmatch(r"dhcp-[a-z]+=\S+", line) for line in block.text.splitlines())
    if shutil.which("dnsmasq"):
        file = tmp_path / "dnsmasq.conf"
        file.write_text(block.text)
        tested = checked("dnsmasq", "--test", f"--conf-file={file}")
        assert tested.returncode == 0, tested.stderr


@of("dhcpd")
def test_a_block_for_dhcpd_is_closed_and_ends_its_statements(block: Block) -> None:
    assert block.text.count("{") == block.text.count("}")
    lines = [line.strip() for line in block.text.splitlines() if line.strip()]
    assert all(line.endswith((";", "{", "}")) for line in lines)


# -- what fleet reads ----------------------------------------------------------------------------


@of("toml")
def test_a_block_of_settings_is_accepted(block: Block, fleet: Fleet, tmp_path: Path) -> None:
    if block.text.startswith("# origin.toml"):
        assert set(tomllib.loads(block.text)) >= {"kind", "source", "shows", "language"}
        return
    file = tmp_path / "fleet.toml"
    file.write_text(block.text, encoding="utf-8")
    ran = fleet("config", "check")
    assert ran.code == 0, ran.err


@of("env")
def test_a_block_of_variables_is_accepted(block: Block) -> None:
    lines = [line for line in block.text.splitlines() if not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines)
    assert len(settings_in(variables)) == len(variables)
    load_settings(None, variables)


@of("csv")
def test_a_table_is_imported(block: Block, fleet: Fleet, tmp_path: Path) -> None:
    assert fleet("init").code == 0
    (tmp_path / "phones.csv").write_text(block.text, encoding="utf-8")
    ran = fleet("inventory", "import", "phones.csv")
    assert ran.code == 0, ran.err


@of("yaml")
def test_yaml_is_imported_or_read_by_prometheus(block: Block, fleet: Fleet, tmp_path: Path) -> None:
    document = yaml.safe_load(block.text)
    file = tmp_path / "text.yaml"
    file.write_text(block.text, encoding="utf-8")
    if "sites" in document:
        assert fleet("init").code == 0
        ran = fleet("inventory", "import", "text.yaml")
        assert ran.code == 0, ran.err
        return
    kind = {"groups": "rules", "scrape_configs": "config"}[next(iter(document))]
    names = set(re.findall(r"\bfleet_\w+", block.text))
    assert names <= metrics()
    if shutil.which("promtool"):
        tested = checked("promtool", "check", kind, str(file))
        assert tested.returncode == 0, tested.stderr


@of("json")
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@of("aastra")
def test_a_configuration_of_phones_is_read_without_a_slip(block: Block) -> None:
    file = read(block.text.encode())
    assert file.unread == ()
    findings = lint_file(file, "6753i", LintContext())
    assert {finding.check for finding in findings} <= ALLOWED_FINDINGS


ALLOWED_FINDINGS = {"account-incomplete"}


# -- nothing is left out -------------------------------------------------------------------------


def leaves(name: str, command: click.Command) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for sub in command.list_commands(context):
        each = command.get_command(context, sub)
        assert each is not None
        yield from leaves(f"{name} {sub}", each)


def test_the_commands_page_has_every_command() -> None:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `fleet ([^`A-Z\[]+?)(?: [A-Z\[][^`]*)?` \|", text, re.MULTILINE)
    known = [
        leaf
        for name in COMMANDS
        for leaf in leaves(name, import_module(f"fleet.cli.{name}").command)
    ]
    assert sorted(documented) == sorted(known)


def metrics() -> set[str]:
    counts = {"x": 1}
    figures = Figures(
        up=True,
        sweeps=counts,
        polls=counts,
        pushes=counts,
        phones=counts,
        lines=counts,
        incidents=counts,
        deliveries=counts,
        waiting=counts,
        job_failures=counts,
        last_sweep=1.0,
    )
    samples = exposition(figures).decode().splitlines()
    return {re.split(r"[ {]", line)[0] for line in samples if not line.startswith("#")}


def test_the_metrics_page_has_every_metric() -> None:
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(fleet_\w+)` \|", text, re.MULTILINE)) == metrics()


def test_troubleshooting_has_every_reason() -> None:
    text = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| \w+ \| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(documented) == sorted(str(reason) for reason in REASONS)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }


LINKING = [*PAGES, ROOT / "CHANGELOG.md", ROOT / "SUPPORTED.md"]


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.parent.name + "/" + page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in (ROOT / "docs").glob("*.md")]
    assert [name for name in pages if f"(docs/{name})" not in readme] == []


def test_the_readme_says_that_no_real_phone_was_read_until_one_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    origins = [path.read_text() for path in (ROOT / "fixtures").glob("*/origin.toml")]
    captured = any(re.search(r'^kind = "capture"', origin, re.MULTILINE) for origin in origins)
    assert captured != ("No real phone has been read yet" in readme)
