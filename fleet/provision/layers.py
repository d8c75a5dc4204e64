"""What the levels say, one above the other; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.errors import ConfigurationError
from fleet.model import NO_INTENT, Level, Wanted
from fleet.phone.timezones import phone_clock
from fleet.provision.origin import Origin, Source, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from fleet.model import Intent, Intents

DEFAULTS: Mapping[str, Wanted] = {"contact rcs": Wanted(value="0")}
"""Below every level. A phone that is ours need not ask the vendor's redirection service, which may
send it elsewhere (facts/provisioning 1.5); `contact rcs: null` leaves it out again."""

_TIME_ZONE = "time zone name"
_CLOCK = (
    *(_TIME_ZONE, "time zone code", "time zone minutes", "dst config", "dst minutes"),
    "dst [start|end] relative date",
    *(
        f"dst {side} {what}"
        for side in ("start", "end")
        for what in ("month", "week", "day", "hour")
    ),
)
_NO_CLOCK: Mapping[str, Wanted] = dict.fromkeys(_CLOCK, Wanted(value=None))


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """Parameters that one level or profile says; all of a clock's, where `is_clock`.

    From `valid_until` on they may be wrong. `problem` says why there is no such clock.
    """

    origin: Origin
    parameters: Mapping[str, Wanted]
    is_clock: bool = False
    valid_until: datetime | None = None
    problem: str = ""


DEFAULT_LAYER = Layer(
    origin=Origin(source=Source.DEFAULT, detail="fleet's own default"), parameters=DEFAULTS
)


def stacked(layers: Iterable[Layer], below: Mapping[str, Value]) -> dict[str, Value]:
    """The values of layers laid over others, with what was removed; a later one overrides."""
    values = dict(below)
    for layer in layers:
        for name, wanted in layer.parameters.items():
            before = values.get(name)
            over = (before, *before.over) if before else ()
            values[name] = Value(wanted=wanted, origin=layer.origin, over=over)
    return values


def last_clock(layers: Iterable[Layer]) -> Layer:
    """The layer whose clock counts."""
    return next((layer for layer in reversed([*layers]) if layer.is_clock), DEFAULT_LAYER)


class Layers:
    """Makes the layers of every level. `at` is the moment for which clocks are made.

    `timezones` are those of the sites by name, for sites whose configuration names none.
    """

    def __init__(self, intents: Intents, timezones: Mapping[str, str], at: datetime) -> None:
        self._intents = intents
        self._timezones = timezones
        self._at = at

    def fleet(self) -> list[Layer]:
        """The fleet's own, above fleet's defaults."""
        own = self._of_intent(self._intents.fleet, Level.FLEET, "")
        return [DEFAULT_LAYER, *own]

    def model(self, model: str) -> list[Layer]:
        """A model's, by its full name."""
        intent = self._intents.models.get(model, NO_INTENT)
        return list(self._of_intent(intent, Level.MODEL, model))

    def site(self, site: str) -> list[Layer]:
        """A site's: its time zone, then what its configuration says."""
        layers: list[Layer] = []
        if zone := self._timezones.get(site):
            origin = Origin(source=Source.LEVEL, level=Level.SITE, name=site)
            layers.append(self._clock(zone, origin))
        intent = self._intents.sites.get(site, NO_INTENT)
        return [*layers, *self._of_intent(intent, Level.SITE, site)]

    def phone_profiles(self, intent: Intent) -> list[Layer]:
        """What the profiles of a phone say, which its accounts override."""
        return list(self._of_profiles(intent, Level.PHONE, ""))

    def phone(self, intent: Intent) -> list[Layer]:
        """What a phone says itself, which nothing overrides."""
        origin = Origin(source=Source.LEVEL, level=Level.PHONE)
        return list(self._of_said(intent, origin))

    def modules(self, model: str, site: str, intent: Intent) -> tuple[str, ...] | None:
        """The expansion modules that the last level or profile to say so says; None: none does."""
        known = self._intents
        levels = (
            known.fleet,
            known.models.get(model, NO_INTENT),
            known.sites.get(site, NO_INTENT),
            intent,
        )
        said = [
            one.modules
            for level in levels
            for one in (*(known.profiles.get(p, NO_INTENT) for p in level.profiles), level)
        ]
        return next((modules for modules in reversed(said) if modules is not None), None)

    def _of_intent(self, intent: Intent, level: Level, name: str) -> Iterator[Layer]:
        yield from self._of_profiles(intent, level, name)
        yield from self._of_said(intent, Origin(source=Source.LEVEL, level=level, name=name))

    def _of_profiles(self, intent: Intent, level: Level, name: str) -> Iterator[Layer]:
        for profile in intent.profiles:
            origin = Origin(source=Source.LEVEL, level=level, name=name, profile=profile)
            yield from self._of_said(self._intents.profiles.get(profile, NO_INTENT), origin)

    def _of_said(self, intent: Intent, origin: Origin) -> Iterator[Layer]:
        """One configuration: its clock first. A clock is taken whole, from one place alone."""
        if intent.timezone is not None:
            yield self._clock(intent.timezone, origin)
        elif _TIME_ZONE in intent.parameters:
            yield Layer(origin=origin, parameters=_NO_CLOCK, is_clock=True)
        if intent.parameters:
            yield Layer(origin=origin, parameters=intent.parameters)

    def _clock(self, zone: str, origin: Origin) -> Layer:
        computed = replace(
            origin,
            source=Source.COMPUTED,
            detail=f"the time zone {zone or '(none)'}",
        )
        none = Layer(origin=computed, parameters=_NO_CLOCK, is_clock=True)
        if not zone:
            return none
        try:
            clock = phone_clock(zone, at=self._at)
        except ConfigurationError as error:
            return replace(none, problem=str(error))
        said = {one.name: Wanted(value=one.value) for one in clock.parameters}
        return replace(none, parameters={**_NO_CLOCK, **said}, valid_until=clock.valid_until)
