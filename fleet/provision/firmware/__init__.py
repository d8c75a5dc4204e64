"""Firmware and language files: a folder of them, and which phones run what is in it."""

from fleet.provision.firmware.compliance import Compliance, FirmwareRecord, compliance
from fleet.provision.firmware.folder import FirmwareFolder, FolderFile
from fleet.provision.firmware.release import FirmwareGate

__all__ = [
    "Compliance",
    "FirmwareFolder",
    "FirmwareGate",
    "FirmwareRecord",
    "FolderFile",
    "compliance",
]
