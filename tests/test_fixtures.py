"""Every folder of fixtures is a test: its page is read and says what expected.json says."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fleet.errors import PageUnreadable
from fleet.phone.catalog import MODELS
from fleet.phone.pages import WORDS, masked_key, page_key, read_page, same_page, words_with
from fleet.phone.redact import REDACTED, redact

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = sorted(path.parent for path in (ROOT / "fixtures").glob("*/origin.toml"))
KINDS = {"capture", "reconstructed", "synthetic"}
SECRETS = ("22222", "hunter2secret")


@dataclass(frozen=True)
class Fixture:
    name: str
    body: bytes
    expected: dict[str, Any]
    origin: dict[str, Any]

    @property
    def reading(self) -> dict[str, Any]:
        words = self.origin.get("words")
        return {
            "charset": self.origin.get("charset"),
            "words": words_with(words) if words else WORDS,
        }


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def fixture(request: pytest.FixtureRequest) -> Fixture:
    folder: Path = request.param
    return Fixture(
        name=folder.name,
        body=(folder / "sysinfo.html").read_bytes(),
        expected=json.loads((folder / "expected.json").read_text(encoding="utf-8")),
        origin=tomllib.loads((folder / "origin.toml").read_text(encoding="utf-8")),
    )


# What every fixture names, so that none says nothing.
NAMED = {"dialect", "lines", "mac", "model", "firmware"}
NAMED_OF_LINES = {"number", "registration", "account", "code", "backup"}


def named(facts: Any, expected: Any) -> Any:
    """The facts without the fields that the expected ones do not name."""
    if isinstance(facts, dict) and isinstance(expected, dict):
        return {key: named(facts[key], expected[key]) for key in expected if key in facts}
    if isinstance(facts, list) and isinstance(expected, list) and len(facts) == len(expected):
        return [named(*pair) for pair in zip(facts, expected, strict=True)]
    return facts


def told(fixture: Fixture, body: bytes | None = None, **reading: Any) -> dict[str, Any]:
    """What the reader says, as expected.json says it."""
    try:
        facts = read_page(fixture.body if body is None else body, **(fixture.reading | reading))
    except PageUnreadable as error:
        return {"unreadable": error.reason.value}
    return json.loads(json.dumps(asdict(facts)))


def test_there_are_fixtures_for_every_family() -> None:
    families = {
        MODELS[re.split("_", folder.name)[0].replace("-", " ")].family for folder in FOLDERS
    }
    assert families == {"67xxi", "9xxxi", "68xxi", "69xx"}


def test_a_page_says_what_is_expected(fixture: Fixture) -> None:
    assert named(told(fixture), fixture.expected) == fixture.expected


def test_a_fixture_names_what_matters_and_a_new_field_breaks_none(fixture: Fixture) -> None:
    if "unreadable" in fixture.expected:
        return
    assert fixture.expected.keys() >= NAMED
    assert all(line.keys() >= NAMED_OF_LINES for line in fixture.expected["lines"])
    facts = told(fixture)
    lines = [line | {"new": 1} for line in facts["lines"]]
    assert named(facts | {"lines": lines, "new": 1}, fixture.expected) == fixture.expected
    assert named(facts | {"lines": [*lines, {}]}, fixture.expected) != fixture.expected
    assert named(facts | {"mac": "new"}, fixture.expected) != fixture.expected


def test_the_shortcut_and_the_careful_way_say_the_same(fixture: Fixture) -> None:
    assert told(fixture, careful=True) == told(fixture)


def test_a_redacted_page_says_the_same_and_holds_no_secret(fixture: Fixture) -> None:
    charset = fixture.origin.get("charset")
    planted = fixture.body + "<input type='password' value='22222'>hunter2secret".encode(
        "utf-16-le" if fixture.body.startswith(b"\xff\xfe") else "ascii"
    )
    redacted = redact(planted, charset=charset, secrets=SECRETS)
    assert not any(secret in redacted for secret in SECRETS)
    plain = redact(fixture.body, charset=charset, secrets=SECRETS)
    assert REDACTED not in plain
    again = told(fixture, plain.encode(), charset="utf-8")
    assert named(again, fixture.expected) == fixture.expected


def test_a_folder_is_named_after_what_it_holds(fixture: Fixture) -> None:
    model, firmware, *variant = fixture.name.split("_")
    assert len(variant) <= 1
    assert model.replace("-", " ") in MODELS
    assert re.fullmatch(r"\d+(\.\d+)+", firmware)
    if "unreadable" not in fixture.expected:
        assert fixture.expected["model"] == model.replace("-", " ")
        assert fixture.expected["firmware"] in (firmware, "")


def test_an_origin_is_told(fixture: Fixture) -> None:
    assert fixture.origin["kind"] in KINDS
    assert fixture.origin["source"]
    assert fixture.origin["shows"]
    assert set(fixture.origin) <= {"kind", "source", "shows", "language", "charset", "words"}


def test_a_page_is_the_same_as_itself_and_as_itself_a_minute_later(fixture: Fixture) -> None:
    if "unreadable" in fixture.expected:
        return
    facts = read_page(fixture.body, **fixture.reading)
    assert same_page(fixture.body, page_key(fixture.body, **fixture.reading), **fixture.reading)
    key = masked_key(fixture.body, facts, **fixture.reading)
    later = fixture.body.replace(b"09:12:44", b"09:13:44")
    if key is not None:
        assert same_page(later, key, **fixture.reading)
        assert replace(read_page(later, **fixture.reading)) == facts


def test_the_list_of_supported_phones_is_up_to_date() -> None:
    generator = runpy.run_path(str(ROOT / "fixtures" / "generate_supported.py"))
    assert (ROOT / "SUPPORTED.md").read_text(encoding="utf-8") == generator["supported"](), (
        "run: python fixtures/generate_supported.py"
    )
