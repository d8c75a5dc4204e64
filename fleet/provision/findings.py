"""What the linter holds against phones; phones that look alike to it are looked at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Severity
from fleet.phone.config_file import Parameter, foreign_comment, has_hidden, numbered
from fleet.phone.lint import CHECKS, LintContext, LintFinding, lint
from fleet.phone.lint.look import LintLook, line_numbers
from fleet.phone.lint.placeholders import has_placeholder
from fleet.phone.parameters import complaint, is_mask, is_secret, spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from fleet.model import Wanted
    from fleet.provision.render import OwnFile, Part

    ContextOf: TypeAlias = Callable[[str], LintContext]  # a site's

_OF_PASSWORDS = "weak-password"
_ORDER = tuple(Severity)
_FREE = frozenset(
    f"sip lineN {what}"
    for what in ("user name", "auth name", "password", "display name", "screen name")
) | {"http digest username", "http digest password"}
"""Parameters whose text matters to one check alone, that of passwords: beside it, only whether
there is one."""


class PhoneLinter:
    """Lints whole phones. `context_of` gives what the parameters of a site's phones do not say.

    `fitted` are the expansion modules that phones said they have, by the phones' numbers. The
    inventory's word comes first; of whom neither says anything, no module is known.
    """

    def __init__(
        self, context_of: ContextOf, fitted: Mapping[int, tuple[str, ...]] | None = None
    ) -> None:
        self._context_of = context_of
        self._fitted = fitted or {}
        self._contexts: dict[str, LintContext] = {}
        self._known: dict[Hashable, tuple[LintFinding, ...]] = {}
        self._about_passwords: dict[Part, Mapping[str, Wanted]] = {}

    def lint(self, file: OwnFile) -> tuple[LintFinding, ...]:
        """Everything wrong with what a phone gets, the worst first; nothing if it gets no file."""
        if file.problem:
            return ()
        modules = self._modules(file)
        key = (file.part, _shape(file.over), modules)
        if key not in self._known:
            self._known[key] = self._but_passwords(file, modules)
        weak = self._weak_passwords(file)
        return _sorted((*self._known[key], *weak)) if weak else self._known[key]

    def _modules(self, file: OwnFile) -> tuple[str, ...]:
        said = file.phone.base.modules
        return self._fitted.get(file.phone.phone_id, ()) if said is None else said

    def _but_passwords(self, file: OwnFile, modules: tuple[str, ...]) -> tuple[LintFinding, ...]:
        base = file.phone.base
        if base.site not in self._contexts:
            self._contexts[base.site] = self._context_of(base.site)
        context = replace(self._contexts[base.site], modules=modules)
        found = lint(_parameters(file.values), base.model, context)
        return _sorted(one for one in found if one.check != _OF_PASSWORDS)

    def _weak_passwords(self, file: OwnFile) -> tuple[LintFinding, ...]:
        """What is wrong with a phone's passwords; its user names are all that matters to that."""
        if file.part not in self._about_passwords:
            self._about_passwords[file.part] = _about_passwords(file.part.values)
        values = {**self._about_passwords[file.part], **_about_passwords(file.over)}
        parameters = _parameters(values)
        last = {one.name: one for one in parameters}
        look = LintLook(parameters=parameters, last=last, lines=line_numbers(values))
        return tuple(CHECKS[_OF_PASSWORDS](look))


def _about_passwords(values: Mapping[str, Wanted]) -> Mapping[str, Wanted]:
    return {name: want for name, want in values.items() if is_secret(name) or name.endswith("name")}


def _shape(over: Mapping[str, Wanted]) -> Hashable:
    """What makes two phones of one base the same to all checks but that of passwords."""
    return tuple(
        (name, _looks(name, str(want.value)) if numbered(name).family in _FREE else want)
        for name, want in over.items()
    )


def _looks(name: str, value: str) -> Hashable:
    odd = has_placeholder(name, value) or foreign_comment(value) or has_hidden(value)
    if odd or (is_secret(name) and is_mask(value)):
        return value
    spec = spec_of(name)
    return value != "", complaint(spec.kind, value) if spec else ""


def _parameters(values: Mapping[str, Wanted]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(name=name, value=str(want.value), lock=want.lock, overwrite=want.overwrite)
        for name, want in values.items()
    )


def _sorted(findings: Iterable[LintFinding]) -> tuple[LintFinding, ...]:
    return tuple(
        sorted(findings, key=lambda one: (_ORDER.index(one.severity), one.check, one.parameter))
    )
