"""Preconditions of a phone's roll-out: what its new files need elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fleet.model import Proof


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A phone is not to be told; `detail` says why, in a sentence."""

    detail: str


class Preconditions(Protocol):
    """What must be true before a phone of one roll-out is asked to fetch."""

    @property
    def companions(self) -> Mapping[int, Collection[int]]:
        """Who is told together with a phone, if anybody is."""

    def shut(self) -> frozenset[int]:
        """The phones that did not pass yet, so that they surely were not told."""

    async def passes(self, phone_id: int) -> Refusal | None:
        """Make sure of what a phone's new files need; a refusal where that fails."""

    async def close(self, proofs: Collection[Proof]) -> None:
        """Put back what was begun for phones that did not pass; the roll-out is over."""


class NoPreconditions:
    """No preconditions: every phone may be asked at once."""

    companions: Mapping[int, Collection[int]] = MappingProxyType({})

    def shut(self) -> frozenset[int]:
        """Nobody."""
        return frozenset()

    async def passes(self, phone_id: int) -> Refusal | None:  # noqa: ARG002  any phone passes
        """Let everybody through."""
        return None

    async def close(self, proofs: Collection[Proof]) -> None:
        """There is nothing to put back."""
