"""The friendly keys of a configuration, and the parameters that each of them stands for.

A key that stands for several parameters says all of them: those it leaves out are removed, so that
nothing of what a level before said of the same key, or the same list, shines through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleet.inventory.entries import UNSAID
from fleet.inventory.templates import written
from fleet.model import Template
from fleet.phone.config_file import canonical_name, numbered
from fleet.phone.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.inventory.entries import Unsaid
    from fleet.model import SecretRef

    Value = str | Template | SecretRef | None

NO_CHOICES: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """One value for one parameter; `also` are parameters that go with it."""

    parameter: str
    choices: Mapping[str, str] = field(default_factory=lambda: NO_CHOICES)
    also: Mapping[str, str] = field(default_factory=lambda: NO_CHOICES)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it stands for."""
        return (self.parameter, *self.also)

    def parameters(self, value: Value) -> dict[str, Value]:
        """What the key says; None removes all of it. Raises ValueError for what is no choice."""
        if value is None:
            return dict.fromkeys(self.names)
        if self.choices:
            if not isinstance(value, str) or value.lower() not in self.choices:
                raise ValueError(f"must be one of {', '.join(self.choices)}")
            value = self.choices[value.lower()]
        return {self.parameter: value, **self.also}

    def written(self, values: Mapping[str, Value]) -> Value | Unsaid:
        """The key's value that says this; unsaid if none does."""
        value = values[self.parameter]
        if value is None:
            return None if not any(values.values()) else UNSAID
        if any(values[name] != fixed for name, fixed in self.also.items()):
            return UNSAID
        if not self.choices:
            return value
        return next((word for word, said in self.choices.items() if said == value), UNSAID)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """A list for numbered parameters, one for each item; `also` go with any list."""

    slots: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""
    also: Mapping[str, str] = field(default_factory=lambda: NO_CHOICES)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it stands for."""
        return (*self.slots, *self.also)

    def parameters(self, items: list[str] | None) -> dict[str, Value]:
        """What the list says; None removes all of it. Raises ValueError for too many items."""
        if items is None:
            return dict.fromkeys(self.names)
        if not 1 <= len(items) <= len(self.slots):
            raise ValueError(f"must be a list of 1 to {len(self.slots)} items")
        values = [self._long(item) for item in items]
        padded: list[Value] = [*values, *[None] * (len(self.slots) - len(values))]
        return {**dict(zip(self.slots, padded, strict=True)), **self.also}

    def written(self, values: Mapping[str, Value]) -> list[str] | Unsaid | None:
        """The list that says this; unsaid if none does."""
        if not any(value is not None for value in values.values()):
            return None
        given = [values[slot] for slot in self.slots]
        items = [value for value in given if isinstance(value, str)]
        exact = items and all(items) and given == [*items, *[None] * (len(given) - len(items))]
        if not exact or any(values[name] != fixed for name, fixed in self.also.items()):
            return UNSAID
        short = [self._short(item) for item in items]
        return short if [self._long(item) for item in short] == items else UNSAID

    def _long(self, item: str) -> str:
        is_code = self.prefix and re.fullmatch(r"[a-z]{2}(_[a-z]{2})?", item)
        return f"{self.prefix}{item}{self.suffix}" if is_code else item

    def _short(self, item: str) -> str:
        return item.removeprefix(self.prefix).removesuffix(self.suffix) if self.prefix else item


SCALARS: Mapping[str, Scalar] = {
    **{
        f"{key}{suffix}": Scalar(parameter=f"sip {name} {end}")
        for key, name in (
            ("registrar", "registrar"),
            ("backup_registrar", "backup registrar"),
            ("proxy", "proxy"),
            ("backup_proxy", "backup proxy"),
        )
        for suffix, end in (("", "ip"), ("_port", "port"))
    },
    "outbound_proxy": Scalar(parameter="sip outbound proxy"),
    "outbound_proxy_port": Scalar(parameter="sip outbound proxy port"),
    "backup_outbound_proxy": Scalar(parameter="sip backup outbound proxy"),
    "backup_outbound_proxy_port": Scalar(parameter="sip backup outbound proxy port"),
    "transport": Scalar(
        parameter="sip transport protocol",
        choices={"udp+tcp": "0", "udp": "1", "tcp": "2", "tls": "4"},
    ),
    "registration_period": Scalar(parameter="sip registration period"),
    "dial_plan": Scalar(parameter="sip dial plan"),
    "language": Scalar(parameter="language"),
    "web_language": Scalar(parameter="web language"),
    "vlan": Scalar(parameter="vlan id", also={"tagging enabled": "1"}),
    "pc_port_vlan": Scalar(parameter="vlan id port 1"),
    "admin_password": Scalar(parameter="admin password"),
    "user_password": Scalar(parameter="user password"),
}
LISTS: Mapping[str, Slots] = {
    "ntp": Slots(
        slots=("time server1", "time server2", "time server3"), also={"time server disabled": "0"}
    ),
    "languages": Slots(
        slots=tuple(f"language {slot}" for slot in (1, 2, 3, 4)), prefix="lang_", suffix=".txt"
    ),
}
PUSH_SERVERS = "xml application post list"
"""What `push_servers` says: the addresses that may push XML, with commas between them."""

ACTION_URI = "action uri "
EVENTS: Mapping[str, str] = {
    name.removeprefix(ACTION_URI).replace(" ", "_"): name
    for name in PARAMETERS
    if name.startswith(ACTION_URI)
}
"""The keys of `action_uris`."""

MAPPINGS = ("keys", "action_uris")
FRIENDLY = ("timezone", "modules", *SCALARS, *LISTS, "push_servers", *MAPPINGS, "parameters")
KEY_FAMILIES = frozenset({"prgkeyN", "softkeyN", "topsoftkeyN", "expmodX keyN", "featurekeyN"})
KEY_WORDS = ("type", "value", "line", "label", "locked", "states")


def key_parameters(name: str) -> tuple[str, ...]:
    """The parameters of a key such as `prgkey1` or `expmod1 key5`; none if it is no key's name."""
    key = canonical_name(name)
    family = numbered(f"{key} type").family.removesuffix(" type")
    if family not in KEY_FAMILIES or numbered(f"{key} type").numbers[0] < 1:
        return ()
    return tuple(f"{key} {word}" for word in KEY_WORDS if f"{family} {word}" in PARAMETERS)


_KEYS = re.compile(r"(?P<before>.*[^0-9-])(?P<first>[0-9]{1,3})-(?P<last>[0-9]{1,3})")
_SERIES = re.compile(r"(?P<before>[^.]*?)(?P<first>[0-9]{1,15})\.\.(?P<last>[0-9]{1,15})")


def keys_in(name: str) -> tuple[str, ...]:
    """The keys that a name stands for: itself, or all of `prgkey1-4`; none for a wrong range."""
    match = _KEYS.fullmatch(name.strip())
    if match is None:
        return (name,)
    first, last = int(match["first"]), int(match["last"])
    return tuple(f"{match['before']}{number}" for number in range(first, last + 1))


def item(value: Value, index: int, count: int) -> Value:
    """The value of one of several keys: that of a series such as `101..110`, else the same for all.

    Raises ValueError where the series is longer or shorter than the keys are many.
    """
    match = _SERIES.fullmatch(value) if isinstance(value, str) and count > 1 else None
    if match is None:
        return value
    first, last = match["first"], match["last"]
    if int(last) - int(first) + 1 != count:
        raise ValueError(
            f"{value} has {max(int(last) - int(first) + 1, 0)} values for {count} keys"
        )
    return f"{match['before']}{int(first) + index:0{len(first)}d}"


def key_of(parameter: str) -> str:
    """The key that a parameter is about; empty if it is about none."""
    key, _, word = parameter.rpartition(" ")
    return key if word in KEY_WORDS and parameter in key_parameters(key) else ""


def word_of(parameter: str) -> str:
    """What a key's parameter says of it: its type, its value and so on."""
    return parameter.rpartition(" ")[2]


def as_yaml(value: Value) -> Any:
    """A value as it stands in the file: plain numbers as numbers, references as a key."""
    if value is None:
        return None
    if isinstance(value, Template):
        return value.text
    if not isinstance(value, str):
        return {value.kind.value: value.name}
    value = written(value)
    plain = value == "0" or (value.isascii() and value.isdigit() and not value.startswith("0"))
    return int(value) if plain and len(value) < 16 else value
