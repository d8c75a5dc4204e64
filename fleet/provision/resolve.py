"""From intents and accounts to each phone's parameters, every one with where it comes from; pure.

    fleet < model < site < the phone's profiles < its accounts < the phone itself

A later one overrides those before it, parameter by parameter; null removes. A clock and a key are
taken whole. Phones that differ by their accounts alone share all the rest, their `Base`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fleet.errors import ConfigurationError
from fleet.inventory.templates import expand
from fleet.model import NO_INTENT, Template, Wanted
from fleet.phone.catalog import model_named, model_table
from fleet.provision.accounts import account_values
from fleet.provision.inherited import inherited, lines_that_say
from fleet.provision.layers import Layers, last_clock, stacked
from fleet.provision.origin import Origin, Source, Value

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    from fleet.model import Intent, Intents, Phone
    from fleet.phone.config_file import LineSet

_NOTHING: Mapping[str, Wanted] = {}
_SERVER = Origin(source=Source.COMPUTED, detail="what our server requires of the phone")


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Base:
    """What a phone has but for its accounts; many phones share one.

    `values` hold what was removed too. `own` are the names that the phone says itself, `lines`
    those that say a part of a set, `templates` those whose values have variables. `modules` are its
    expansion modules, where somebody says so. `problem` says why no phone of it can be rendered,
    empty if all is well. From `valid_until` on the clock may be wrong.
    """

    model: str
    site: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    lines: frozenset[tuple[int, LineSet]] = frozenset()
    templates: tuple[str, ...] = ()
    modules: tuple[str, ...] | None = None
    valid_until: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Resolved:
    """One phone as it shall be. `over` is laid over its base: accounts, and what is computed.

    `problem` is why the phone cannot be rendered, in one sentence; empty if it can.
    """

    phone_id: int
    label: str
    mac: str
    base: Base
    over: Mapping[str, Value] = field(default_factory=dict)
    problem: str = ""

    @property
    def values(self) -> dict[str, Value]:
        """Every parameter that the phone shall have."""
        every = {**self.base.values, **self.over}
        return {name: value for name, value in every.items() if value.is_there}


class Resolver:
    """Resolves phones, sharing what they have in common.

    `timezones` are the sites' by name; `at` is the moment for which clocks are made. `asked` is
    what our server asks of single phones, by their numbers: a login to fetch with, say.
    """

    def __init__(
        self,
        intents: Intents,
        *,
        timezones: Mapping[str, str],
        at: datetime,
        asked: Mapping[int, Mapping[str, Wanted]] | None = None,
    ) -> None:
        self._intents = intents
        self._layers = Layers(intents, timezones, at)
        self._asked = {} if asked is None else asked
        self._bases: dict[Hashable, Base] = {}
        self._shared: dict[str, dict[str, Value]] = {}

    def shared(self, model: str = "") -> Mapping[str, Value]:
        """What the fleet's level, and that of a model if one is given, say for all their phones."""
        if model not in self._shared:
            below = self.shared() if model else {}
            layers = self._layers.model(model) if model else self._layers.fleet()
            self._shared[model] = stacked(layers, below)
        return self._shared[model]

    def models(self) -> tuple[str, ...]:
        """The models that have an intent."""
        return tuple(self._intents.models)

    def phone(
        self, phone_id: int, phone: Phone, seen_model: str = "", *, intent: Intent | None = None
    ) -> Resolved:
        """Resolve a phone. `seen_model` is what it said of itself when it was polled, if it was.

        `intent` takes the place of the one that is known of the phone.
        """
        model = model_named(seen_model or phone.model)
        own = self._intents.phones.get(phone_id, NO_INTENT) if intent is None else intent
        base = self._base(model, phone.site, own)
        over: dict[str, Value] = {}
        problem = _unknown(phone, model) or base.problem
        if not base.problem:
            try:
                over = self._over(base, phone, self._asked.get(phone_id, _NOTHING))
            except ConfigurationError as error:
                problem = problem or str(error)
        return Resolved(
            phone_id=phone_id,
            label=phone.label,
            mac=phone.mac,
            base=base,
            over=over,
            problem=problem,
        )

    def _over(self, base: Base, phone: Phone, asked: Mapping[str, Wanted]) -> dict[str, Value]:
        over = {name: _expanded(name, base.values[name], phone, base) for name in base.templates}
        below = {**base.values, **over} if over else base.values
        over |= {
            name: value
            for name, value in account_values(phone.accounts, below).items()
            if name not in base.own
        }
        for name, wanted in asked.items():
            if name not in base.own:
                before = base.values.get(name)
                instead = (before, *before.over) if before else ()
                over[name] = Value(wanted=wanted, origin=_SERVER, over=instead)
        return over | inherited(below, over, base.lines | lines_that_say(over))

    def _base(self, model: str, site: str, intent: Intent) -> Base:
        key = (model, site, _key(intent))
        if key not in self._bases:
            self._bases[key] = self._made(model, site, intent)
        return self._bases[key]

    def _made(self, model: str, site: str, intent: Intent) -> Base:
        above = [*self._layers.fleet(), *self._layers.model(model)]
        middle = [*self._layers.site(site), *self._layers.phone_profiles(intent)]
        own = self._layers.phone(intent)
        clock = last_clock([*above, *middle, *own])
        values = stacked([*middle, *own], self.shared(model))
        return Base(
            model=model,
            site=site,
            values=values,
            lines=lines_that_say(values),
            modules=self._layers.modules(model, site, intent),
            own=frozenset(name for layer in own for name in layer.parameters),
            templates=tuple(
                name for name, value in values.items() if isinstance(value.wanted.value, Template)
            ),
            valid_until=clock.valid_until,
            problem=clock.problem,
        )


def _expanded(name: str, value: Value, phone: Phone, base: Base) -> Value:
    """A value with a phone's own words in place of its variables."""
    template = value.wanted.value
    assert isinstance(template, Template)  # noqa: S101  `templates` has no others
    try:
        text = expand(template, phone, base.model)
    except ConfigurationError as error:
        raise ConfigurationError(f"`{name}`: {error}") from None
    origin = replace(value.origin, detail=f"written as {template}")
    return replace(value, wanted=replace(value.wanted, value=text), origin=origin)


def _key(intent: Intent) -> Hashable:
    """What makes two phones' intents the same."""
    if intent is NO_INTENT:
        return None
    return intent.profiles, intent.timezone, intent.modules, frozenset(intent.parameters.items())


def _unknown(phone: Phone, model: str) -> str:
    """Why it is not known which files a phone reads; empty if it is."""
    if not phone.mac:
        return "its MAC is unknown; poll it once, or add it to the inventory."
    if not model:
        return "its model is unknown; poll it once, or add it to the inventory."
    return "" if model_table(model) else f"{model} is not a model that fleet knows."
