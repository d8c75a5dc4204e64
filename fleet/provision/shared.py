"""What phones share: the values of the common file and of the models' files; pure.

Shared files hold no secret, and nothing that any of their phones shall not have: a file read later
can change a parameter, but not take it away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from fleet.phone.parameters import is_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fleet.model import Wanted
    from fleet.provision.origin import Value
    from fleet.provision.resolve import Base, Resolver

    Wants: TypeAlias = Mapping[str, Wanted]  # parameters with texts for values, none of them secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """The values of the file for all phones, and of those for models: only what differs there."""

    common: Wants
    of_models: Mapping[str, Wants]
    _below: dict[str, Wants] = field(default_factory=dict, repr=False)

    def below(self, model: str) -> Wants:
        """What a phone of a model reads before its own file."""
        if model not in self._below:
            self._below[model] = {**self.common, **self.of_models.get(model, {})}
        return self._below[model]


def shared_values(resolver: Resolver, bases: Collection[Base]) -> Shared:
    """What the phones of these bases share."""
    common = _kept(resolver.shared(), bases)
    models = dict.fromkeys((*resolver.models(), *sorted({base.model for base in bases})))
    of_models = {}
    for model in models:
        wanted = _kept(resolver.shared(model), [base for base in bases if base.model == model])
        differs = {name: want for name, want in wanted.items() if common.get(name) != want}
        if differs:
            of_models[model] = differs
    return Shared(common=common, of_models=of_models)


def _kept(values: Mapping[str, Value], bases: Collection[Base]) -> Wants:
    """The values that are no secrets, and that every base has in some form."""
    public = {
        name: value.wanted
        for name, value in values.items()
        if isinstance(value.wanted.value, str) and not is_secret(name)
    }
    removed = {
        name for base in bases for name in public if not _has(base, name)
    }  # fmt: skip
    return {name: wanted for name, wanted in public.items() if name not in removed}


def _has(base: Base, name: str) -> bool:
    value = base.values.get(name)
    return value is not None and value.is_there
