"""Finds the secrets that intents refer to, as late as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.errors import SecretMissing
from fleet.model import SecretKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.model import SecretRef


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretFinder:
    """Looks into the database's named secrets, the environment, or files.

    `folder` is what relative paths start from: the settings file's folder.
    """

    named: Mapping[str, str] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    folder: Path = Path()

    def __call__(self, ref: SecretRef) -> str:
        """A secret. Raises `SecretMissing` if it is not where it should be."""
        match ref.kind:
            case SecretKind.ENV:
                return _found(self.environ.get(ref.name), f"the variable {ref.name} is not set")
            case SecretKind.FILE:
                return _first_line(self.folder / ref.name)
            case SecretKind.SECRET:
                missing = f"the secret {ref.name!r} is not set: fleet provision secret set NAME"
                return _found(self.named.get(ref.name), missing)


def _found(value: str | None, missing: str) -> str:
    if value is None:
        raise SecretMissing(f"{missing[:1].upper()}{missing[1:]}.")
    return value


def _first_line(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretMissing(f"The secret's file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SecretMissing(f"The secret's file {path} is not UTF-8 text.") from None
    return text.partition("\n")[0].rstrip("\r")
