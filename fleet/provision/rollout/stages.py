"""Which phones come first: canaries, then by site or by share (pure)."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.model import Proof, ProofState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHARE = re.compile(r"(\d{1,3})%")
_SITES = "sites"
CANARIES, REST = "canaries", "the rest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A phone of the fleet. `is_current`: it has fetched what it shall have already.

    `trouble` is what is wrong with it, empty if it was well when it was polled last; `is_absent`:
    that poll got no answer. `shares`: another phone has an account of it.
    """

    phone_id: int
    site: str = ""
    model: str = ""
    is_current: bool = False
    trouble: str = ""
    is_absent: bool = False
    shares: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StageOrder:
    """How to stage: the canaries by their numbers, or how many; then `steps`.

    A step is a share of all phones that is reached by then (`25%`), a site's name, or `sites` for
    every site by itself. Who is in no step comes last.
    """

    canaries: tuple[int, ...] = ()
    canary_count: int = 1
    steps: tuple[str, ...] = ("25%",)


def stages_of(
    phones: Sequence[Candidate], order: StageOrder
) -> tuple[tuple[str, ...], tuple[Proof, ...]]:
    """The stages' names, and every phone in its stage; a stage with nothing to do is left out.

    Absent phones come last and are not waited for, unless they are named as canaries. Raises
    `UsageError` for a step that is neither a share nor a site.
    """
    named = set(order.canaries)
    due = [phone for phone in mixed(phones) if not phone.is_current]
    todo = [phone for phone in due if not phone.is_absent or phone.phone_id in named]
    stages = [(name, some) for name, some in _staged(todo, order) if some]
    proofs = [
        Proof(
            phone_id=phone.phone_id,
            stage=number,
            state=ProofState.WAITING,
            trouble=phone.trouble,
        )
        for number, (_, some) in enumerate(stages)
        for phone in some
    ]
    last = max(len(stages) - 1, 0)
    proofs += [
        Proof(
            phone_id=phone.phone_id,
            stage=last,
            state=ProofState.ABSENT,
            detail=f"It was absent before the roll-out: {phone.trouble}.",
            trouble=phone.trouble,
        )
        for phone in due
        if phone.is_absent and phone.phone_id not in named
    ]
    proofs += [
        Proof(phone_id=phone.phone_id, stage=last, state=ProofState.SKIPPED, detail=_CURRENT)
        for phone in phones
        if phone.is_current
    ]
    return tuple(name for name, _ in stages) or (REST,), tuple(proofs)


def kept_together(
    stages: tuple[str, ...], proofs: Sequence[Proof], groups: Iterable[frozenset[int]]
) -> tuple[tuple[str, ...], tuple[Proof, ...]]:
    """Have each group of phones come in the first stage of any of them; empty stages go."""
    first = {proof.phone_id: proof.stage for proof in proofs}
    for group in groups:
        among = [first[phone_id] for phone_id in group if phone_id in first]
        first |= dict.fromkeys(group & first.keys(), min(among, default=0))
    left = sorted(set(first.values()))
    number = {stage: new for new, stage in enumerate(left)}
    moved = (replace(proof, stage=number[first[proof.phone_id]]) for proof in proofs)
    return tuple(stages[stage] for stage in left), tuple(moved)


_CURRENT = "It has already fetched its current files."


def mixed(phones: Iterable[Candidate]) -> list[Candidate]:
    """One phone of each site, then the next of each: whoever takes the first has all sites."""
    by_site: defaultdict[str, list[Candidate]] = defaultdict(list)
    for phone in sorted(phones, key=lambda phone: phone.phone_id):
        by_site[phone.site].append(phone)
    rounds = zip_longest(*by_site.values())
    return [phone for phone in chain.from_iterable(rounds) if phone is not None]


def _staged(todo: list[Candidate], order: StageOrder) -> Iterable[tuple[str, list[Candidate]]]:
    total = len(todo)
    if order.canaries:
        first = [phone for phone in todo if phone.phone_id in set(order.canaries)]
    else:
        first = _canaries(todo, order.canary_count)
    yield CANARIES, first
    left = _without(todo, first)
    for step in _spelt_out(order.steps, todo):
        if share := _SHARE.fullmatch(step):
            due = math.ceil(total * int(share[1]) / 100) - (total - len(left))
            some = left[: max(due, 0)]
        else:
            some = [phone for phone in left if phone.site == step]
        yield step, some
        left = _without(left, some)
    yield REST, left


def _canaries(todo: Iterable[Candidate], count: int) -> list[Candidate]:
    """Choose phones that tell most: well ones that share no account, of many sites and models."""
    alike: defaultdict[tuple[bool, bool, str, str], deque[Candidate]] = defaultdict(deque)
    for phone in todo:
        alike[bool(phone.trouble), phone.shares, phone.site, phone.model].append(phone)
    chosen: list[Candidate] = []
    sites: Counter[str] = Counter()
    models: Counter[str] = Counter()
    while len(chosen) < count and alike:
        key = min(
            alike,
            key=lambda key: (*key[:2], sites[key[2]] + models[key[3]], alike[key][0].phone_id),
        )
        phone = alike[key].popleft()
        if not alike[key]:
            del alike[key]
        chosen.append(phone)
        sites[phone.site] += 1
        models[phone.model] += 1
    return chosen


def _spelt_out(steps: Iterable[str], todo: Sequence[Candidate]) -> Iterable[str]:
    sites = sorted({phone.site for phone in todo if phone.site})
    for step in steps:
        if step == _SITES:
            yield from sites
        elif step in sites or _is_share(step):
            yield step
        else:
            raise UsageError(
                f"{step!r} is not a stage: use a share (25%), a site with phones to ask "
                f"({', '.join(sites) or 'none'}), or {_SITES}."
            )


def _is_share(step: str) -> bool:
    share = _SHARE.fullmatch(step)
    return share is not None and 0 < int(share[1]) <= 100


def _without(phones: Iterable[Candidate], some: Iterable[Candidate]) -> list[Candidate]:
    gone = {phone.phone_id for phone in some}
    return [phone for phone in phones if phone.phone_id not in gone]
