"""Writes an intent as the key `configuration` of a YAML inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.inventory import friendly
from fleet.inventory.entries import Unsaid
from fleet.inventory.friendly import as_yaml
from fleet.phone.parameters import complaint, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fleet.inventory.friendly import Value
    from fleet.model import Intent, Wanted

    Left = dict[str, Wanted]


def intent_as_yaml(intent: Intent) -> dict[str, Any]:
    """The keys `profiles` and `configuration` that say this; none for an intent that says nothing.

    What a friendly key can say exactly it says; the rest stands under `parameters`.
    """
    said: dict[str, Any] = {}
    if intent.profiles:
        said["profiles"] = list(intent.profiles)
    said_more = (intent.timezone, intent.modules) != (None, None)
    if intent.parameters or said_more:
        said["configuration"] = _configuration(intent)
    return said


def _configuration(intent: Intent) -> dict[str, Any]:
    left = dict(intent.parameters)
    said: dict[str, Any] = {}
    if intent.timezone is not None:
        said["timezone"] = intent.timezone or None
    if intent.modules is not None:
        said["modules"] = list(intent.modules)
    said |= dict(_simple(left))
    if uris := dict(_action_uris(left)):
        said["action_uris"] = uris
    if keys := dict(_keys(left)):
        said["keys"] = keys
    if left:
        raw = {f"{want.mark}{name}": as_yaml(want.value) for name, want in sorted(left.items())}
        said["parameters"] = raw
    return said


def _simple(left: Left) -> Iterator[tuple[str, Any]]:
    table: dict[str, friendly.Scalar | friendly.Slots] = {**friendly.SCALARS, **friendly.LISTS}
    for key, one in table.items():
        values, mark = _together(left, one.names)
        if values and not isinstance(written := one.written(values), Unsaid):
            _drop(left, one.names)
            yield mark + key, written if isinstance(written, list) else as_yaml(written)
    want = left.get(friendly.PUSH_SERVERS)
    items = want.value.split(",") if want and isinstance(want.value, str) else []
    if want and (want.value is None or (items and all(items))):
        _drop(left, (friendly.PUSH_SERVERS,))
        yield f"{want.mark}push_servers", items or None


def _action_uris(left: Left) -> Iterator[tuple[str, Any]]:
    for event, name in friendly.EVENTS.items():
        if name in left and not _is_wrong(left, name):
            want = left.pop(name)
            yield want.mark + event, as_yaml(want.value)


def _keys(left: Left) -> Iterator[tuple[str, Any]]:
    for key in dict.fromkeys(found for name in sorted(left) if (found := friendly.key_of(name))):
        names = friendly.key_parameters(key)
        values, mark = _together(left, names)
        if values:
            _drop(left, names)
            said = {
                friendly.word_of(name): as_yaml(value)
                for name, value in values.items()
                if value is not None
            }
            yield mark + key, said or None


def _together(left: Left, names: Sequence[str]) -> tuple[Mapping[str, Value], str]:
    """The values of these parameters and their mark, if all are there, well, and marked alike."""
    wanted = [left[name] for name in names if name in left]
    marks = {want.mark for want in wanted}
    if len(wanted) < len(names) or len(marks) > 1 or any(_is_wrong(left, name) for name in names):
        return {}, ""
    return {name: left[name].value for name in names}, wanted[0].mark


def _is_wrong(left: Left, name: str) -> bool:
    """Whether a value can be said raw only, for a friendly key is checked when it is read."""
    value, spec = left[name].value, spec_of(name)
    return isinstance(value, str) and spec is not None and complaint(spec.kind, value) != ""


def _drop(left: Left, names: Iterable[str]) -> None:
    for name in names:
        del left[name]
