"""What counts as a template's placeholder, and what a phone or a pattern has of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.config_file import read
from fleet.phone.lint import lint_file
from fleet.phone.lint.placeholders import has_placeholder

LEFT = (
    *("$localip", "${x}", "$(x)", "$x$", "$$server_ip$$", "$$AA_SERVER_AA$$"),
    *("{{ x }}", "{{x}}", "{{{x}}}", "{$x}", "{$server.ip.1}", "{LOGOUT_SCRIPT}", "{x|default}"),
    *("{%if x%}", "{# x #}", "{if $x eq 1}", "{/if}", "#{x}", "@{x}", "!{x}", "%{x}", "*{x}"),
    *("%VOICEMAIL%", "%%X%%", "%server%", "pbx.%DOMAIN%", "%(x)s", "http://%s/x"),
    *("<x>", "http://<server address>/", "<%= x %>", "<?php echo $x ?>", "<?=x?>", "<<x>>"),
    *('<TMPL_VAR NAME="x">', "[% x %]", "[[x]]", "[VMNUMBER]", "[vm_number]", "*|X|*"),
    *("__X__", "__account_x__", "@X@", "@@PARK@@", "http://{server}/a", "http://$server/a"),
)
OWN = (
    *("http://$$PROXYURL$$:22222/Logon", "http://a/?i=$$LOCALIP$$&n=$$SIPUSERNAME$$"),
    *(
        "[0-9]",
        "[abc]",
        "[2001:db8::1]",
        "http://[2001:db8::1]/",
        "x+#|xx+*",
        "*97",
        "70;70;asterisk",
    ),
    *("http://a/%20b%C3%A9%AB%CD", "https://a/?x=%41%42", "100%", "50% of 100%", "$5.00"),
    *("a_b__c.csv", "user@host", "Ann <3 Bob", "<- back ->", "US-Eastern", ""),
)


@pytest.mark.parametrize("value", LEFT)
def test_the_marks_of_any_template_system_are_a_placeholder(value: str) -> None:
    assert has_placeholder("softkey1 value", value)


@pytest.mark.parametrize("value", OWN)
def test_what_phones_fill_in_and_patterns_are_none(value: str) -> None:
    assert not has_placeholder("softkey1 value", value)


@pytest.mark.parametrize("value", ["[0-9]+#|[2-9]x{3}|<:1234>x.|%x%", "x+#|[ABCD]xx"])
def test_a_dial_plan_may_hold_any_single_mark(value: str) -> None:
    assert not has_placeholder("sip dial plan", value)


@pytest.mark.parametrize("value", ["{{ plan }}", "<?=plan?>", "${plan}"])
def test_a_dial_plan_may_be_a_placeholder(value: str) -> None:
    assert has_placeholder("sip dial plan", value)


@pytest.mark.parametrize(
    ("value", "is_left"),
    [("$password", True), ("%PASS%", True), ("Pa$sword{x}1", False), ("a<b>c%d%e", False)],
)
def test_in_a_password_a_doubtful_mark_counts_only_as_the_whole_value(
    value: str, is_left: bool
) -> None:
    assert has_placeholder("sip line1 password", value) is is_left


def test_a_label_may_stand_in_square_brackets() -> None:
    assert not has_placeholder("softkey1 label", "[DND]")


def test_a_placeholder_is_found_once_and_not_called_a_wrong_value_too() -> None:
    found = lint_file(read(b"sip registrar ip: $localip\nsip vmail: #{vmail}\n"))
    assert {(one.check, one.parameter) for one in found} >= {
        ("placeholder-left", "sip registrar ip"),
        ("placeholder-left", "sip vmail"),
    }
    assert "wrong-value" not in {one.check for one in found}


@given(st.text("$%{}[]<>@_#ax. ", max_size=60), st.sampled_from(["sip vmail", "sip password"]))
def test_no_value_stops_it(value: str, name: str) -> None:
    has_placeholder(name, value)


@given(st.from_regex(r"[0-9X.\[\]+#|*<:>-]{1,40}", fullmatch=True))
def test_no_dial_plan_of_digits_is_a_placeholder(plan: str) -> None:
    assert has_placeholder("sip dial plan", plan) is ("[[" in plan or "]]" in plan)
