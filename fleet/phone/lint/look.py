"""What a check may look at, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from fleet.phone.config_file import ConfigFile, line_value, numbered

if TYPE_CHECKING:
    from fleet.model import Severity
    from fleet.phone.catalog import Model
    from fleet.phone.config_file import Parameter

NO_SERVER = frozenset({"", "0.0.0.0"})  # noqa: S104  the phones' way to say "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class LintContext:
    """What the parameters alone do not say.

    `complete` says that these are all parameters of a phone, so that what is missing is missing.
    `our_hosts` are the names, addresses and networks (CIDR) under which the phones of the site
    reach us. `is_us` says of any other host whether it is this machine. `protocols` are those by
    which we serve files (`HTTP`). `modules` are the expansion modules that are fitted, by name
    (`M670i`, `536M`), in their order. `has_file` says whether we serve a file of a name. None
    leaves each unchecked.
    """

    complete: bool = False
    demand_backup: bool = False
    our_hosts: tuple[str, ...] | None = None
    is_us: Callable[[str], bool] | None = None
    protocols: frozenset[str] | None = None
    modules: tuple[str, ...] | None = None
    has_file: Callable[[str], bool] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LintFinding:
    """What a check holds against a parameter, in one sentence that says what to do.

    `parameter` is the canonical name, empty where it is about a whole file. `line` is where it
    stands in a file that was read. The text never holds a secret.
    """

    check: str
    severity: Severity
    parameter: str
    text: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LintLook:
    """One set of parameters. `model` is None for an unknown one; `file` is what was read, if so.

    `model_name` is what the model is called, where its table is another model's.

    `last` has the parameters that count by canonical name, `lines` the numbers of all lines that
    any of them is about.
    """

    parameters: tuple[Parameter, ...]
    model: Model | None = None
    context: LintContext = field(default_factory=LintContext)
    file: ConfigFile = field(default_factory=ConfigFile)
    last: dict[str, Parameter] = field(default_factory=dict)
    lines: tuple[int, ...] = ()
    model_name: str = ""

    def value(self, name: str) -> str:
        """The value that counts, empty where the parameter is not given."""
        given = self.last.get(name)
        return given.value.strip() if given else ""


Check: TypeAlias = Callable[[LintLook], Iterable[LintFinding]]


def line_numbers(names: Iterable[str]) -> tuple[int, ...]:
    """The numbers of the lines that these parameters are about, in order."""
    found = (numbered(name) for name in names)
    return tuple(sorted({one.numbers[0] for one in found if one.family.startswith("sip lineN")}))


def account_value(look: LintLook, line: int | None, name: str) -> str:
    """What a line has: `registrar ip` of line 2, or of the phone where line 2 may take it."""
    return line_value(look.value, line, name)


def own_name(line: int | None, name: str) -> str:
    """The parameter that says it for this line, or for all lines."""
    return f"sip {name}" if line is None else f"sip line{line} {name}"


def whose(line: int | None) -> str:
    """Of which line, for people."""
    return "all lines" if line is None else f"line {line}"
