"""What a contender is."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measure import Cost
    from benchmarks.sample import Load

_ALSO_IN = "/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins", "/usr/lib/monitoring-plugins"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """One time over all hosts: how many were read, at what cost, and which tables have grown."""

    good: int
    cost: Cost
    grown: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """`labels` name its passes in order. `program` is what has to be installed for it, and
    `linux` says that measuring it takes /proc or GNU xargs.

    One that `starts` anew for a pass has its start-up measured over one phone. `most` is how many
    phones it is given at most: its cost per poll is the same for more, and it would take long.
    """

    labels: tuple[str, ...]
    poll: Callable[[Load], Iterator[Pass]]
    starts: bool = False
    program: str = ""
    linux: bool = False
    most: int | None = None

    @property
    def is_installed(self) -> bool:
        """Whether it can be measured here."""
        if self.linux and not sys.platform.startswith("linux"):
            return False
        return not self.program or find(self.program) is not None


def find(program: str) -> str | None:
    """Where a program is: on the path, or where monitoring plugins are kept."""
    return shutil.which(program) or shutil.which(program, path=":".join(_ALSO_IN))


def program(name: str) -> str:
    """Where a program that is known to be installed is; FileNotFoundError if it is not."""
    where = find(name)
    if where is None:
        raise FileNotFoundError(name)
    return where
