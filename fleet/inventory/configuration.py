"""Reads the key `configuration` of a YAML inventory: friendly keys and raw parameters.

configuration:
registrar: pbx.example
"!admin_password": {secret: admin}     # `!` locks, `^` overwrites what was set on the phone
keys:
prgkey1: {type: blf, value: 1002, line: 1}

Parameters
----------
sip dial plan: "x+#|xx+*"
sip vmail: null                      # takes away what a level before wants

"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fleet.inventory import friendly
from fleet.inventory.entries import UNSAID, Unsaid
from fleet.inventory.templates import read_template
from fleet.inventory.validate import clean, did_you_mean, timezone
from fleet.model import Intent, SecretKind, SecretRef, Wanted
from fleet.phone.catalog import EXPANSION_MODULES, MAX_MODULES, expansion_module_named
from fleet.phone.config_file import Parameter, canonical_name, complaint_of
from fleet.phone.parameters import (
    complaint,
    has_hidden_login,
    holds_login,
    is_mask,
    is_secret,
    spec_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleet.inventory.friendly import Value
    from fleet.inventory.yaml_nodes import Document, Node, Place

_LONGEST = 4096  # characters of a value; how long a line may be is not known
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IN_CLEAR = (
    "is a secret in clear text; write {env: VARIABLE}, {file: PATH} or {secret: NAME}, or put "
    "clear_secrets: true at the top of the file"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """One thing that a key says, and where: its parameters, all with the same mark."""

    place: Place
    node: Node
    mark: str
    values: Mapping[str, Value]
    strict: bool = True  # a friendly key's value has to be of the parameter's kind


@dataclass(kw_only=True, slots=True)
class _Block:
    """What one `configuration` says so far. `owner` names it for people and for its secrets."""

    owner: str
    parameters: dict[str, Wanted] = field(default_factory=dict)
    timezone: str | None = None
    modules: tuple[str, ...] | None = None


class ConfigurationReader:
    """Reads configurations; what cannot be taken goes to the document's bad places.

    `secrets` are what stood in clear, by the names under which the intents refer to them.
    """

    def __init__(self, document: Document, *, clear_secrets: bool) -> None:
        self.secrets: dict[str, str] = {}
        self._document = document
        self._clear_secrets = clear_secrets

    def read(self, place: Place, node: Node, owner: str) -> Intent:
        """What a configuration says, without profiles."""
        block = _Block(owner=owner)
        nodes = self._document.keys(place, node)
        for written, value in nodes.items():
            mark, name = marked(written)
            at = place.key(written)
            if name not in friendly.FRIENDLY:
                hint = did_you_mean(name, friendly.FRIENDLY)
                known = ", ".join(friendly.FRIENDLY)
                self._document.refuse(at, value, f"is unknown{hint}; known are {known}")
            elif mark and name in ("timezone", "modules", "parameters", *friendly.MAPPINGS):
                self._document.refuse(at, value, f"cannot be marked {mark}; mark its values")
            elif name == "timezone":
                block.timezone = self._timezone(at, value)
            elif name == "modules":
                block.modules = self._modules(at, value)
            else:
                for said in self._said(name, mark, at, value):
                    self._take(block, said)
        return Intent(parameters=block.parameters, timezone=block.timezone, modules=block.modules)

    def value(self, place: Place, node: Node) -> Value | Unsaid:
        """A text, a reference to a secret, or null; unsaid, and refused, if it is none of them."""
        if self._document.is_null(node):
            return None
        if not self._document.is_mapping(node):
            text = self._document.text(place, node)
            return UNSAID if text is None else text
        keys = self._document.keys(place, node, tuple(SecretKind))
        for kind, name_node in list(keys.items())[:1]:
            name = self._document.text(place.key(kind), name_node)
            if name and len(keys) == 1:
                return self._reference(place, node, SecretKind(kind), name)
        self._document.refuse(place, node, "must be one of {env: …}, {file: …}, {secret: …}")
        return UNSAID

    def _reference(
        self, place: Place, node: Node, kind: SecretKind, name: str
    ) -> SecretRef | Unsaid:
        try:
            if kind is SecretKind.ENV and not _VARIABLE.fullmatch(name):
                raise ValueError(f"{name[:80]!r} is not the name of a variable")
            return SecretRef(kind=kind, name=clean(name))
        except ValueError as error:
            self._document.refuse(place, node, str(error))
            return UNSAID

    def _timezone(self, place: Place, node: Node) -> str | None:
        text = self._document.text(place, node)
        try:
            return None if text is None else timezone(clean(text)) if text else ""
        except ValueError as error:
            self._document.refuse(place, node, f"{text!r}: {error}")
            return None

    def _modules(self, place: Place, node: Node) -> tuple[str, ...] | None:
        texts = [self._document.text(at, item) for at, item in self._document.items(place, node)]
        found = [expansion_module_named(text or "") for text in texts]
        names = tuple(module.name for module in found if module is not None)
        if len(names) < len(found) or len(found) > MAX_MODULES:
            known = ", ".join(EXPANSION_MODULES)
            reason = f"must be a list of at most {MAX_MODULES} of {known}"
            self._document.refuse(place, node, reason)
            return None
        return names

    def _said(self, name: str, mark: str, place: Place, node: Node) -> Iterator[_Said]:
        if name == "parameters":
            yield from self._raw(place, node)
        elif name == "keys":
            yield from self._keys(place, node)
        elif name == "action_uris":
            yield from self._action_uris(place, node)
        elif name in friendly.SCALARS:
            yield from self._scalar(name, mark, place, node)
        else:
            yield from self._list(name, mark, place, node)

    def _scalar(self, name: str, mark: str, place: Place, node: Node) -> Iterator[_Said]:
        value = self.value(place, node)
        if isinstance(value, Unsaid):
            return
        try:
            values = friendly.SCALARS[name].parameters(value)
        except ValueError as error:
            self._document.refuse(place, node, str(error))
            return
        yield _Said(place=place, node=node, mark=mark, values=values)

    def _list(self, name: str, mark: str, place: Place, node: Node) -> Iterator[_Said]:
        items = [self._document.text(at, item) for at, item in self._document.items(place, node)]
        texts = [item for item in items if item]
        if len(texts) < len(items):
            self._document.refuse(place, node, "must be a list of texts")
            return
        is_null = self._document.is_null(node)
        try:
            if name == "push_servers":
                values: dict[str, Value] = {friendly.PUSH_SERVERS: ",".join(texts)}
                values = dict.fromkeys(values) if is_null else values
            else:
                values = friendly.LISTS[name].parameters(None if is_null else texts)
        except ValueError as error:
            self._document.refuse(place, node, str(error))
            return
        yield _Said(place=place, node=node, mark=mark, values=values)

    def _action_uris(self, place: Place, node: Node) -> Iterator[_Said]:
        for written, value_node in self._document.keys(place, node).items():
            mark, event = marked(written)
            name, at = friendly.EVENTS.get(event), place.key(written)
            if name is None:
                hint = did_you_mean(event, friendly.EVENTS)
                known = ", ".join(friendly.EVENTS)
                self._document.refuse(at, value_node, f"is unknown{hint}; known are {known}")
            elif not isinstance(value := self.value(at, value_node), Unsaid):
                yield _Said(place=at, node=value_node, mark=mark, values={name: value})

    def _keys(self, place: Place, node: Node) -> Iterator[_Said]:
        for written, key_node in self._document.keys(place, node).items():
            mark, name = marked(written)
            at, names = place.key(written), friendly.keys_in(name)
            known = friendly.key_parameters(names[0]) if names else ()
            if not known:
                reason = (
                    "is not a key; write prgkey1, softkey1, topsoftkey1 or expmod1 key1, or "
                    "several as prgkey1-4"
                )
                self._document.refuse(at, key_node, reason)
                continue
            given = self._of_key(at, key_node, known)
            if any(isinstance(value, Unsaid) for value in given.values()):
                continue
            for number, key in enumerate(names):
                try:
                    values = {
                        each: friendly.item(given.get(friendly.word_of(each)), number, len(names))  # type: ignore[arg-type]
                        for each in friendly.key_parameters(key)
                    }
                except ValueError as error:
                    self._document.refuse(at, key_node, str(error))
                    break
                yield _Said(place=at, node=key_node, mark=mark, values=values)

    def _of_key(self, place: Place, node: Node, known: Sequence[str]) -> dict[str, Value | Unsaid]:
        """What is said of a key: a mapping, or its type and value in one text: `blf 101`."""
        words = tuple(friendly.word_of(parameter) for parameter in known)
        if self._document.is_mapping(node) or self._document.is_null(node):
            keys = self._document.keys(place, node, words)
            return {word: self.value(place.key(word), value) for word, value in keys.items()}
        text = self._document.text(place, node)
        if text is None:
            return {"type": UNSAID}
        kind, _, value = text.strip().partition(" ")
        return {"type": kind, **({"value": value.strip()} if value else {})}

    def _raw(self, place: Place, node: Node) -> Iterator[_Said]:
        for written, value_node in self._document.keys(place, node).items():
            mark, name = marked(written)
            value = self.value(at := place.key(written), value_node)
            if not isinstance(value, Unsaid):
                values = {canonical_name(name): value}
                yield _Said(place=at, node=value_node, mark=mark, values=values, strict=False)

    def _take(self, block: _Block, said: _Said) -> None:
        for name, given in said.values.items():
            try:
                has_variables = isinstance(given, str) and not is_secret(name)
                value = read_template(str(given)) if has_variables else given
            except ValueError as error:
                self._document.refuse(said.place, said.node, str(error))
                continue
            wanted = Wanted(value=value, lock=said.mark == "!", overwrite=said.mark == "^")
            if name in block.parameters:
                self._document.refuse(said.place, said.node, f"`{name}` is set twice here")
            elif reason := complaint_about(name, wanted, strict=said.strict):
                self._document.refuse(said.place, said.node, reason)
            elif isinstance(value, str) and value and is_secret(name):
                self._take_secret(block, said, name, wanted)
            elif isinstance(value, str) and holds_login(value):
                self._keep_secret(block, name, wanted)
            else:
                block.parameters[name] = wanted

    def _take_secret(self, block: _Block, said: _Said, name: str, wanted: Wanted) -> None:
        """A secret in clear: it goes to the database under a name of its own, if at all."""
        if not self._clear_secrets:
            self._document.refuse(said.place, said.node, f"`{name}` {_IN_CLEAR}")
            return
        self._keep_secret(block, name, wanted)

    def _keep_secret(self, block: _Block, name: str, wanted: Wanted) -> None:
        """Let a parameter refer to its value, so that the database keeps that encrypted."""
        ref = SecretRef(kind=SecretKind.SECRET, name=f"{block.owner} {name}")
        self.secrets[ref.name] = str(wanted.value)
        block.parameters[name] = replace(wanted, value=ref)


def marked(written: str) -> tuple[str, str]:
    """Return the mark before a parameter's name, and the name."""
    return (written[0], written[1:].strip()) if written[:1] in ("!", "^") else ("", written)


def complaint_about(name: str, wanted: Wanted, *, strict: bool) -> str:
    """Return why a parameter cannot be taken, without its value; empty if it can."""
    value = wanted.value if isinstance(wanted.value, str) else ""
    if len(value) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if wrong := complaint_of(Parameter(name=name, value=value)):
        return wrong
    if has_hidden_login(value) or (is_secret(name) and is_mask(value)):
        return f"`{name}` contains a mask such as *** in place of the secret"
    spec = spec_of(name)
    wrong = complaint(spec.kind, value) if strict and spec else ""
    return f"`{name}` {wrong}" if wrong else ""
