"""The phones we know: models, their other names, lines, keys, firmware files, realms and OUIs."""

from __future__ import annotations

from fleet.model import normalise_mac
from fleet.phone.catalog.models import (
    EXPANSION_MODULES,
    MAX_MODULES,
    MODELS,
    OUIS,
    ExpansionModule,
    Keys,
    Model,
    expansion_module_named,
)
from fleet.phone.catalog.names import (
    family_of,
    is_aastra_realm,
    model_named,
    model_of_realm,
    model_table,
)
from fleet.phone.catalog.user_agent import PhoneAgent, parse_user_agent

__all__ = [
    "EXPANSION_MODULES",
    "MAX_MODULES",
    "MODELS",
    "OUIS",
    "ExpansionModule",
    "Keys",
    "Model",
    "PhoneAgent",
    "expansion_module_named",
    "family_of",
    "is_aastra_realm",
    "model_named",
    "model_of_realm",
    "model_table",
    "normalise_mac",
    "parse_user_agent",
]
