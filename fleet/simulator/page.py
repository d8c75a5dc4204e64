"""A believable status page, written from the facts (facts/web-ui 2) and nowhere read back.

No capture of a real page is known. The layout is a reconstruction: an outer layout table, a menu,
and the four sections of System Information.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.simulator.spec import PhoneSpec

_STYLE = """\
body { margin: 0; font-family: Arial, Helvetica, sans-serif; font-size: 12px; color: #333333 }
#banner { height: 64px; background: #003366 url(images/banner.gif) no-repeat }
#menu a { display: block; padding: 2px 8px; color: #003366; text-decoration: none }
#menu a:hover { background: #d6e3f1 }
table.section { width: 540px; border-collapse: collapse; margin-bottom: 14px }
table.section td { border-bottom: 1px dashed #999999; padding: 3px 6px; vertical-align: top }
table.section td.label { width: 220px; color: #555555 }
table.section th { text-align: left; background: #e8eef5; padding: 3px 6px }
table.layout { border-collapse: collapse; width: 100%; background: #ffffff }
table.layout td.left { width: 180px; background: #f0f4f8; border-right: 1px solid #c8d4e0 }
table.layout td.right { padding: 12px 18px; vertical-align: top }
input.text { width: 160px; border: 1px solid #8aa0b8; font-size: 12px }
input.button { background: #003366; color: #ffffff; border: 1px solid #001f3f; padding: 2px 10px }
.warning { color: #990000; font-weight: bold }
.note { color: #777777; font-style: italic; font-size: 11px }
.heading { font-weight: bold; font-size: 14px; color: #003366 }
#footer { clear: both; font-size: 10px; color: #777777 }
"""

_SCRIPT = """\
function show(name) {
  var groups = document.getElementsByTagName('ul');
  for (var i = 0; i < groups.length; i++) {
    if (groups[i].className == 'entries') { groups[i].style.display = 'none'; }
  }
  var group = document.getElementById('group-' + name);
  if (group) { group.style.display = 'block'; }
  remember(name);
}
function remember(name) {
  if (window.opener && !window.opener.closed) { window.opener.last = name; }
  window.status = 'Group ' + name;
}
function mark(link) {
  var links = document.getElementsByTagName('a');
  for (var i = 0; i < links.length; i++) { links[i].className = ''; }
  link.className = 'current';
  return true;
}
"""

_MENU = (
    ("Status", ("System Information", "License Status")),
    ("Operation", ("User Password", "Phone Lock", "Programmable Keys", "Directory", "Reset")),
    ("Basic Settings", ("Preferences", "Account Configuration", "Custom Ringtones")),
    (
        "Advanced Settings",
        (
            "Network",
            "Global SIP",
            *(f"Line {number}" for number in range(1, 10)),
            "Action URI",
            "Configuration Server",
            "Firmware Update",
            "TLS Support",
            "802.1x Support",
            "Troubleshooting",
        ),
    ),
)


def row(cells: Iterable[str], *, tag: str = "td") -> str:
    """A table row; the cells are plain text."""
    inner = "".join(f"<{tag}>{escape(cell, quote=False)}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>\n"


def table(rows: Iterable[str]) -> str:
    """A section's table of finished rows."""
    return f"<table class='section' cellspacing='0'>\n{''.join(rows)}</table>\n"


def sip_rows(spec: PhoneSpec) -> list[str]:
    """The finished rows of the phone's lines."""
    return [row(line.cells(spec.wording)) for line in spec.lines]


def sip_table(spec: PhoneSpec) -> str:
    """The SIP table as the phone would write it."""
    return table([row(spec.wording.headers, tag="th"), *sip_rows(spec)])


def page_with(spec: PhoneSpec, sip: str, *, clock: str = "Mon Nov 23 2026 10:15:00") -> str:
    """The whole page around a SIP section's markup."""
    sections = (
        f"<h2>{escape(spec.wording.title)}</h2>\n",
        _network(),
        _pairs(spec, "Hardware Information", _hardware(spec)),
        _pairs(spec, "Firmware Information", (*_firmware(spec), (spec.wording.clock, clock))),
        f"<p class='heading'>{escape(spec.wording.heading)}</p>\n<!-- sip -->{sip}<!-- /sip -->",
    )
    return shell(f"{spec.maker} {spec.model}", "".join(sections))


def status_page(spec: PhoneSpec) -> str:
    """The page of a phone in good order."""
    return page_with(spec, sip_table(spec))


def message_page(spec: PhoneSpec, heading: str, text: str) -> str:
    """One of the phone's own pages that holds a message and no table. `text` is markup."""
    return shell(f"{spec.maker} {spec.model}", f"<h2>{escape(heading)}</h2>\n<p>{text}</p>\n")


def shell(title: str, content: str) -> str:
    """The frame that every page of the phone has: banner, menu, content, footer."""
    return (
        "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN'>\n<html>\n<head>\n"
        "<meta http-equiv='Content-Type' content='text/html; charset=utf-8'>\n"
        f"<title>{escape(title)}</title>\n<style type='text/css'>\n{_STYLE}</style>\n"
        f"<script type='text/javascript'>\n{_SCRIPT}</script>\n"
        "</head>\n<body>\n<div id='banner'></div>\n<div id='page'>\n"
        "<table border='0' cellpadding='0' cellspacing='0' width='760'><tr>\n"
        f"<td id='menu' valign='top' width='180'>\n{_menu()}</td>\n"
        f"<td valign='top'>\n<div id='content'>\n{content}</div></div>"
        "<div id='footer'>Copyright</div>\n</td></tr></table>\n</body>\n</html>\n"
    )


def _menu() -> str:
    parts = []
    for number, (group, entries) in enumerate(_MENU):
        links = "".join(
            f"<li><a href='#' onclick='return mark(this)'>{entry}</a></li>\n" for entry in entries
        )
        parts.append(f"<b>{group}</b>\n<ul class='entries' id='group-{number}'>\n{links}</ul>\n")
    return "".join(parts)


def _network() -> str:
    rows = (
        ("Attribute", "LAN Port", "PC Port"),
        ("Link State", "Up", "Down"),
        ("Negotiation", "Auto", "Auto"),
        ("Speed", "100Mbps", "n/a"),
        ("Duplex", "Full", "n/a"),
    )
    return "<p class='heading'>Network Status</p>\n" + table(row(cells) for cells in rows)


def _hardware(spec: PhoneSpec) -> tuple[tuple[str, str], ...]:
    return (spec.wording.mac, spec.mac), (spec.wording.platform, spec.model)


def _firmware(spec: PhoneSpec) -> tuple[tuple[str, str], ...]:
    wording = spec.wording
    return (
        (wording.firmware, spec.firmware),
        (wording.release, "SIP"),
        (wording.boot, spec.boot_version),
    )


def _pairs(spec: PhoneSpec, heading: str, pairs: Sequence[tuple[str, str]]) -> str:
    head = row((spec.wording.attribute, spec.wording.value), tag="th")
    return f"<p class='heading'>{heading}</p>\n" + table([head, *map(row, pairs)])
