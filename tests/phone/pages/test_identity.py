"""MAC, model and versions: by their labels, in any markup, or not at all."""

from __future__ import annotations

import pytest

from fleet.phone.pages import read_page
from tests.phone.pages.pages import sip_table

TABLE = sip_table(("1", "1001@pbx.example", "Registered", "No"))


def identity(markup: str, title: str = "") -> tuple[str, str, str, str]:
    source = f"<html><title>{title}</title><body>{markup}{TABLE}</body></html>"
    facts = read_page(source.encode())
    return facts.mac, facts.model, facts.firmware, facts.boot_version


ALL = ("00:08:5D:10:20:30", "6753i", "3.3.1.4365", "2.5.2.1010")
VALUES = (
    ("MAC Address", "00:08:5D:10:20:30"),
    ("Platform", "53i"),
    ("Firmware Version", "3.3.1.4365"),
    ("Boot Version", "2.5.2.1010"),
)


@pytest.mark.parametrize(
    "pattern",
    [
        "<tr><td>{}</td><td>{}</td></tr>",
        "<tr><td>{}:</td><td>{}</td></tr>",
        "<tr><td>{}</td><td>:</td><td>{}</td></tr>",
        "<dt>{}</dt><dd>{}</dd>",
        "<div><span>{} :</span> <span>{}</span></div>",
        "<p>{}: {}</p>",
        "<b>{}</b>: {}<br>",
        "<li>{}<ul><li>{}</li></ul></li>",
    ],
)
def test_values_stand_behind_their_labels_in_any_markup(pattern: str) -> None:
    assert identity("".join(pattern.format(*pair) for pair in VALUES)) == ALL


def test_labels_may_be_broken_and_in_capitals() -> None:
    markup = "<td>MAC<br>Address<td>00085D102030<td><b>FIRMWARE</b> VERSION<td>3.3.1.4365"
    assert identity(f"<table><tr>{markup}</table>") == (ALL[0], "", ALL[2], "")


def test_french_labels_are_known() -> None:
    markup = "<p>Adresse MAC</p><p>00:08:5D:10:20:30</p><p>Plate-forme</p><p>6753i Revision 0</p>"
    assert identity(markup + "<p>Version logicielle</p><p>3.3.1.4365</p>") == (*ALL[:3], "")


def test_an_empty_value_is_not_the_next_label() -> None:
    markup = "<p>Platform</p><p></p><p>Firmware Version</p><p></p><p>Boot Version</p><p>1.2</p>"
    assert identity(markup) == ("", "", "", "1.2")


@pytest.mark.parametrize(
    "mac", ["00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "01:08:5D:10:20:30", "n/a", "00:08:5D:10:20"]
)
def test_what_is_no_devices_address_is_no_mac(mac: str) -> None:
    assert identity(f"<p>MAC Address</p><p>{mac}</p>")[0] == ""


@pytest.mark.parametrize(
    "value", ["n/a", "SIP", "10:15", "3.3.1.4365", "6753i since 10:15", "x" * 60]
)
def test_what_is_no_model_is_none(value: str) -> None:
    assert identity(f"<p>Platform</p><p>{value}</p>")[1] == ""


def test_an_unknown_model_keeps_its_name() -> None:
    assert identity("<p>Platform</p><p>Mitel 6999x Revision 2</p>")[1] == "6999x"


def test_the_title_names_the_model_where_nothing_else_does() -> None:
    assert identity("", title="Aastra 6757i CT")[1] == "6757i CT"
    assert identity("<p>Platform</p><p>6753i</p>", title="Aastra 6757i")[1] == "6753i"
    assert identity("", title="Router 3000")[1] == ""


def test_the_one_address_of_these_phones_is_the_mac_where_no_label_is_known() -> None:
    assert identity("<p>Hardware-Adresse</p><p>00:08:5D:10:20:30</p>")[0] == ALL[0]
    two = "<p>00:08:5D:10:20:30</p><p>00:08:5D:10:20:31</p>"
    assert identity(two)[0] == ""
    assert identity("<p>AC:DE:48:00:11:22</p>")[0] == ""


def test_hidden_values_are_not_read() -> None:
    hidden = "<div style='DISPLAY : none'><p>MAC Address</p><p>00:08:5D:99:99:99</p></div>"
    assert identity(hidden + "<p>MAC Address</p><p>00:08:5D:10:20:30</p>")[0] == ALL[0]
