"""Keys: their numbers, the modules they stand on, and those that stay locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.catalog import MAX_MODULES, expansion_module_named
from fleet.phone.config_file import Numbered, numbered
from fleet.phone.lint.look import LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.phone.catalog import Keys, Model
    from fleet.phone.config_file import Parameter
    from fleet.phone.lint.look import LintLook

_MODULE_KEY = "expmodX keyN"
_FAMILIES = ("prgkeyN", "softkeyN", "topsoftkeyN", "featurekeyN", _MODULE_KEY)


def key_out_of_range(look: LintLook) -> Iterator[LintFinding]:
    """A key that the model does not have. One finding for each key."""
    model = look.model
    if model is None or model.keys is None:
        return
    for key, parameter in _first_of_each_key(look):
        if key.family != _MODULE_KEY:
            most = _count(model.keys, key.family)
            if most is not None and not 1 <= key.numbers[0] <= most:
                yield _out_of_range(parameter, _of_model(model, key.family, most))
        elif model.keys.modules:
            most = _module_keys(look, model.keys, key.numbers[0])
            if most and not 1 <= key.numbers[1] <= most:
                yield _out_of_range(parameter, f"that module has keys 1 to {most}")


def module_not_possible(look: LintLook) -> Iterator[LintFinding]:
    """A key on an expansion module that the model does not take, or that is not there."""
    model = look.model
    if model is None or model.keys is None:
        return
    for key, parameter in _first_of_each_key(look):
        if key.family != _MODULE_KEY:
            continue
        if reason := _no_module(look, model, key.numbers[0]):
            yield LintFinding(
                check="module-not-possible",
                severity=Severity.WARNING,
                parameter=parameter.key,
                text=f"`{parameter.key}` has no effect: {reason}. Remove it.",
                line=parameter.line,
            )


def key_twice(look: LintLook) -> Iterator[LintFinding]:
    """The same key said twice in one set: only the last one counts."""
    seen: dict[str, Parameter] = {}
    told: set[str] = set()
    for parameter in look.parameters:
        key = key_of(parameter.key)
        if key is None:
            continue
        if parameter.key in seen and str(key) not in told:
            told.add(str(key))
            yield LintFinding(
                check="key-twice",
                severity=Severity.WARNING,
                parameter=parameter.key,
                text=f"`{parameter.key}` is set twice, and only the last one counts: use a "
                "different number for each key.",
                line=parameter.line,
            )
        seen[parameter.key] = parameter


def key_stays_locked(look: LintLook) -> Iterator[LintFinding]:
    """A key that is locked from the factory and is given a meaning without being unlocked.

    facts/provisioning 1.3, Keys. Sources differ: other provisioners unlock such a key first, the
    vendor's own scripts do not always.
    """
    if look.model is None or look.model.keys is None:
        return
    for number in look.model.keys.locked_prgkeys:
        given = look.last.get(f"prgkey{number} type")
        if given and look.value(f"prgkey{number} locked") != "0":
            yield LintFinding(
                check="key-stays-locked",
                severity=Severity.INFO,
                parameter=f"prgkey{number} locked",
                text=f"Key {number} of the {look.model.name} is locked from the factory, so it may "
                f"not change: add `prgkey{number} locked: 0`.",
                line=given.line,
            )


def key_line(look: LintLook) -> Iterator[LintFinding]:
    """A key for a line that the model does not have; line 0 is any line."""
    most = look.model.lines if look.model else 0
    for name, parameter in look.last.items():
        value = parameter.value.strip()
        is_line = name.endswith(" line") and key_of(name) is not None
        if most and is_line and value.isdigit() and int(value[:9]) > most:
            yield LintFinding(
                check="key-line",
                severity=Severity.WARNING,
                parameter=name,
                text=f"`{name}` is {value[:9]}, and the {look.model_name} has lines 1 to {most}: "
                "use one of those.",
                line=parameter.line,
            )


def key_of(name: str) -> Numbered | None:
    """The key that a parameter is about, without what it says of it; None if it is no key's."""
    found = numbered(name)
    for family in _FAMILIES:
        if found.numbers and found.family.startswith(f"{family} "):
            return Numbered(family, found.numbers)
    return None


def _first_of_each_key(look: LintLook) -> Iterator[tuple[Numbered, Parameter]]:
    """Keys of which more is said than that they are locked or not, which any model may be told."""
    seen: set[Numbered] = set()
    for name, parameter in look.last.items():
        key = None if name.endswith(" locked") else key_of(name)
        if key is not None and key not in seen:
            seen.add(key)
            yield key, parameter


def _count(keys: Keys, family: str) -> int | None:
    """How many keys of a family; None where nobody says."""
    counts = {
        "prgkeyN": keys.prgkeys,
        "softkeyN": keys.softkeys,
        "topsoftkeyN": keys.topsoftkeys,
    }
    return counts.get(family)


def _module_keys(look: LintLook, keys: Keys, position: int) -> int:
    """How many keys the module at a position has, or the largest one that could be there."""
    fitted = look.context.modules or ()
    if 1 <= position <= len(fitted) and (module := expansion_module_named(fitted[position - 1])):
        return module.keys
    return max(module.keys for module in keys.modules)


def _no_module(look: LintLook, model: Model, position: int) -> str:
    if model.keys is None or not model.keys.modules:
        return f"the {model.name} supports no expansion module"
    if not 1 <= position <= MAX_MODULES:
        return f"a phone has modules 1 to {MAX_MODULES}"
    fitted = look.context.modules
    if fitted is None:
        return ""
    module = expansion_module_named(fitted[position - 1]) if position <= len(fitted) else None
    if position > len(fitted) or not fitted[position - 1]:
        return (
            f"module {position} of this phone is unknown (the phone names its modules when it "
            "fetches a file; `modules` in its configuration sets them)"
        )
    if module and module not in model.keys.modules:
        return f"the {model.name} does not support the {module.name}"
    return ""


def _of_model(model: Model, family: str, most: int) -> str:
    if not most:
        return f"the {model.name} has no {family.removesuffix('N')}s"
    return f"the {model.name} has {family.removesuffix('N')}s 1 to {most}"


def _out_of_range(parameter: Parameter, reason: str) -> LintFinding:
    return LintFinding(
        check="key-out-of-range",
        severity=Severity.WARNING,
        parameter=parameter.key,
        text=f"`{parameter.key}` has no effect: {reason}. Use another key.",
        line=parameter.line,
    )
