"""What a phone makes of its files and of what was set on it by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.phone.config_file.parameter import ConfigFile, Parameter


class Origin(StrEnum):
    """Where an effective value comes from."""

    SERVER = "server"  # one of the configuration files
    LOCAL = "local"  # set on the phone itself: its keys, its web UI, an XML push of type local


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectiveValue:
    """A parameter as the phone has it. `file` is the name of the file that gave a server value.

    `overwrote` says that a local value was there and the mark `^` has taken it away.
    """

    name: str
    value: str = field(repr=False)
    locked: bool = False
    origin: Origin = Origin.SERVER
    file: str = ""
    overwrote: bool = False


def effective(
    files: Iterable[ConfigFile], *, local: Iterable[Parameter] = (), new_files: bool = True
) -> dict[str, EffectiveValue]:
    """Every parameter's value and lock, by canonical name, as the phone computes them.

    `files` are given in the phone's order: `aastra.cfg`, `<model>.cfg`, `<mac>.cfg`; the last one
    that names a parameter decides its value, its lock and its `^` (facts/provisioning 1.1, 1.2; for
    `^` this is assumed). A local value wins over a file's unless that is locked, or is marked `^`
    and `new_files` says that the phone has just loaded files that changed.
    """
    values = _of_files(files)
    overwriting = {key for key, (_, mark) in values.items() if mark and new_files}
    result = {key: value for key, (value, _) in values.items()}
    for parameter in local:
        key = parameter.key
        given = result.get(key)
        if given is None or given.origin is Origin.LOCAL:
            result[key] = _local(parameter)
        elif key in overwriting and not given.locked:
            result[key] = _overwrote(given)
        elif not given.locked:
            result[key] = _local(parameter)
    return result


def local_left(
    files: Iterable[ConfigFile], local: Iterable[Parameter], *, new_files: bool = True
) -> tuple[Parameter, ...]:
    """The local values that a phone still keeps after it loaded these files.

    Those under the mark `^` are gone for good. Those under a lock are assumed to be kept, without
    effect, and to hold again when the lock goes.
    """
    last = {parameter.key: parameter for file in files for parameter in file.parameters}
    gone = {key for key, parameter in last.items() if parameter.overwrite and new_files}
    return tuple(parameter for parameter in local if parameter.key not in gone)


def _of_files(files: Iterable[ConfigFile]) -> Mapping[str, tuple[EffectiveValue, bool]]:
    values: dict[str, tuple[EffectiveValue, bool]] = {}
    for file in files:
        for parameter in file.parameters:
            value = EffectiveValue(
                name=parameter.key,
                value=parameter.value,
                locked=parameter.lock,
                file=file.name,
            )
            values[parameter.key] = (value, parameter.overwrite)
    return values


def _local(parameter: Parameter) -> EffectiveValue:
    return EffectiveValue(name=parameter.key, value=parameter.value, origin=Origin.LOCAL)


def _overwrote(given: EffectiveValue) -> EffectiveValue:
    return EffectiveValue(name=given.name, value=given.value, file=given.file, overwrote=True)
