"""Files and values as they may be shown: without secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.model import SecretRef
from fleet.phone.config_file import Parameter, assemble, read, render_line
from fleet.phone.parameters import is_secret, without_login

if TYPE_CHECKING:
    from collections.abc import Collection

    from fleet.model import Intents, Wanted
    from fleet.phone.parameters import ParameterChange

HIDDEN = "***"


def masked_file(body: bytes, secrets: Collection[str] = ()) -> bytes:
    """A file that we wrote, without the values of secrets. `secrets` names more of them."""
    text = body.decode()
    heading = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    lines = [render_line(_masked(one, secrets)) for one in read(body).parameters]
    return assemble(heading, lines)


def referred(intents: Intents) -> frozenset[str]:
    """The parameters whose values are secrets wherever they stand, for an intent says so."""
    named = (intents.models, intents.sites, intents.profiles, intents.phones)
    every = (intents.fleet, *(intent for each in named for intent in each.values()))
    return frozenset(
        name
        for intent in every
        for name, wanted in intent.parameters.items()
        if isinstance(wanted.value, SecretRef)
    )


def hidden(
    changes: tuple[ParameterChange, ...], secrets: Collection[str]
) -> tuple[ParameterChange, ...]:
    """The changes, those of these parameters as secrets."""
    if not secrets:
        return changes
    return tuple(
        replace(one, secret=True, old=None, new=None) if one.name in secrets else one
        for one in changes
    )


def shown(name: str, wanted: Wanted) -> str:
    """A value as it may be shown; of a secret where it is, and nothing of one in clear."""
    if wanted.value is None:
        return "(removed)"
    if isinstance(wanted.value, SecretRef):
        return str(wanted.value)
    return HIDDEN if is_secret(name) and wanted.value else without_login(wanted.value)


def _masked(one: Parameter, secrets: Collection[str]) -> Parameter:
    hide = one.value != "" and (is_secret(one.key) or one.key in secrets)
    value = HIDDEN if hide else without_login(one.value)
    return Parameter(name=one.name, value=value, lock=one.lock, overwrite=one.overwrite)
