"""Serves files to phones: over HTTP and HTTPS by uvicorn (the one door for it), and over TFTP."""

from fleet.provision.serve.service import FileService, firmware_folder, firmware_gate, listeners

__all__ = ["FileService", "firmware_folder", "firmware_gate", "listeners"]
