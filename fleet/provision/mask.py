"""Files and values as they may be shown: without secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.model import SecretRef
from fleet.phone.config_file import (
    WITHOUT_SECRETS,
    Parameter,
    assemble,
    read,
    render_line,
)
from fleet.phone.parameters import is_secret, without_login

if TYPE_CHECKING:
    from collections.abc import Collection

    from fleet.model import Intents, Wanted
    from fleet.phone.parameters import ParameterChange

HIDDEN = "***"


def masked_file(body: bytes, secrets: Collection[str] = ()) -> bytes:
    """A file that we wrote, to be read by people: lines with secrets are comments without them.

    Such a file says that it is not for phones: one that took `***` for its admin password would use
    the factory's. A file without secrets stays as it is. `secrets` names more parameters to hide.
    """
    parameters = read(body).parameters
    masked = [masked_parameter(one, secrets) for one in parameters]
    if all(one.value == each.value for one, each in zip(parameters, masked, strict=True)):
        return body
    text = body.decode()
    heading = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    lines = [
        render_line(each) if one.value == each.value else f"# {render_line(each)}"
        for one, each in zip(parameters, masked, strict=True)
    ]
    return assemble([WITHOUT_SECRETS, *heading], lines)


def masked_parameter(one: Parameter, secrets: Collection[str] = ()) -> Parameter:
    """A parameter as it may be shown."""
    hide = one.value != "" and (is_secret(one.key) or one.key in secrets)
    value = HIDDEN if hide else without_login(one.value)
    return Parameter(name=one.name, value=value, lock=one.lock, overwrite=one.overwrite)


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
    return HIDDEN if is_secret(name) and wanted.value else without_login(str(wanted.value))
