"""How many files and connections this process may have open at once."""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path

_WANTED = 65_536
_KEPT_FREE = 24
_SPARE = 4


def raise_limit() -> None:
    """Raise the soft limit of file descriptors as far as the hard limit lets it.

    The usual 1,024 are too few for a sweep beside a server, and only programs that call select()
    need it that low.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a container may forbid what its hard limit allows
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def fitting(wanted: int) -> int:
    """Return how many of the wanted connections there is room for now, at least one.

    Some descriptors stay free for the database, name lookups and answers.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - _open_now() - max(_KEPT_FREE, soft // 8)))


def are_few_left() -> bool:
    """Return whether there is room for hardly any more: others may have closed some since."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft != resource.RLIM_INFINITY and _open_now() + _SPARE > soft


def _open_now() -> int:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return sum(1 for _ in Path(folder).iterdir())
    return _KEPT_FREE


def share(part: float, most: int) -> int:
    """Return how many descriptors a server may take: a part of the limit, up to `most`.

    What no server may take is left for phones that are polled and for the database.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else max(min(most, int(soft * part)), 1)
