"""What an operator may set: fleet.toml, overridden by FLEET_ variables, checked at the start."""

from fleet.settings.environment import ENV_FILE
from fleet.settings.load import FILE_NAME, SYSTEM_FILE, find_settings, load_settings
from fleet.settings.sample import masked, sample_settings, shown_settings
from fleet.settings.values import Settings, settings_of

__all__ = [
    "ENV_FILE",
    "FILE_NAME",
    "SYSTEM_FILE",
    "Settings",
    "find_settings",
    "load_settings",
    "masked",
    "sample_settings",
    "settings_of",
    "shown_settings",
]
