"""Aastra configuration files: the one place that knows their names, their syntax, their effect."""

from __future__ import annotations

from fleet.phone.config_file.effective import EffectiveValue, Origin, effective, local_left
from fleet.phone.config_file.file_names import (
    GLOBAL_FILE,
    NEW_GLOBAL_FILE,
    FileKind,
    RequestedFile,
    firmware_file,
    mac_file,
    model_files,
    requested_file,
)
from fleet.phone.config_file.line_sets import SET_OF, LineSet, line_value, said_of_line
from fleet.phone.config_file.names import Numbered, canonical_name, is_name, numbered
from fleet.phone.config_file.not_config import foreign_comment, has_hidden
from fleet.phone.config_file.parameter import WITHOUT_SECRETS, ConfigFile, Parameter, UnreadLine
from fleet.phone.config_file.reader import read
from fleet.phone.config_file.writer import assemble, complaint_of, render, render_line
from fleet.phone.config_file.xml import MAX_DOCUMENT, SetType, configuration_documents

__all__ = [
    "GLOBAL_FILE",
    "MAX_DOCUMENT",
    "NEW_GLOBAL_FILE",
    "SET_OF",
    "WITHOUT_SECRETS",
    "ConfigFile",
    "EffectiveValue",
    "FileKind",
    "LineSet",
    "Numbered",
    "Origin",
    "Parameter",
    "RequestedFile",
    "SetType",
    "UnreadLine",
    "assemble",
    "canonical_name",
    "complaint_of",
    "configuration_documents",
    "effective",
    "firmware_file",
    "foreign_comment",
    "has_hidden",
    "is_name",
    "line_value",
    "local_left",
    "mac_file",
    "model_files",
    "numbered",
    "read",
    "render",
    "render_line",
    "requested_file",
    "said_of_line",
]
