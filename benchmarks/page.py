"""The page that every contender is given: about 7.8 kB, nested layout tables, three lines.

Written in the manner of an embedded web server of 2010: the table that matters is one tenth of it.
No capture of a real page is known; fleet.simulator.page says what the reconstruction rests on.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.simulator.spec import PhoneSpec

FROZEN_CLOCK = "Mon Nov 23 2026 10:15:00"

# Line 1 is registered. Understood alike by POSIX (check_http) and by RE2 (blackbox_exporter).
REGISTERED = r"<td>1</td>[[:space:]]*<td>[^<]*</td>[[:space:]]*<td>Registered</td>"

_SECTIONS = ("network", "hardware", "firmware", "sip", "banner", "menu", "content", "footer")
_STYLE = "".join(
    f"#{name} td {{ border-bottom: 1px dashed #999999; padding: 3px 6px; vertical-align: top }}\n"
    f"#{name} .label {{ width: 220px; color: #555555; font-weight: bold }}\n"
    f"#{name} a {{ color: #003366; text-decoration: none; font-family: Arial, sans-serif }}\n"
    f"#{name} a:hover {{ color: #6699cc }}\n"
    for name in _SECTIONS
)
_SCRIPT = """\
<script type="text/javascript">
<!--
function over(cell) { cell.style.backgroundColor = '#d6e3f1'; }
function out(cell) { cell.style.backgroundColor = '#ffffff'; }
function go(page) { document.location.href = page; return false; }
// -->
</script>
"""
_MENU = {
    "Status": ("System Information", "License Status"),
    "Operation": ("User Password", "Phone Lock", "Softkeys and XML", "Directory", "Reset"),
    "Basic Settings": ("Preferences", "Account Configuration", "Custom Ringtones"),
    "Advanced Settings": (
        *("Network", "Global SIP", "Line 1", "Line 2", "Line 3", "Line 4", "Line 5", "Line 6"),
        *("Action URI", "Configuration Server", "Firmware Update", "TLS Support"),
    ),
}


def benchmark_page(spec: PhoneSpec, clock: str = FROZEN_CLOCK) -> str:
    """The page of one phone."""
    sections = "".join(
        (
            _section("network", "Network Status", _NETWORK),
            _section("hardware", "Hardware Information", _hardware(spec)),
            _section("firmware", "Firmware Information", _firmware(spec, clock)),
            _section("sip", "SIP Status", _lines(spec)),
        )
    )
    return (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">\n<html>\n<head>\n'
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
        f"<title>{spec.maker} {spec.model}</title>\n"
        f'<style type="text/css">\n{_STYLE}</style>\n{_SCRIPT}</head>\n<body>\n'
        '<table id="page" border="0" cellpadding="0" cellspacing="0" width="760"><tr>\n'
        f'<td id="banner" colspan="2"><img src="images/banner.gif" alt=""></td></tr>\n<tr>\n'
        f'<td id="menu" valign="top" width="180">\n{_menu()}</td>\n'
        f"<td valign=\"top\"><div id='content'>\n<h2>System Information</h2>\n{sections}"
        "</div></div><div id='footer'>Copyright</div></td></tr></table>\n</body>\n</html>\n"
    )


_NETWORK = (
    ("Attribute", "LAN Port", "PC Port"),
    ("Link State", "Up", "Down"),
    ("Negotiation", "Auto", "Auto"),
    ("Speed", "100Mbps", "n/a"),
    ("Duplex", "Full", "n/a"),
)


def _hardware(spec: PhoneSpec) -> tuple[tuple[str, ...], ...]:
    return ("Attribute", "Value"), ("MAC Address", spec.mac), ("Platform", spec.model)


def _firmware(spec: PhoneSpec, clock: str) -> tuple[tuple[str, ...], ...]:
    return (
        ("Attribute", "Value"),
        ("Firmware Version", spec.firmware),
        ("Firmware Release Code", "SIP"),
        ("Boot Version", spec.boot_version),
        ("Date/Time", clock),
    )


def _lines(spec: PhoneSpec) -> tuple[tuple[str, ...], ...]:
    return spec.wording.headers, *(line.cells(spec.wording) for line in spec.lines)


def _section(name: str, heading: str, rows: Iterable[tuple[str, ...]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>\n" for row in rows)
    return (
        f'<table id="{name}" border="0" cellpadding="0" cellspacing="0" width="100%"><tr><td>\n'
        f'<p class="heading"><b>{heading}</b></p>\n'
        f'<table border="0" cellpadding="2" cellspacing="0" width="540">\n{body}</table>\n'
        "</td></tr></table>\n"
    )


def _menu() -> str:
    groups = []
    for group, entries in _MENU.items():
        rows = "".join(
            '<tr><td onmouseover="over(this)" onmouseout="out(this)">'
            f'<a href="#" onclick="return go(\'#\')">{entry}</a></td></tr>\n'
            for entry in entries
        )
        groups.append(f'<table width="170"><tr><td><b>{group}</b></td></tr>\n{rows}</table>\n')
    return "".join(groups)
