"""Files of other provisioners: read whole, written again alike, adopted without a change."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.model import Intents, Severity
from fleet.phone.catalog import model_named
from fleet.phone.config_file import ConfigFile, complaint_of, read, render
from fleet.phone.lint import lint_file
from fleet.phone.parameters import spec_of
from fleet.provision.adopt import Surroundings, adopt, differences, folder_of
from tests.provision.fleets import AT
from tests.provision.independent.cases import FOLDER, cases

MAC_FILE, MAC = "00085D126411.cfg", "00:08:5D:12:64:11"


def content(case: dict[str, Any]) -> bytes:
    return (FOLDER / "files" / case["name"]).read_bytes()


@cases("files")
def test_every_line_is_read_as_it_is_meant(case: dict[str, Any]) -> None:
    file = read(content(case), name=MAC_FILE)
    values = {one.key: one.value for one in file.parameters}

    assert file.unread == ()
    assert len(file.parameters) == len(values) == case["counts"]
    assert {name: values.get(name) for name in case["values"]} == case["values"]


@cases("files")
def test_what_is_not_known_has_a_reason(case: dict[str, Any]) -> None:
    file = read(content(case), name=MAC_FILE)

    assert {one.key for one in file.parameters if spec_of(one.key) is None} == set(
        case.get("unknown", {})
    )


@cases("files")
def test_the_linter_says_nothing_else_of_a_file_that_works(case: dict[str, Any]) -> None:
    found = lint_file(read(content(case), name=MAC_FILE), case["model"])
    said = [[one.check, one.parameter] for one in found if one.check != "unknown-parameter"]

    assert sorted(said) == sorted(case["says"])
    assert [one for one in found if one.severity is Severity.CRITICAL] == []


@cases("files")
def test_a_file_written_again_says_the_same(case: dict[str, Any]) -> None:
    file = read(content(case), name=MAC_FILE)

    assert [one for one in file.parameters if complaint_of(one)] == []
    again = read(render(ConfigFile(parameters=file.parameters)))
    assert {(one.key, one.value, one.lock, one.overwrite) for one in again.parameters} == {
        (one.key, one.value, one.lock, one.overwrite) for one in file.parameters
    }


@cases("files")
@pytest.mark.parametrize("name", ["aastra.cfg", MAC_FILE])
def test_an_adopted_file_changes_nothing_for_its_phone(case: dict[str, Any], name: str) -> None:
    files = {"aastra.cfg": b"# nothing\n", MAC_FILE: b"# nothing\n", name: content(case)}
    known = Surroundings(intents=Intents(), at=AT, model=model_named(case["model"]))
    folder = folder_of(files)

    assert differences(folder, adopt(folder, known), known) == {MAC: ()}
