"""What wins: the files in their order, their marks, and what was set on the phone itself."""

from __future__ import annotations

from typing import Any

from fleet.phone.config_file import effective, local_left, read
from tests.provision.independent.cases import cases

NAMES = ("aastra.cfg", "6753i.cfg", "00085D126411.cfg")


@cases("locks")
def test_a_phone_has_what_the_guide_says(case: dict[str, Any]) -> None:
    files = [read(t.encode(), name=n) for t, n in zip(case["files"], NAMES, strict=True)]
    local = read(case["local"].encode()).parameters
    new = not case.get("same_files", False)

    has = effective(files, local=local, new_files=new)
    left = [one.key for one in local_left(files, local, new_files=new)]

    said = {name: [one.value, "locked" if one.locked else ""] for name, one in has.items()}
    assert (said, left) == (case["has"], case["left"])
