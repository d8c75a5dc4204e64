"""What the code keeps to everywhere, and no tool checks."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.judge import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

FLEET = Path(__file__).parent.parent / "fleet"
RULE_NAME = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, RULES))})(?![\w-])")
# The simulator may not import the rules: its mixes name what a simulated phone shows. The settings'
# template shows examples to people, which tests/test_settings.py reads back.
NAMES_OF_THEIR_OWN = ("simulator/", "settings/")


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The texts in a module, but for its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield node.lineno, node.value


def test_the_name_of_a_rule_is_written_in_judge_only() -> None:
    found = [
        f"{path.relative_to(FLEET)}:{number}: {text}"
        for path in sorted(FLEET.rglob("*.py"))
        if not f"{path.relative_to(FLEET)}".startswith(("judge/", *NAMES_OF_THEIR_OWN))
        for number, text in literals(path)
        if RULE_NAME.search(text)
    ]
    found += [
        f"{path.relative_to(FLEET)}: {hit.group()}"
        for path in sorted(FLEET.rglob("templates/**/*.*"))
        for hit in RULE_NAME.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
