"""Variables and ranges in the configuration of an inventory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import ConfigurationError, InventoryError
from fleet.inventory import parse_yaml
from fleet.inventory.templates import expand, read_template, written
from fleet.model import IntendedAccount, Phone, Template

PHONE = Phone(
    host="10.1.0.21",
    mac="00:08:5D:12:64:11",
    name="Empfang",
    site="berlin",
    accounts=(
        IntendedAccount(line=1, user="4930123401", display_name="Reception"),
        IntendedAccount(line=3, user="403", auth_name="x403", sip_password="S3cret-pass"),
    ),
)


def expanded(text: str) -> str:
    template = read_template(text)
    return expand(template, PHONE, "6753i") if isinstance(template, Template) else template


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{name}", "Empfang"),
        ("http://h/{mac}.xml", "http://h/00085D126411.xml"),
        ("{mac|colons|lower}", "00:08:5d:12:64:11"),
        ("{mac|dashes}", "00-08-5D-12-64-11"),
        ("{line.1.user|last:4}", "3401"),
        ("{line.1.user|first:2}-{line.3.user}", "49-403"),
        ("{line.3.auth_name}", "x403"),
        ("{line.1.auth_name}", "4930123401"),
        ("{line.3.display_name|default:Phone}", "Phone"),
        ("{line.2.user|default:none}", "none"),
        ("{site|upper} {model}", "BERLIN 6753i"),
        ("{host|digits}", "101021"),
        ("{open}name}", "{name}"),
    ],
)
def test_a_variable_becomes_the_phones_own_word(text: str, result: str) -> None:
    assert expanded(text) == result


@pytest.mark.parametrize(
    "text",
    [
        "x+#|xx+*",
        "{{name}}",
        "{$name}",
        "${name}",
        "{1,3}",
        "{",
        "}{",
        "{}",
        "{NAME}",
        "{ name }",
        "$$SIPUSERNAME$$",
        '{"a": 1}',
    ],
)
def test_what_is_no_variable_stays_as_it_is(text: str) -> None:
    assert read_template(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{nmae}", "no variable nmae (did you mean name?)"),
        ("{line.1.password}", "no variable line.1.password"),
        ("{line.1.sip_password}", "no variable line.1.sip_password"),
        ("{line.2.usr}", "did you mean line.1.user?"),
        ("{name|upcase}", "no function upcase"),
        ("{name|last}", "write a number, such as last:4"),
        ("{name|last:0}", "write a number"),
    ],
)
def test_what_does_not_exist_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read_template(text)
    assert said in str(caught.value)


def test_an_empty_value_without_a_default_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"\{line.2.user\} is empty"):
        expanded("{line.2.user}")


@given(st.text(alphabet='{}|:.namelioustr1$ #"', max_size=30))
def test_any_text_can_be_written_and_read_again(text: str) -> None:
    assert expanded(written(text)) == text


YAML = """
sites:
  berlin:
    configuration:
      parameters: {sip screen name: "{name} {line.1.user|last:4}"}
      keys:
        prgkey1-3: {type: blf, value: 101..103, line: 1}
        "!prgkey4": speeddial 0301234
        expmod1 key01-2: blf sip007..008
    phones: [{host: 10.1.0.21, mac: "00:08:5D:00:00:01", model: 6753i}]
"""


def test_keys_come_in_ranges_and_in_one_text() -> None:
    [site] = parse_yaml(YAML, source="x").sites
    said = {name: str(wanted.value) for name, wanted in site.intent.parameters.items()}
    assert [said[f"prgkey{n} value"] for n in (1, 2, 3)] == ["101", "102", "103"]
    assert [said[f"prgkey{n} line"] for n in (1, 2, 3)] == ["1", "1", "1"]
    assert (said["prgkey4 type"], said["prgkey4 value"]) == ("speeddial", "0301234")
    assert site.intent.parameters["prgkey4 type"].lock
    assert [said[f"expmod1 key{n} value"] for n in (1, 2)] == ["sip007", "sip008"]
    assert site.intent.parameters["sip screen name"].value == Template(
        "{name} {line.1.user|last:4}"
    )


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("prgkey1-3: {type: blf, value: 101..104}", "101..104 has 4 values for 3 keys"),
        ("prgkey3-1: {type: blf}", "is not a key"),
        ("20-29: blf 101..110", "is not a key"),
        ("prgkey1-2: {type: blf}\n        prgkey2: {type: dnd}", "is set twice"),
    ],
)
def test_a_wrong_range_is_refused(key: str, said: str) -> None:
    text = YAML.replace("prgkey1-3: {type: blf, value: 101..103, line: 1}", key)
    with pytest.raises(InventoryError) as caught:
        parse_yaml(text, source="x")
    assert said in " ".join(row.reason for row in caught.value.bad_rows)
