"""What the code keeps to everywhere, and no tool checks."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.judge import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

FLEET = Path(__file__).parent.parent / "fleet"
SHARED = 4  # classes whose names end with one noun: a reader meets it everywhere
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


JUDGING = {
    "judge": set[str](),
    "verdicts": {"findings.py", "push/decide.py"},  # of a poll, a stored state and a push
    "advance": {"findings.py"},
    "advance_strangers": {"provision/strangers.py"},
    "find_causes": {"alert/build.py"},  # groups incidents, which are rows already
}


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """What a module imports: the module it comes from, and the name if it names one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, each.name) for each in node.names)
        elif isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)


def test_no_reader_judges() -> None:
    """Reports, pages, commands and metrics read rows: the rules run where findings are written."""
    judging: dict[str, set[str]] = {name: set() for name in JUDGING}
    for path in FLEET.rglob("*.py"):
        place = path.relative_to(FLEET).as_posix()
        if place.startswith("judge/"):
            continue
        for module, name in imported(path):
            # By its name and from the package only, so that nothing judges unseen.
            assert not module.startswith("fleet.judge."), place
            assert (module, name) not in {("fleet", "judge"), ("fleet.judge", "")}, place
            if module == "fleet.judge" and name in judging:
                judging[name].add(place)
    assert judging == JUDGING


# Names of functions that word a count, a length of time or a state.
WORDING = re.compile(r"_?(counted|plural\w*|ago|last(ed|ing)|(line|reach)_state)")


def test_one_module_words_counts_times_and_states() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(FLEET.rglob("*.py")):
        place = path.relative_to(FLEET).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and WORDING.fullmatch(node.name):
                if node.returns and ast.unparse(node.returns) == "str":
                    found.setdefault(place, set()).add(node.name)
            elif isinstance(node, ast.IfExp) and "s" in {
                each.value for each in (node.body, node.orelse) if isinstance(each, ast.Constant)
            }:
                found.setdefault(place, set()).add(f"a plural in line {node.lineno}")
    assert found == {
        "report/wording.py": {"counted", "ago", "lasting", "line_state", "reach_state"}
    }


ARCHITECTURE = FLEET.parent / "docs" / "architecture.md"


def test_the_page_of_the_architecture_says_what_the_contracts_hold() -> None:
    script = runpy.run_path(str(ARCHITECTURE.with_suffix(".py")))
    text = ARCHITECTURE.read_text(encoding="utf-8")

    assert script["page"](text) == text, "run python docs/architecture.py"
    assert "| `yaml` | `fleet.inventory.*` |" in text
    assert script["page"](text.replace("`fleet.inventory.*`", "`fleet.cli`")) == text


def test_every_library_has_a_contract() -> None:
    """A library that no contract names could be imported anywhere, unseen."""
    used = {
        module.partition(".")[0] for path in FLEET.rglob("*.py") for module, _ in imported(path)
    }
    libraries = runpy.run_path(str(ARCHITECTURE.with_suffix(".py")))["libraries"]()
    assert used - sys.stdlib_module_names - {"fleet"} <= libraries.keys()


def test_the_page_of_the_architecture_has_every_package() -> None:
    table = ARCHITECTURE.read_text(encoding="utf-8").partition("## Packages")[2]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    packages = {
        path.name for path in FLEET.iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    modules = {path.name for path in FLEET.glob("*.py") if not path.name.startswith("__")}
    missing = [
        name
        for name in sorted(packages | modules)
        if not any(re.search(rf"[`/]{re.escape(name)}(/|`)", row) for row in rows)
    ]
    assert missing == []


def public_classes() -> Iterator[tuple[Path, str, str]]:
    """Where each public class is, its name, and the last word of it: `fetch` of `StrangerFetch`."""
    for path in sorted(FLEET.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                noun = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+", node.name)[-1]
                yield path, node.name, singular(noun.lower())


def singular(word: str) -> str:
    return re.sub(r"e?s$", "", word) if word.endswith(("ches", "shes")) else word.rstrip("s")


def test_the_glossary_has_the_nouns_of_the_code_once_each() -> None:
    text = (FLEET.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = [row.split("|")[1].strip() for row in text.splitlines() if row.startswith("| ")]
    terms = [term for term in terms if term != "word"]
    known = {singular(word) for term in terms for word in re.findall(r"[a-z]+", term.lower())}
    known |= {word.replace("-", "") for word in known}
    classes = list(public_classes())
    often = Counter(noun for _, _, noun in classes)

    assert [term for term, times in Counter(terms).items() if times > 1] == []
    missing = {
        name
        for path, name, noun in classes
        if noun not in known and (path.parent.name == "model" or often[noun] >= SHARED)
    }
    assert missing == set(), "docs/glossary.md lacks the last word of these"


def writing_methods() -> set[tuple[str, str]]:
    """The repositories of the store with each method that opens a writing transaction."""
    classes = {
        node.name: node
        for path in sorted((FLEET / "store").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    repositories = {  # `self.sweeps = Sweeps(self)` in the store's constructor
        node.targets[0].attr: classes[node.value.func.id]
        for node in ast.walk(classes["Store"])
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    }
    return {
        (attribute, method.name)
        for attribute, repository in repositories.items()
        for method in repository.body
        if isinstance(method, ast.FunctionDef)
        and any(
            isinstance(node, ast.Attribute) and node.attr == "_writing" for node in ast.walk(method)
        )
    }


def test_the_command_line_and_the_web_call_use_cases_and_write_nothing_themselves() -> None:
    writing = writing_methods()
    # A change of the store's shape must not leave this test without anything to look for.
    assert {("silences", "add"), ("rollouts", "control"), ("inventory", "apply")} <= writing
    found = [
        f"{path.relative_to(FLEET)}:{node.lineno}: {node.value.attr}.{node.attr}"
        for folder in ("cli", "web")
        for path in sorted((FLEET / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and (node.value.attr, node.attr) in writing
    ]
    assert found == []


KEYED = {"marks"}  # a table of names and values, of which each module owns its own


def test_one_module_of_the_store_writes_each_table() -> None:
    """Deleting what is old goes through all tables, by one function of `retention`."""
    writers: dict[str, set[str]] = {}
    for path in sorted((FLEET / "store").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            function = ast.unparse(node.func)
            table = node.args[-1 if function == "insert_into" else 0]
            if function in ("sa.insert", "sa.update", "sa.delete", "insert_into"):
                writers.setdefault(ast.unparse(table), set()).add(path.name)
    assert len(writers) > 30
    several = {table: names for table, names in writers.items() if len(names) > 1}
    assert several.keys() - KEYED - {"table"} == set(), several
