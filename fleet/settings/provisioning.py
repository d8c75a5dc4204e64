"""What an operator may set of provisioning: where files are served, and who may fetch them."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from fleet.settings.section import Number, Section, Whole

_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,128}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def _split(value: object) -> object:
    """Take `10.1.0.0/16, 10.2.0.0/16` from a variable for a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _network(text: str) -> str:
    """Check a network; a single address stands for itself."""
    return str(ip_network(text.strip(), strict=False))


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _fingerprint(text: str) -> str:
    """Take a SHA-256 as openssl writes it, with colons and in capitals."""
    digits = text.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(digits):
        raise ValueError("not the SHA-256 of a certificate")
    return digits


def _path_secret(value: SecretStr) -> SecretStr:
    if not _SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("not a secret that a path can hold")
    return value


def _allowed(text: str) -> Any:
    """What to say of a wrong value, where its kind does not tell."""
    return Field(json_schema_extra={"allowed": text})


Networks = Annotated[
    list[Annotated[str, AfterValidator(_network)]],
    BeforeValidator(_split),
    _allowed("a list of networks, like 10.1.0.0/16"),
]
Names = Annotated[
    list[str],
    BeforeValidator(_split),
    _allowed("a list of names"),
]
Port = Annotated[Whole, Field(ge=0, le=65_535)]
PathSecret = Annotated[
    Annotated[SecretStr, AfterValidator(_path_secret)] | None,
    BeforeValidator(_none_if_empty),
    _allowed("16 to 128 letters, digits and any of . _ ~ -"),
]


class ProvisioningSettings(Section):
    """`[provisioning]`."""

    enabled: bool = Field(
        default=False,
        description="true: fleet serve gives phones their files as well. fleet provision serve "
        "does so in any case.",
    )
    host: str = Field(
        default="127.0.0.1",
        max_length=200,
        description="Address on which files are served over http, https and TFTP. 0.0.0.0 listens "
        "on all of this machine's.",
    )
    port: Port = Field(default=8090, description="For http. 0: any port that is free.")
    reachable_as: Names = Field(
        default_factory=list,
        examples=[["fleet.example.com"]],
        description="Names and addresses under which phones reach us. With any, an action URI that "
        "calls another host is told of.",
    )
    demand_backup: Names = Field(
        default_factory=list,
        examples=[["Berlin"]],
        description='Sites whose registrars need a backup registrar; "*" for all sites.',
    )
    networks: Networks = Field(
        default_factory=list,
        examples=[["10.1.0.0/16"]],
        description="Networks (CIDR) from which phones may fetch whose site names no networks. "
        "Without any, only phones of sites with networks may.",
    )
    trusted_proxies: Networks = Field(
        default_factory=list,
        examples=[["192.0.2.7/32"]],
        description="Reverse proxies whose X-Forwarded-For is believed.",
    )
    login: Literal["none", "digest"] = Field(
        default="none",
        description="none or digest: whether a phone needs its own login (HTTP Digest) for the "
        "file that bears its MAC.",
    )
    path_secret: PathSecret = Field(
        default=None,
        examples=[""],
        description="Files that bear a MAC are given under /p/<this secret>/ only. Better given "
        "as FLEET_PROVISIONING_PATH_SECRET.",
    )
    second_address_after: Number = Field(
        default=600,
        ge=0,
        le=31_622_400,
        description="A phone's file is not given to a second address until the first has been "
        "quiet for this long. 0: to any address, always.",
    )
    address_limit: Whole = Field(
        default=3000, ge=1, le=10_000_000, description="Most fetches of one address in a minute."
    )
    phone_limit: Whole = Field(
        default=60,
        ge=1,
        le=10_000_000,
        description="Most fetches of the file of one phone in a minute.",
    )
    total_limit: Whole = Field(
        default=5000, ge=1, le=10_000_000, description="Most fetches of all phones in a second."
    )
    https: bool = Field(default=False, description="true: serve over https (TLS 1.2 and up) too.")
    https_port: Port = Field(default=8443, description="For https.")
    https_certificate: str = Field(
        default="",
        max_length=1000,
        description="PEM file with the certificate chain, relative to this file's folder.",
    )
    https_key: str = Field(
        default="", max_length=1000, description="PEM file with the certificate's key."
    )
    legacy_https: bool = Field(
        default=False,
        description="true: serve over https as phones of old firmware speak it (TLS 1.0, weak "
        "ciphers) too, in a process of its own.",
    )
    legacy_https_host: str = Field(
        default="127.0.0.1", max_length=200, description="Address for it, best the phones' VLAN's."
    )
    legacy_https_port: Port = Field(default=8444, description="For it.")
    legacy_https_certificate: str = Field(
        default="",
        max_length=1000,
        description="PEM file with a certificate that is used for nothing else.",
    )
    legacy_https_key: str = Field(
        default="", max_length=1000, description="PEM file with that certificate's key."
    )
    tftp: bool = Field(
        default=False,
        description="true: serve over TFTP too. It is in the clear, without any login.",
    )
    tftp_port: Port = Field(default=69, description="For TFTP (UDP).")
    stale_after: Number = Field(
        default=3600,
        ge=0,
        le=31_622_400,
        description="How long a phone may take to fetch what was applied, before the rule "
        "config-stale holds.",
    )
    sip_ca_file: str = Field(
        default="",
        max_length=1000,
        description="PEM file with the authorities whose certificates registrars may show over "
        "TLS, relative to this file's folder. Without it those of the system.",
    )
    registrar_command: Names = Field(
        default_factory=list,
        json_schema_extra={"allowed": "a list: a program and its arguments"},
        examples=[["/usr/local/bin/set-sip-password"]],
        description="Program, and its arguments, that gives a registrar a new SIP password for "
        "fleet provision rotate sip: JSON on its standard input, exit code 0 when it is done.",
    )
    registrar_timeout: Number = Field(
        default=30,
        gt=0,
        le=3600,
        description="How long that program may take.",
    )
    firmware_folder: str = Field(
        default="firmware",
        max_length=1000,
        description="Folder with firmware (53i.st) and language files (lang_de.txt), relative to "
        "this file's folder.",
    )
    firmware_versions: dict[str, str] = Field(
        default_factory=dict,
        examples=[{"6753i": "3.3.1.4365"}],
        description="Which version the folder's firmware file of a model holds, so that it can "
        "be told which phones run another.",
    )
    sip_pins: dict[str, Annotated[str, AfterValidator(_fingerprint)]] = Field(
        default_factory=dict,
        examples=[
            {"pbx.example.com": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
        ],
        description="Registrars of which exactly one certificate is believed, whoever signed it, "
        "by the SHA-256 of it.",
    )
