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
from fleet.phone.parameters.diff import (
    HIDDEN_LOGIN,
    ChangeKind,
    ParameterChange,
    any_reboot,
    diff,
    without_login,
)
from fleet.phone.parameters.kinds import Kind, Shape, complaint

__all__ = [
    "HIDDEN_LOGIN",
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
    "is_mask",
    "is_secret",
    "needs_reboot",
    "spec_of",
    "suggestion_for",
    "without_login",
]
