"""What the sections are made of: keys that belong together, and the kinds of their values."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _no_truth(value: object) -> object:
    """Refuse true and false where a number is meant; pydantic takes them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    return value


Number = Annotated[float, BeforeValidator(_no_truth)]
Whole = Annotated[int, BeforeValidator(_no_truth)]
Seconds = Annotated[Number, Field(gt=0, le=316_224_000)]


class Section(BaseModel):
    """Keys that belong together; others are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


def allowed(text: str) -> Any:
    """What to say of a wrong value, where its kind does not tell."""
    return Field(json_schema_extra={"allowed": text})
