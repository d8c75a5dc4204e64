"""Every regular expression of fleet is linear: its worst inputs are doubled four times.

The expressions are found in the modules, and the inputs in the expressions: each part that repeats
is pumped, behind what leads to it and before what it cannot end with. A new expression is tried
without being listed here.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
import time
from dataclasses import dataclass
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import pytest

import fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANYWHERE = ("search", "finditer", "findall", "sub", "subn", "split")
_METHODS = (*_ANYWHERE, "match", "fullmatch")
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_MANY = 100  # a part that repeats less often costs no more than so many times a linear one

SIZES = (25, *(2_000 * 2**doubling for doubling in range(5)))  # the first finds exponential ones
NOISE_SECONDS, NOISE = 0.010, 1.5  # what a busy machine may add to a doubling


@dataclass(frozen=True)
class Expression:
    """An expression, where it is, and how it is used."""

    place: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def modules() -> Iterator[str]:
    for each in pkgutil.walk_packages(fleet.__path__, "fleet."):
        if not each.name.endswith("__main__"):
            yield each.name


def expressions_of(name: str) -> Iterator[Expression]:
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    for variable, value in vars(module).items():
        if isinstance(value, re.Pattern) and f"{variable} = " in ast.unparse(tree):
            methods = used.get(variable, set()) & set(_METHODS)
            yield Expression(f"{name}.{variable}", value, frozenset(methods or {"search"}))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) != "re" or node.func.attr not in _METHODS:
            continue
        try:
            pattern = eval(ast.unparse(node.args[0]), vars(module))
        except NameError:
            continue  # made of local names, and so of texts that are escaped
        flags = [ast.unparse(each.value) for each in node.keywords if each.arg == "flags"]
        compiled = re.compile(pattern, eval(flags[0], vars(module)) if flags else 0)
        yield Expression(f"{name}:{node.lineno}", compiled, frozenset({node.func.attr}))


def example(parts: Any) -> str:
    """A text that the parts of an expression match, or nearly so."""
    made = []
    for kind, value in parts:
        if kind is op.LITERAL:
            made.append(chr(value))
        elif kind is op.NOT_LITERAL:
            made.append("a" if chr(value) != "a" else "b")
        elif kind is op.ANY:
            made.append("a")
        elif kind is op.IN:
            made.append(member(value))
        elif kind is op.BRANCH:
            made.append(example(value[1][0]))
        elif kind is op.SUBPATTERN:
            made.append(example(value[3]))
        elif kind is op.ATOMIC_GROUP:
            made.append(example(value))
        elif kind in _REPEATS:
            made.append(example(value[2]) * max(1, min(value[0], 3)))
    return "".join(made)


_CHARACTERS = "a0 " + string.printable + "é\x80"


def member(parts: Any) -> str:
    """A character of a set."""
    for character in _CHARACTERS:
        negated = parts[0][0] is op.NEGATE
        if any(holds(part, character) for part in parts[negated:]) != negated:
            return character
    return "a"


def holds(part: Any, character: str) -> bool:
    kind, value = part
    if kind is op.LITERAL:
        return ord(character) == value
    if kind is op.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    classes = {"DIGIT": str.isdigit, "SPACE": str.isspace, "WORD": str.isalnum}
    name = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
    negated = name.startswith("NOT_")
    return classes[name.removeprefix("NOT_")](character) != negated


def pumps(parts: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """What leads to each part that repeats without a near end, and what it repeats."""
    for kind, value in parts:
        if kind in _REPEATS:
            inner, most = value[2], value[1]
            if most is op.MAXREPEAT or most > _MANY:
                yield before, example(inner)
                for each in alternatives(inner):
                    yield before, each
            yield from pumps(inner, before)
        elif kind is op.SUBPATTERN:
            yield from pumps(value[3], before)
        elif kind is op.ATOMIC_GROUP:
            yield from pumps(value, before)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from pumps(branch, before)
        before += example([(kind, value)])


def alternatives(parts: Any) -> Iterator[str]:
    for kind, value in parts:
        if kind is op.BRANCH:
            yield from map(example, value[1])
        elif kind is op.SUBPATTERN:
            yield from alternatives(value[3])
        elif kind is op.ATOMIC_GROUP:
            yield from alternatives(value)


def worst(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Beginnings, units that are repeated, and ends, of texts that may cost much."""
    source = pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    parts = parser.parse(text, pattern.flags)
    for before, unit in dict.fromkeys(pumps(parts)):
        for repeated in dict.fromkeys((unit, before, before + unit, unit + " ", f"{unit}{before}")):
            if repeated:
                yield from ((before, repeated, end) for end in ("", "\0", "\n!"))


def seconds(expression: Expression, method: str, text: str) -> float:
    """CPU time of the quicker of two tries."""
    pattern = expression.pattern
    subject: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    work = getattr(pattern, "findall" if method in _ANYWHERE else method)
    least = float("inf")
    for _ in range(2):
        start = time.process_time()
        work(subject)
        least = min(least, time.process_time() - start)
        if least < NOISE_SECONDS:
            break
    return least


FOUND = [each for name in modules() for each in expressions_of(name)]


@pytest.mark.parametrize("expression", FOUND, ids=lambda each: each.place)
def test_an_expression_is_linear(expression: Expression) -> None:
    for before, unit, end in worst(expression.pattern):
        for method in sorted(expression.methods):
            assert_linear(expression, method, before, unit, end)


def assert_linear(expression: Expression, method: str, before: str, unit: str, end: str) -> None:
    took = 0.0
    for size in SIZES:
        text = before + unit * (size // len(unit)) + end
        now = seconds(expression, method, text)
        most = 2 * took * NOISE + NOISE_SECONDS
        assert now <= most, f"{method}: {before!r}, {len(text)} characters of {unit!r}, {end!r}"
        took = now


def test_the_expressions_are_found() -> None:
    places = {each.place for each in FOUND}
    assert len(places) > 100
    assert {"fleet.phone.http.response._TOKEN", "fleet.phone.pages.raw_markup._TAG"} <= places


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(a+)+b", "match"),
        (r"<tag[^>]*>", "search"),
        (r"\s+x", "search"),
        (r"(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>", "search"),
        (r"(\w+\s*)*=", "fullmatch"),
        (r"(?:a|a)*b", "match"),
    ],
)
def test_an_expression_that_is_not_linear_is_found(pattern: str, method: str) -> None:
    expression = Expression("here", re.compile(pattern), frozenset({method}))
    with pytest.raises(AssertionError):
        test_an_expression_is_linear(expression)
