"""Pages for the tests of the reader, built here so that they share nothing with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from hypothesis import strategies as st

from fleet.model import Account, Line, Registration

HEADERS = ("Line", "SIP Account", "Status", "Backup Registrar Used?")
CLOCK = "Tue Mar 04 2014 09:12:44"


def row(*cells: str, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(one, quote=False)}</{tag}>" for one in cells) + "</tr>"


def table(*rows: str) -> str:
    return "<table>\n" + "\n".join(rows) + "\n</table>\n"


def sip_table(*rows: tuple[str, ...], headers: tuple[str, ...] = HEADERS) -> str:
    return table(row(*headers, tag="th"), *(row(*one) for one in rows))


def page(content: str, *, title: str = "Aastra 6753i", clock: str = CLOCK) -> str:
    identity = table(
        row("MAC Address", "00:08:5D:10:20:30"),
        row("Platform", "6753i"),
        row("Firmware Version", "3.3.1.4365"),
        row("Boot Version", "2.5.2.1010"),
        row("Date/Time", clock),
    )
    return (
        f"<html><head><title>{title}</title></head><body><table><tr><td>Menu</td><td>"
        f"<h2>System Information</h2>{identity}<h3>SIP Status</h3>{content}"
        "</td></tr></table></body></html>\n"
    )


@dataclass(frozen=True)
class Told:
    """A page that was made up, and what it says."""

    source: str
    lines: tuple[Line, ...]
    body: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", self.source.encode())


STATES = (
    ("Registered", Registration.REGISTERED, None),
    ("Unregistered", Registration.UNREGISTERED, None),
    ("Enregistré", Registration.REGISTERED, None),
    ("Non enregistré", Registration.UNREGISTERED, None),
    ("401", Registration.FAILED, 401),
    ("503 Service Unavailable", Registration.FAILED, 503),
    ("Not Registered", Registration.UNKNOWN, None),
    ("Registered (401)", Registration.UNKNOWN, None),
    ("", Registration.UNKNOWN, None),
    ("200", Registration.UNKNOWN, None),
)
BACKUPS = (("Yes", True), ("No", False), ("Oui", True), ("", None), ("-", None))
DECOYS = (
    "",
    table(row("No.", "Caller", "Time", tag="th"), row("1", "2001@pbx.example", "10:31", "2")),
    table(row("1", "Alice", "2001@pbx.example"), row("2", "Bob", "2002@pbx.example")),
    table(row("Status", "Description", tag="th"), row("401", "Registration fails")),
    "<!--" + sip_table(("1", "9@x", "Registered", "Yes")) + "-->",
    "<div style='display: none'>" + sip_table(("1", "9@x", "Registered", "Yes")) + "</div>",
    "<noscript>" + sip_table(("1", "9@x", "Registered", "Yes")) + "</noscript>",
    "<p>Example:</p>" + sip_table(("1", "9@x", "Registered", "Yes")),
)
TELLINGS = (
    lambda source: source,
    lambda source: source.replace("</td>", "").replace("</th>", ""),
    lambda source: source.replace("</tr>", "").replace("</td>", ""),
    lambda source: source.replace("<td", "<TD").replace("<tr>", "<TR>").replace("<table", "<TABLE"),
    lambda source: source.replace("<th>", "<td>").replace("</th>", "</td>"),
    lambda source: source.replace("<td>", "<td>&nbsp;<b>").replace("</td>", "</b><br></td>"),
    lambda source: source.replace("<body>", "<body>" + "<div><table><tr><td>" * 12),
    lambda source: source.replace("\n", ""),
)


@st.composite
def lines_told(draw: st.DrawFn) -> tuple[list[tuple[str, ...]], tuple[Line, ...]]:
    numbers = draw(st.lists(st.integers(1, 99), unique=True, max_size=12))
    rows, lines = [], []
    for number in numbers:
        user = draw(st.from_regex(r"[a-z0-9][a-z0-9.+&-]{0,10}", fullmatch=True))
        host = draw(st.sampled_from(["pbx.example", "192.0.2.7", "[2001:db8::1]"]))
        port = draw(st.none() | st.integers(0, 65535))
        raw = f"{user}@{host}" + ("" if port is None else f":{port}")
        text, registration, code = draw(st.sampled_from(STATES))
        said, backup = draw(st.sampled_from(BACKUPS))
        account = Account(raw=raw, user=user, registrar=host.strip("[]"), port=port)
        rows.append((str(number), raw, text, said))
        lines.append(
            Line(
                number=number,
                registration=registration,
                account=account,
                code=code,
                backup=backup,
                status_text=text,
            )
        )
    return rows, tuple(lines)


@st.composite
def told_pages(draw: st.DrawFn) -> Told:
    """Pages in many shapes, with what they say."""
    rows, lines = draw(lines_told())
    before, after = draw(st.sampled_from(DECOYS)), draw(st.sampled_from(DECOYS))
    telling = draw(st.sampled_from(TELLINGS))
    return Told(telling(page(before + sip_table(*rows) + after)), lines)
