"""The parameters of these phones, what their values may be, and what a change of them means."""

from __future__ import annotations

from fleet.phone.parameters.catalogue import (
    PARAMETERS,
    ParameterSpec,
    Reboot,
    is_mask,
    is_secret,
    needs_reboot,
    spec_of,
    suggestion_for,
)
from fleet.phone.parameters.diff import ChangeKind, ParameterChange, any_reboot, diff
from fleet.phone.parameters.kinds import Kind, Shape, complaint
from fleet.phone.parameters.logins import has_hidden_login, holds_login, without_login

__all__ = [
    "PARAMETERS",
    "ChangeKind",
    "Kind",
    "ParameterChange",
    "ParameterSpec",
    "Reboot",
    "Shape",
    "any_reboot",
    "complaint",
    "diff",
    "has_hidden_login",
    "holds_login",
    "is_mask",
    "is_secret",
    "needs_reboot",
    "spec_of",
    "suggestion_for",
    "without_login",
]
