"""What an operator may set of provisioning: where files are served, and who may fetch them."""

import re
from typing import Annotated, Literal

from msgspec import Meta, field

from fleet.settings.kinds import Duration, Names, Networks, Port, Whole, none_if_empty
from fleet.settings.section import About, Secret, Section

_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,128}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def _fingerprint(text: str) -> str:
    """Take a SHA-256 as openssl writes it, with colons and in capitals."""
    digits = text.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(digits):
        raise ValueError("not the SHA-256 of a certificate")
    return digits


def _path_secret(value: Secret) -> Secret:
    if not _SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("not a secret that a path can hold")
    return value


def _folders(values: list[str]) -> list[str]:
    """Return folders with `/` between their parts and none around them."""
    split = [[part for part in re.split(r"[/\\]", value.strip()) if part] for value in values]
    if any(not parts or {".", ".."} & set(parts) for parts in split):
        raise ValueError("not a folder")
    return ["/".join(parts) for parts in split]


PathSecret = Annotated[
    Secret | None,
    About(
        allowed="16 to 128 letters, digits and any of . _ ~ -",
        take=none_if_empty,
        check=_path_secret,
    ),
]


class ProvisioningSettings(Section, frozen=True, kw_only=True):
    """`[provisioning]`."""

    enabled: Annotated[
        bool,
        About(
            "true: fleet serve gives phones their files as well. fleet provision serve "
            "does so in any case."
        ),
    ] = False
    host: Annotated[
        str,
        Meta(max_length=200),
        About(
            "Address on which files are served over http, https and TFTP. 0.0.0.0 listens "
            "on all of this machine's."
        ),
    ] = "127.0.0.1"
    port: Annotated[Port, About("For http. 0: any port that is free.")] = 8090
    reachable_as: Annotated[
        Names,
        About(
            "Names and addresses under which phones reach us. With any, an action URI that "
            "calls another host is told of.",
            examples=(["fleet.example.com"],),
        ),
    ] = field(default_factory=list)
    demand_backup: Annotated[
        Names,
        About(
            'Sites whose registrars need a backup registrar; "*" for all sites.',
            examples=(["Berlin"],),
        ),
    ] = field(default_factory=list)
    networks: Annotated[
        Networks,
        About(
            "Networks (CIDR) from which phones may fetch whose site names no networks. "
            "Without any, only phones of sites with networks may.",
            examples=(["10.1.0.0/16"],),
        ),
    ] = field(default_factory=list)
    trusted_proxies: Annotated[
        Networks,
        About("Reverse proxies whose X-Forwarded-For is believed.", examples=(["192.0.2.7/32"],)),
    ] = field(default_factory=list)
    login: Annotated[
        Literal["none", "digest"],
        About(
            "none or digest: whether a phone needs its own login (HTTP Digest) for the "
            "file that bears its MAC. With digest, fleet provision apply gives each phone one."
        ),
    ] = "none"
    factory_login: Annotated[
        bool,
        About(
            "true: a phone that has never used its own login may fetch its file with the "
            "factory's (aastra, aastra). Set false once every phone has used its own."
        ),
    ] = True
    path_secret: Annotated[
        PathSecret,
        About(
            "Files that bear a MAC are given under /p/<this secret>/ only. Better given as "
            "FLEET_PROVISIONING_PATH_SECRET.",
            examples=("",),
        ),
    ] = None
    path_prefixes: Annotated[
        Names,
        About(
            "Folders that may come first in a path and say nothing, such as the http path or "
            "tftp path of an old server: /Aastra/aastra.cfg is served as /aastra.cfg.",
            examples=(["Aastra"],),
            allowed='a list of folders, like ["Aastra", "cfg/phones"]',
            check=_folders,
        ),
    ] = field(default_factory=list)
    second_address_after: Annotated[
        Duration,
        Meta(ge=0, le=31_622_400),
        About(
            "A phone's file is not given to a second address until the first has been "
            "quiet for this long. 0: to any address, always."
        ),
    ] = 600
    address_limit: Annotated[
        Whole, Meta(ge=1, le=10_000_000), About("Most fetches of one address in a minute.")
    ] = 3000
    phone_limit: Annotated[
        Whole,
        Meta(ge=1, le=10_000_000),
        About("Most fetches of the file of one phone in a minute."),
    ] = 60
    total_limit: Annotated[
        Whole, Meta(ge=1, le=10_000_000), About("Most fetches of all phones in a second.")
    ] = 5000
    https: Annotated[bool, About("true: serve over https (TLS 1.2 and up) too.")] = False
    https_port: Annotated[Port, About("For https.")] = 8443
    https_certificate: Annotated[
        str,
        Meta(max_length=1000),
        About("PEM file with the certificate chain, relative to this file's folder."),
    ] = ""
    https_key: Annotated[
        str, Meta(max_length=1000), About("PEM file with the certificate's key.")
    ] = ""
    legacy_https: Annotated[
        bool,
        About(
            "true: serve over https as phones of old firmware speak it (TLS 1.0, weak "
            "ciphers) too, in a process of its own."
        ),
    ] = False
    legacy_https_host: Annotated[
        str, Meta(max_length=200), About("Address for it, best the phones' VLAN's.")
    ] = "127.0.0.1"
    legacy_https_port: Annotated[Port, About("For it.")] = 8444
    legacy_https_certificate: Annotated[
        str,
        Meta(max_length=1000),
        About("PEM file with a certificate that is used for nothing else."),
    ] = ""
    legacy_https_key: Annotated[
        str, Meta(max_length=1000), About("PEM file with that certificate's key.")
    ] = ""
    tftp: Annotated[
        bool, About("true: serve over TFTP too. It is in the clear, without any login.")
    ] = False
    tftp_port: Annotated[Port, About("For TFTP (UDP).")] = 69
    stale_after: Annotated[
        Duration,
        Meta(ge=0, le=31_622_400),
        About(
            "How long a phone may take to fetch what was applied, before the rule "
            "config-stale holds."
        ),
    ] = 3600
    sip_ca_file: Annotated[
        str,
        Meta(max_length=1000),
        About(
            "PEM file with the authorities whose certificates registrars may show over "
            "TLS, relative to this file's folder. Without it those of the system."
        ),
    ] = ""
    registrar_command: Annotated[
        Names,
        About(
            "Program, and its arguments, that gives a registrar a new SIP password for "
            "fleet provision rotate sip: JSON on its standard input, exit code 0 when it "
            "is done.",
            examples=(["/usr/local/bin/set-sip-password"],),
            allowed="a list: a program and its arguments",
        ),
    ] = field(default_factory=list)
    registrar_timeout: Annotated[
        Duration, Meta(gt=0, le=3600), About("How long that program may take.")
    ] = 30
    firmware_folder: Annotated[
        str,
        Meta(max_length=1000),
        About(
            "Folder with firmware (53i.st), language files (lang_de.txt) and the other files "
            "that a configuration names (directories, certificates, ringtones, pictures), "
            "relative to this file's folder."
        ),
    ] = "firmware"
    firmware_versions: Annotated[
        dict[str, str],
        About(
            "Which version the folder's firmware file of a model holds, so that it can be "
            "told which phones run another.",
            examples=({"6753i": "3.3.1.4365"},),
        ),
    ] = field(default_factory=dict)
    sip_pins: Annotated[
        dict[str, Annotated[str, About(check=_fingerprint)]],
        About(
            "Registrars of which exactly one certificate is believed, whoever signed it, "
            "by the SHA-256 of it.",
            examples=(
                {
                    "pbx.example.com": "9f86d081884c7d659a2feaa0c55ad015"
                    "a3bf4f1b2b0b822cd15d6c15b0f00a08"
                },
            ),
        ),
    ] = field(default_factory=dict)
