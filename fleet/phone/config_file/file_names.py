"""The files a phone asks for, and what their names say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fleet.model import normalise_mac
from fleet.phone.catalog import MODELS, model_named, model_table

GLOBAL_FILE = "aastra.cfg"
"""What every phone reads first; never empty (facts/provisioning 1.1)."""

NEW_GLOBAL_FILE = "startup.cfg"
"""What 68xx and 69xx phones read first instead (facts/provisioning 9)."""

_GLOBAL_NAMES = frozenset({GLOBAL_FILE, NEW_GLOBAL_FILE})
_MAC = re.compile(r"[0-9A-Fa-f]{12}")
_LANGUAGE = re.compile(r"lang_[a-z]{2}(?:_[a-z]{2})?\.txt", re.IGNORECASE)


class FileKind(StrEnum):
    """What a phone wants with a file."""

    GLOBAL = "global"  # aastra.cfg; the 68xxi call it startup.cfg from 4.2 on
    MODEL = "model"
    MAC = "mac"
    FIRMWARE = "firmware"
    LANGUAGE = "language"
    ENCRYPTED = "encrypted"  # .tuz; asked for beside the plain files, and never written by us
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestedFile:
    """A file by the name it was asked for. `mac` and `model` are empty where it names none."""

    name: str
    kind: FileKind
    mac: str = ""
    model: str = ""


def mac_file(mac: str) -> str:
    """The name of a phone's own file: `00085D126411.cfg`. Raises ValueError for what is no MAC."""
    return f"{normalise_mac(mac).replace(':', '')}.cfg"


def model_files(model: str) -> tuple[str, ...]:
    """The names of a model's file, one or two: `6753i.cfg` and `53i.cfg`.

    Which of them a 6753i asks for is not known (facts/provisioning 1.1), so both are served. The
    short one is that of the model's firmware file.
    """
    full = model_named(model)
    names = [f"{full.replace(' ', '')}.cfg"]
    if full in MODELS and (firmware := MODELS[full].firmware_file):
        names.append(f"{firmware.removesuffix('.st')}.cfg")
    return tuple(dict.fromkeys(names))


def firmware_file(model: str) -> str:
    """The name of a model's firmware file (`53i.st`); empty where it is not known."""
    known = model_table(model)
    return known.firmware_file if known else ""


def requested_file(name: str) -> RequestedFile:
    """What a file's name asks for; a path, or a name nobody knows, is `OTHER`.

    Upper and lower case are the same here, although phones ask for MACs in upper case.
    """
    lower = name.lower()
    stem, dot, ending = lower.rpartition(".")
    if lower in _GLOBAL_NAMES:
        return RequestedFile(name=name, kind=FileKind.GLOBAL)
    if _LANGUAGE.fullmatch(name):
        return RequestedFile(name=name, kind=FileKind.LANGUAGE)
    if not dot or not re.fullmatch(r"[a-z0-9]+", stem):
        return RequestedFile(name=name, kind=FileKind.OTHER)
    return _by_ending(name, stem, ending)


def _by_ending(name: str, stem: str, ending: str) -> RequestedFile:
    mac, model = _mac(stem), _model(stem)
    kind = FileKind.OTHER
    if ending == "tuz":
        kind = FileKind.ENCRYPTED
    elif ending == "st" and model:
        kind = FileKind.FIRMWARE
    elif ending == "cfg" and (mac or model):
        kind = FileKind.MAC if mac else FileKind.MODEL
    return RequestedFile(name=name, kind=kind, mac=mac, model=model)


def _mac(stem: str) -> str:
    try:
        return normalise_mac(stem) if _MAC.fullmatch(stem) else ""
    except ValueError:
        return ""


def _model(stem: str) -> str:
    return model_named(stem) if model_table(stem) else ""
