"""The one door for reading PyYAML: text to nodes that know their place and keep their spelling.

Nodes are walked, not constructed: a value stays the text that stands in the file, so that a
number with leading zeros, a `no` or a date can be refused and not silently become another value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import yaml

from fleet.errors import BadRow, InventoryError
from fleet.inventory.validate import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 50  # levels; libyaml's composer overruns its stack on far deeper nesting
_MOST_MERGES = 5  # levels of mappings that merge mappings that merge ...
_TAG = "tag:yaml.org,2002:"
_EXPANSION = 20  # how many times larger than the file its aliases may make it

Node: TypeAlias = yaml.Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in the document something stands, as a path."""

    path: str

    def key(self, name: str) -> Place:
        """The place of a key below this one."""
        return Place(path=f"{self.path}.{name}" if self.path else name)

    def item(self, index: int) -> Place:
        """The place of a list's item, counted from 1."""
        return Place(path=f"{self.path}[{index}]")


class Document:
    """A parsed document and what was found wrong with it, `bad`."""

    def __init__(self, text: str, source: str) -> None:
        self.bad: list[BadRow] = []
        self._source = source
        try:
            self._allowance = _EXPANSION * _count(text, source) + 1000
            self.root = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            if "nesting depth" in str(error):  # libyaml looks ahead of what it has parsed
                raise _too_deep(source) from None
            raise InventoryError(f"{source} is not valid YAML{_position(error)}.") from None

    def refuse(self, place: Place, node: Node, reason: str) -> None:
        """Note that what stands at a place cannot be taken."""
        self.bad.append(BadRow(where=self.where(place, node), reason=reason))

    def where(self, place: Place, node: Node) -> str:
        """A place as people look for it: its path, and its line in the file."""
        return f"{place.path or 'the file'} (line {node.start_mark.line + 1})"

    def keys(
        self, place: Place, node: Node, known: Collection[str] = (), merges: int = 0
    ) -> dict[str, Node]:
        """A mapping's keys, merged ones (`<<`) included. With `known`, no others are taken."""
        found: dict[str, Node] = {}
        for key, value in self._pairs(place, node):
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if not name or (key.tag == f"{_TAG}null"):
                self.refuse(place, key, "a key must be a plain word")
            elif name in found:
                self.refuse(place.key(name), key, "is there twice")
            elif known and name not in known:
                hint = did_you_mean(name, known)
                reason = f"is unknown{hint}; known are {', '.join(known)}"
                self.refuse(place.key(name), key, reason)
            else:
                found[name] = value
        for source in self._merged(node):
            if merges >= _MOST_MERGES:
                self.refuse(place, node, "merges (<<) are nested too deeply")
                break
            found = self.keys(place, source, known, merges + 1) | found
        return found

    def items(self, place: Place, node: Node) -> Iterator[tuple[Place, Node]]:
        """A list's items; nothing is an empty list."""
        if _is_null(node):
            return
        if not isinstance(node, yaml.SequenceNode):
            self.refuse(place, node, "must be a list")
            return
        for index, item in enumerate(node.value, 1):
            self._spend()
            yield place.item(index), item

    def text(self, place: Place, node: Node) -> str | None:
        """A text or a plain whole number as it is spelled, "" for null; None if it is neither."""
        if _is_null(node):
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(place, node, "must be a text")
            return None
        text = str(node.value)
        if node.tag == f"{_TAG}str" or (node.tag == f"{_TAG}int" and _is_plain(text)):
            return text
        self.refuse(place, node, "YAML may take this for something else; put it in quotes")
        return None

    def is_null(self, node: Node) -> bool:
        """Whether something is there and says nothing."""
        return _is_null(node)

    def is_mapping(self, node: Node) -> bool:
        """Whether something is keys with values."""
        return isinstance(node, yaml.MappingNode)

    def choice(self, place: Place, node: Node) -> bool | None:
        """True or false, None for null and for what is neither (which is refused)."""
        if _is_null(node):
            return None
        if node.tag != f"{_TAG}bool" or not isinstance(node, yaml.ScalarNode):
            self.refuse(place, node, "must be true or false")
            return None
        return node.value.lower() in ("true", "yes", "on")

    def _pairs(self, place: Place, node: Node) -> Iterator[tuple[Node, Node]]:
        if _is_null(node):
            return
        if not isinstance(node, yaml.MappingNode):
            self.refuse(place, node, "must be keys with values")
            return
        for key, value in node.value:
            self._spend()
            if key.tag != f"{_TAG}merge":
                yield key, value

    def _merged(self, node: Node) -> Iterator[Node]:
        """What a mapping merges; of a key that several have, the first one's counts."""
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.tag == f"{_TAG}merge":
                yield from value.value if isinstance(value, yaml.SequenceNode) else [value]

    def _spend(self) -> None:
        self._allowance -= 1
        if self._allowance < 0:
            raise InventoryError(
                f"{self._source} expands too much through its aliases; write the values out."
            )


def _count(text: str, source: str) -> int:
    """How many nodes the text has, looked at without recursion."""
    nodes = depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        nodes += 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise _too_deep(source)
    return nodes


def _too_deep(source: str) -> InventoryError:
    return InventoryError(f"{source} is nested too deeply.")


def _position(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it contains a character that YAML does not allow"
    return f" (line {mark.line + 1}): {problem}" if mark else f": {problem}"


def _is_null(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}null"


def _is_plain(text: str) -> bool:
    digits = text.removeprefix("-")
    return text == "0" or (digits.isascii() and digits.isdigit() and not digits.startswith("0"))
