"""Every check, by what it holds and by what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Severity
from fleet.phone.catalog import MODELS
from fleet.phone.config_file import Parameter, read
from fleet.phone.lint import CHECKS, LintContext, LintFinding, lint, lint_file
from tests.phone.config_file.strategies import PARAMETERS

_GUIDE = Path(__file__).parents[3] / "docs" / "configuration-files.md"


def _found(
    text: str, model: str = "6753i", context: LintContext | None = None, name: str = ""
) -> list[LintFinding]:
    return list(
        lint_file(
            read(text.encode(errors="surrogateescape"), name=name), model, context or LintContext()
        )
    )


def _held(check: str, text: str, **how: object) -> list[str]:
    found = _found(text, **how)  # type: ignore[arg-type]
    return [finding.parameter for finding in found if finding.check == check]


_NEEDS = {
    "demand": LintContext(demand_backup=True),
    "hosts": LintContext(our_hosts=("fleet.example.com", "192.0.2.1", "198.51.100.0/24")),
    "complete": LintContext(complete=True),
    "files": LintContext(
        our_hosts=("fleet.example.com",), has_file={"ca.pem", "i18n/lang_fr.txt"}.__contains__
    ),
    "modules": LintContext(modules=("536M",)),
    "wrong module": LintContext(modules=("560M",)),
}


@pytest.mark.parametrize(
    ("check", "text", "parameter", "how"),
    [
        ("password-falls-back", "admin password: letters1", "admin password", {}),
        ("password-falls-back", "user password: 4294967296", "user password", {}),
        ("default-password", "admin password: 22222", "admin password", {}),
        ("default-password", "user password:", "user password", {}),
        ("default-password", "user password: 4711815", "admin password", {"context": "complete"}),
        ("weak-password", "user password: 1234", "user password", {}),
        ("weak-password", "admin password: 987654", "admin password", {}),
        ("weak-password", "admin password: 77777", "admin password", {}),
        ("weak-password", "sip line1 password: short", "sip line1 password", {}),
        ("weak-password", "sip line1 password: Password", "sip line1 password", {}),
        (
            "weak-password",
            "sip line1 user name: 1001-berlin\nsip line1 password: 1001-Berlin",
            "sip line1 password",
            {},
        ),
        (
            "weak-password",
            "sip line1 user name: 6283185\nuser password: 6283185",
            "user password",
            {},
        ),
        ("line-above-maximum", "sip line10 user name: a", "sip line10 user name", {}),
        ("line-above-maximum", "sip line0 user name: a", "sip line0 user name", {}),
        (
            "line-above-maximum",
            "sip line7 user name: a",
            "sip line7 user name",
            {"model": "6730i"},
        ),
        (
            "port-zero",
            "sip proxy ip: 192.0.2.1\nsip proxy port: 0",
            "sip proxy port",
            {},
        ),
        ("port-zero", "sip line2 registrar ip: pbx", "sip line2 registrar port", {}),
        (
            "port-zero",
            "sip proxy ip: pbx\nsip proxy port: 5060\nsip line1 proxy ip: b",
            "sip line1 proxy port",
            {},
        ),
        ("port-zero", "sip outbound proxy: pbx", "sip outbound proxy port", {}),
        (
            "registrar-without-backup",
            "sip backup registrar ip: b\nsip line1 registrar ip: a",
            "sip line1 backup registrar ip",
            {"context": "demand"},
        ),
        (
            "not-for-this-line",
            "sip outbound proxy: a\nsip line3 registrar ip: b",
            "sip line3 outbound proxy",
            {},
        ),
        (
            "not-for-this-line",
            "sip vmail: *97\nsip line1 user name: b",
            "sip line1 vmail",
            {},
        ),
        (
            "registrar-without-backup",
            "sip registrar ip: pbx\nsip backup registrar ip: 0.0.0.0",
            "sip backup registrar ip",
            {"context": "demand"},
        ),
        (
            "registrar-without-backup",
            "sip line2 registrar ip: pbx",
            "sip line2 backup registrar ip",
            {"context": "demand"},
        ),
        (
            "backup-servers-differ",
            "sip backup registrar ip: b\nsip backup proxy ip: c",
            "sip backup proxy ip",
            {},
        ),
        ("account-incomplete", "sip line1 user name: a", "sip line1 password", {}),
        ("account-incomplete", "sip line1 password: 8byteslong", "sip line1 user name", {}),
        ("key-out-of-range", "prgkey7 type: blf", "prgkey7 type", {}),
        ("key-out-of-range", "softkey1 type: blf", "softkey1 type", {}),
        ("key-out-of-range", "topsoftkey11 type: blf", "topsoftkey11 type", {"model": "57i"}),
        ("key-out-of-range", "expmod1 key37 type: blf", "expmod1 key37 type", {}),
        (
            "key-out-of-range",
            "expmod1 key37 type: blf",
            "expmod1 key37 type",
            {"model": "6755i", "context": "modules"},
        ),
        ("module-not-possible", "expmod1 key1 type: blf", "expmod1 key1 type", {"model": "6731i"}),
        ("module-not-possible", "expmod4 key1 type: blf", "expmod4 key1 type", {}),
        (
            "module-not-possible",
            "expmod2 key1 type: blf",
            "expmod2 key1 type",
            {"context": "modules"},
        ),
        (
            "module-not-possible",
            "expmod1 key1 type: blf",
            "expmod1 key1 type",
            {"context": "wrong module"},
        ),
        ("key-twice", "prgkey1 type: blf\nprgkey 1 type: line", "prgkey1 type", {}),
        ("key-stays-locked", "prgkey2 type: blf", "prgkey2 locked", {}),
        ("cannot-be-written", 'sip vmail: say "hello"', "sip vmail", {}),
        ("unknown-parameter", "sip line1 usr name: a", "sip line1 usr name", {}),
        ("wrong-value", "contact rcs: no", "contact rcs", {}),
        ("wrong-value", "sip line1 proxy port: 70000", "sip line1 proxy port", {}),
        ("retry-timer", "sip registration retry timer: 10", "sip registration retry timer", {}),
        ("auto-resync", "auto resync mode: 4", "auto resync mode", {}),
        ("auto-resync", "auto resync time: noon", "auto resync time", {}),
        ("uri-too-long", f"action uri poll: http://a/{'x' * 120}", "action uri poll", {}),
        ("uri-not-ascii", "action uri poll: http://a/ä", "action uri poll", {}),
        ("action-uri-unreachable", "action uri poll: nonsense", "action uri poll", {}),
        (
            "action-uri-unreachable",
            "action uri poll: http://203.0.113.9/p",
            "action uri poll",
            {"context": "hosts"},
        ),
        ("model-lacks", "vlan id port 1: 4095", "vlan id port 1", {"model": "6730i"}),
        ("placeholder-left", "sip proxy ip: {{ proxy }}", "sip proxy ip", {}),
        ("placeholder-left", "sip vmail: ${vmail}", "sip vmail", {}),
        ("parameter-twice", "time format: 0\nTime  Format: 1", "time format", {}),
        ("weak-tls", "https validate certificates: 0", "https validate certificates", {}),
        ("weak-tls", "https client method: SSL 3.0", "https client method", {}),
        ("unquoted-hash", "sip dial plan: x+#|xx+*", "sip dial plan", {}),
        ("unquoted-hash", "sip password: #hunter", "sip password", {}),
        ("unread-line", "what is this", "", {}),
        ("empty-global-file", " \n", "", {"name": "aastra.cfg"}),
        ("masked-secret", "sip line1 password: ********", "sip line1 password", {}),
        ("masked-secret", "admin password: ***", "admin password", {}),
        ("masked-secret", "firmware server: ftp://\u2026@10.0.0.5/fw", "firmware server", {}),
        ("proxy-without-registrar", "sip line1 proxy ip: pbx", "sip line1 registrar ip", {}),
        (
            "proxy-without-registrar",
            "sip registrar ip: pbx\nsip line1 proxy ip: pbx",
            "sip line1 registrar ip",
            {"name": "00085D126411.cfg"},
        ),
        (
            "proxy-without-registrar",
            "sip proxy ip: pbx\nsip user name: 1001",
            "sip registrar ip",
            {},
        ),
        (
            "proxy-without-registrar",
            "sip proxy ip: pbx",
            "sip registrar ip",
            {"context": "complete"},
        ),
        ("key-line", "topsoftkey1 line: 12", "topsoftkey1 line", {"model": "6757i"}),
        ("key-line", "expmod1 key2 line: 10", "expmod1 key2 line", {}),
        ("wrong-value", "softkey1 type: speedial", "softkey1 type", {"model": "6757i"}),
        ("wrong-value", "softkey1 states: idel connected", "softkey1 states", {"model": "6757i"}),
        ("wrong-value", "priority non-ip: 9", "priority non-ip", {}),
        ("wrong-value", "tos sip: 64", "tos sip", {}),
        ("wrong-value", "sip line1 mode: 4", "sip line1 mode", {}),
        ("wrong-value", "download protocol: SCP", "download protocol", {}),
        ("wrong-value", "sip transport protocol: 3", "sip transport protocol", {}),
        ("wrong-value", "sip proxy ip: 2001:db8::5", "sip proxy ip", {"model": "6930"}),
        ("wrong-value", "sip proxy ip: 2001:db8::5\nipv6: 1", "sip proxy ip", {"model": "53i"}),
        ("time-zone-name", "time zone name: America/New_York", "time zone name", {}),
        ("language-not-loaded", "language: 3\nlanguage 1: lang_de.txt", "language", {}),
        ("language-not-loaded", "web language: 2", "web language", {"context": "complete"}),
        ("web-interface-off", "web interface enabled: 0", "web interface enabled", {}),
        *(
            ("fetches-elsewhere", f"{name}: {value}", name, {"context": "hosts"})
            for name, value in (
                ("http server", "old.example.com"),
                ("https server", "old.example.com:8443/x"),
                ("tftp server", "10.0.0.5"),
                ("alternate tftp server", "10.0.0.5"),
                ("ftp server", "10.0.0.5"),
                ("firmware server", "http://old.example.com/fw"),
                ("upgrade uri", "http://old.example.com:8667/Aastra"),
                ("language 1", "http://old.example.com/lang_de.txt"),
                ("directory 1", "tftp://old.example.com/a.csv"),
                ("custom ringtone 1", "ftp://10.0.0.5/a.wav"),
            )
        ),
        *(
            ("file-not-served", f"{name}: {value}", name, {"context": "files"})
            for name, value in (
                ("directory 1", "Corporate.csv"),
                ("sips trusted certificates", "corp.pem"),
                ("https user certificates", "old/ca.pem"),
                ("custom ringtone 1", "chime.wav"),
                ("language 1", "lang_fr.txt"),
                ("idle picture of our house", "logo.png"),
                ("language 2", "http://fleet.example.com/i18n/lang_de.txt"),
            )
        ),
        ("comment-mark", "sip screen name: Ann // boss", "sip screen name", {}),
        ("comment-mark", "prgkey1 label: Ann ; boss", "prgkey1 label", {}),
        ("model-by-number", "lldp: 1", "", {"model": "6915d"}),
        (
            "line-above-maximum",
            "sip line10 user name: a",
            "sip line10 user name",
            {"model": "6753d"},
        ),
        ("not-utf8", "\udcfc: a", "", {}),
    ],
)
def test_a_check_holds(check: str, text: str, parameter: str, how: dict[str, str]) -> None:
    context = {"context": _NEEDS[how["context"]]} if "context" in how else {}
    assert parameter in _held(check, text, **{**how, **context})


@pytest.mark.parametrize(
    ("check", "text", "how"),
    [
        ("password-falls-back", "admin password: 4294967295\nuser password:", {}),
        ("default-password", "user password: 4711815", {}),
        ("weak-password", "admin password: 48151623\nsip line1 password: k3Yh-2pQz", {}),
        ("line-above-maximum", "sip line9 user name: a", {}),
        ("line-above-maximum", "sip line24 user name: a", {"model": "6999x"}),
        (
            "port-zero",
            "sip proxy port: 5060\nsip line1 proxy ip: b\nsip line1 proxy port: 5060",
            {},
        ),
        ("port-zero", "sip proxy ip: 0.0.0.0", {}),
        ("registrar-without-backup", "sip registrar ip: pbx", {}),
        (
            "registrar-without-backup",
            "sip registrar ip: a\nsip backup registrar ip: b\nsip line1 user name: c",
            {"context": "demand"},
        ),
        ("not-for-this-line", "sip registrar ip: a\nsip line1 user name: b\nsip vmail:", {}),
        (
            "not-for-this-line",
            "sip outbound proxy: a\nsip line1 proxy ip: b\nsip line1 outbound proxy: 0.0.0.0",
            {},
        ),
        ("registrar-without-backup", "sip line1 registrar ip: 0.0.0.0", {"context": "demand"}),
        ("backup-servers-differ", "sip backup registrar ip: B\nsip backup proxy ip: b", {}),
        ("account-incomplete", "sip line1 user name:\nsip line1 password:", {}),
        ("key-out-of-range", "prgkey6 type: blf\nexpmod3 key36 type: blf", {}),
        ("key-out-of-range", "expmod1 key60 type: blf", {"model": "6755i"}),
        ("key-out-of-range", "prgkey99 type: blf", {"model": "6999x"}),
        ("module-not-possible", "expmod1 key1 type: blf", {"context": "modules"}),
        ("key-twice", "prgkey1 type: blf\nprgkey1 value: 1\nprgkey2 type: blf", {}),
        ("key-stays-locked", "prgkey2 type: blf\nprgkey2 locked: 0\nprgkey5 type: blf", {}),
        ("unknown-parameter", "topsoftkey1 label: a\nexpmod1 key2 type: blf", {}),
        ("retry-timer", "sip registration timeout retry timer: 30", {}),
        ("auto-resync", "auto resync mode: 3\nauto resync time: 03:30", {}),
        ("uri-too-long", f"action uri poll: http://a/{'x' * 119}", {}),
        (
            "action-uri-unreachable",
            "action uri poll: http://FLEET.example.com:8080/p?i=$$LOCALIP$$\n"
            "action uri startup: https://192.0.2.1/\naction uri incoming: http://198.51.100.7/\n"
            "action uri onhook: http://$$PROXYURL$$/\naction uri offhook:",
            {"context": "hosts"},
        ),
        ("action-uri-unreachable", "action uri poll: http://203.0.113.9/p", {}),
        ("model-lacks", "vlan id port 1: 4095", {}),
        ("placeholder-left", "action uri poll: http://a/?i=$$LOCALIP$$", {}),
        ("unquoted-hash", 'time format: 1 # 24 hours\nsip dial plan: "x#" # ours\ntone set: #', {}),
        ("empty-global-file", "# nothing", {"name": "aastra.cfg"}),
        ("masked-secret", "sip line1 password: 7Hq*mZp9Lk\nsip display name: ****", {}),
        ("weak-password", "mask sip password: 1\npin code suppression: 1", {}),
        ("weak-password", "sip line1 password: ****", {}),
        (
            "proxy-without-registrar",
            "sip line1 proxy ip: a\nsip line1 registrar ip: 0.0.0.0\nsip line2 user name: b",
            {},
        ),
        ("proxy-without-registrar", "sip proxy ip: a", {"name": "00085D126411.cfg"}),
        ("key-line", "prgkey1 line: 9\nprgkey2 line: 0", {}),
        ("wrong-value", "prgkey1 type: SpeedDial\nprgkey1 states: idle  busy", {}),
        ("wrong-value", "sip proxy ip: 2001:db8::5\nipv6: 1", {"model": "6930"}),
        ("wrong-value", "time server1: [2001:db8::5]\nipv6: 1", {"model": "6865i"}),
        ("time-zone-name", "time zone name: US-Eastern", {}),
        ("language-not-loaded", "language: 3", {}),
        ("language-not-loaded", "language: 1\nlanguage 1: lang_de.txt\nweb language: 0", {}),
        ("web-interface-off", "web interface enabled: 1", {}),
        (
            "fetches-elsewhere",
            "http server: fleet.example.com\ntftp server: 198.51.100.7\nftp server: 0.0.0.0\n"
            "firmware server: http://fleet.example.com:8090/fw\nlanguage 1: lang_de.txt\n"
            "softkey1 value: http://crm.example.com/a.xml",
            {"context": "hosts"},
        ),
        ("fetches-elsewhere", "http server: old.example.com", {}),
        (
            "file-not-served",
            "https user certificates: ca.pem\nlanguage 1: i18n\\lang_fr.txt\n"
            "language 2: http://fleet.example.com/i18n/lang_fr.txt\n"
            "directory 1: http://old.example.com/a.csv\nprgkey1 value: http://a/logo.png",
            {"context": "files"},
        ),
        ("file-not-served", "directory 1: Corporate.csv", {}),
        ("file-not-served", "directory 1: http://[[", {"context": "files"}),
        (
            "unknown-parameter",
            "directory 1 name: a\nmask sip password: 1\nsip park pickup config: 70;70;asterisk\n"
            "sip line1 dnd: 0\ncustom ringtone 1: a.wav\nsip refer-to with replaces: 0",
            {},
        ),
        ("comment-mark", "sip park pickup config: 70;70;asterisk\nupgrade uri: http://a//b", {}),
        ("comment-mark", "sip line1 password: a//b;c", {}),
        ("model-by-number", "lldp: 1", {"model": "53i"}),
        ("model-by-number", "lldp: 1", {"model": "6799x"}),
        ("empty-global-file", "", {"name": "6753i.cfg"}),
    ],
)
def test_a_check_leaves_alone_what_is_well(check: str, text: str, how: dict[str, str]) -> None:
    context = {"context": _NEEDS[how["context"]]} if "context" in how else {}
    assert _held(check, text, **{**how, **context}) == []


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("admin password: letters1", Severity.CRITICAL),
        ("sip proxy ip: pbx.example.com\nsip proxy port: 0", Severity.WARNING),
        ("sip proxy ip: 192.0.2.1\nsip proxy port: 0", Severity.INFO),
        ("sip lin1 user name: a", Severity.WARNING),
        ("something of another vendor: a", Severity.INFO),
    ],
)
def test_what_breaks_a_phone_weighs_more_than_what_may(text: str, severity: Severity) -> None:
    assert _found(text)[0].severity is severity


def test_the_worst_comes_first_and_says_where_it_stands() -> None:
    found = _found("contact rcs: no\nadmin password: letters1")
    assert [(one.check, one.line) for one in found[:2]] == [
        ("password-falls-back", 2),
        ("wrong-value", 1),
    ]


@pytest.mark.parametrize("name", ["admin password", "user password"])
def test_of_a_69xx_it_depends_on_the_firmware_whether_letters_are_taken(name: str) -> None:
    (finding,) = _found(f"{name}: Str0ngPassw0rd", model="6930")
    assert (finding.check, finding.severity) == ("password-falls-back", Severity.WARNING)
    assert "firmware" in finding.text


def test_an_unknown_name_gets_a_suggestion() -> None:
    (finding,) = _found("auto resinc mode: 1")
    assert "did you mean `auto resync mode`?" in finding.text


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_described(check: str) -> None:
    assert f"`{check}`" in _GUIDE.read_text(encoding="utf-8")


@given(st.lists(PARAMETERS, max_size=20), st.sampled_from(["", *MODELS]), st.booleans())
def test_no_parameters_make_a_check_fail(
    parameters: list[Parameter], model: str, complete: bool
) -> None:
    context = LintContext(
        complete=complete,
        demand_backup=True,
        our_hosts=("a", "bad/net"),
        modules=("", "x"),
        has_file=lambda _: False,
    )
    for finding in lint(parameters, model, context):
        assert finding.check in CHECKS
        assert finding.text.endswith((".", "?"))


@given(st.binary(max_size=300))
def test_no_file_makes_a_check_fail(content: bytes) -> None:
    lint_file(read(content, name="aastra.cfg"), "6753i")


@given(st.text("abcdefgh23456789", min_size=6, max_size=40))
def test_no_finding_tells_a_secret(secret: str) -> None:
    names = ("admin password", "user password", "sip line1 password", "http digest password")
    parameters = [Parameter(name=name, value=f"{secret}\n") for name in names]
    parameters += [Parameter(name=name, value=secret) for name in names]
    for finding in lint(parameters, "6753i"):
        assert secret not in repr(finding)
