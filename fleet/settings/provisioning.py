"""What an operator may set of provisioning: where files are served, and who may fetch them."""

import re
from typing import Annotated, Literal

from msgspec import Meta, field

from fleet.settings.kinds import (
    Duration,
    Names,
    Networks,
    Port,
    Whole,
    daily_span,
    none_if_empty,
)
from fleet.settings.section import About, Secret, Section

_SECRET = re.compile(r"[A-Za-z0-9._~-]{16,128}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def _csv_name(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,60}\.csv", value):
        raise ValueError("not the name of a .csv file")
    return value


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
            "true: fleet serve also serves the phones' files. fleet provision serve always does."
        ),
    ] = False
    host: Annotated[
        str,
        Meta(max_length=200),
        About(
            "Address to listen on for http, https and TFTP. 0.0.0.0: all addresses of this machine."
        ),
    ] = "127.0.0.1"
    port: Annotated[Port, About("Port for http. 0: any free port.")] = 8090
    reachable_as: Annotated[
        Names,
        About(
            "Names and addresses at which phones reach fleet. If set, fleet reports action "
            "URIs that call another host.",
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
            "Networks (CIDR) from which phones of sites without networks may fetch. Empty: "
            "only phones of sites with networks may fetch.",
            examples=(["10.1.0.0/16"],),
        ),
    ] = field(default_factory=list)
    trusted_proxies: Annotated[
        Networks,
        About("Reverse proxies whose X-Forwarded-For is trusted.", examples=(["192.0.2.7/32"],)),
    ] = field(default_factory=list)
    login: Annotated[
        Literal["none", "digest"],
        About(
            "none or digest: whether a phone needs its own login (HTTP Digest) for the "
            "file named after its MAC. With digest, fleet provision apply creates the logins."
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
            "Serve files named after a MAC under /p/<this secret>/ only. Best set as "
            "FLEET_PROVISIONING_PATH_SECRET.",
            examples=("",),
        ),
    ] = None
    path_prefixes: Annotated[
        Names,
        About(
            "Folders to ignore at the start of a path, such as the http path or tftp path of "
            "an old server: /Aastra/aastra.cfg is served as /aastra.cfg.",
            examples=(["Aastra"],),
            allowed='a list of folders, like ["Aastra", "cfg/phones"]',
            check=_folders,
        ),
    ] = field(default_factory=list)
    second_address_after: Annotated[
        Duration,
        Meta(ge=0, le=31_622_400),
        About(
            "How long the address that fetched a phone's file last must be silent before "
            "another may fetch it. 0: no limit."
        ),
    ] = 600
    address_limit: Annotated[
        Whole, Meta(ge=1, le=10_000_000), About("Maximum fetches per address and minute.")
    ] = 3000
    phone_limit: Annotated[
        Whole,
        Meta(ge=1, le=10_000_000),
        About("Maximum fetches of one phone's file per minute."),
    ] = 60
    total_limit: Annotated[
        Whole, Meta(ge=1, le=10_000_000), About("Maximum fetches of all phones per second.")
    ] = 5000
    https: Annotated[bool, About("true: also serve over https (TLS 1.2 and later).")] = False
    https_port: Annotated[Port, About("Port for https.")] = 8443
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
            "true: also serve over https for old firmware (TLS 1.0, weak ciphers), in a "
            "separate process."
        ),
    ] = False
    legacy_https_host: Annotated[
        str, Meta(max_length=200), About("Address for legacy https, best in the phones' VLAN.")
    ] = "127.0.0.1"
    legacy_https_port: Annotated[Port, About("Port for legacy https.")] = 8444
    legacy_https_certificate: Annotated[
        str,
        Meta(max_length=1000),
        About("PEM file with a certificate for legacy https only."),
    ] = ""
    legacy_https_key: Annotated[
        str, Meta(max_length=1000), About("PEM file with that certificate's key.")
    ] = ""
    tftp: Annotated[bool, About("true: also serve over TFTP, unencrypted and without a login.")] = (
        False
    )
    tftp_port: Annotated[Port, About("Port for TFTP (UDP).")] = 69
    stale_after: Annotated[
        Duration,
        Meta(ge=0, le=31_622_400),
        About("How long a phone may take to fetch applied files before config-stale reports it."),
    ] = 3600
    sip_ca_file: Annotated[
        str,
        Meta(max_length=1000),
        About(
            "PEM file with the certificate authorities to trust for registrars over TLS, "
            "relative to this file's folder. Empty: those of the system."
        ),
    ] = ""
    registrar_command: Annotated[
        Names,
        About(
            "Program, with its arguments, that sets a new SIP password at a registrar for "
            "fleet provision rotate sip: it reads JSON from standard input and ends with 0 on "
            "success.",
            examples=(["/usr/local/bin/set-sip-password"],),
            allowed="a list: a program and its arguments",
        ),
    ] = field(default_factory=list)
    registrar_timeout: Annotated[
        Duration, Meta(gt=0, le=3600), About("Timeout for that program.")
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
    phone_book: Annotated[
        str,
        About(
            "Name of the phone book that fleet makes from the inventory, such as directory.csv; "
            "directory-berlin.csv is that of a site. A configuration names it as directory 1.",
            examples=("directory.csv",),
            allowed="the name of a .csv file, such as directory.csv, or empty",
            check=_csv_name,
        ),
    ] = ""
    enrol: Annotated[
        bool,
        About(
            "true: an unknown phone of an allowed network gets a file without secrets, and waits "
            "for fleet provision unknown approve."
        ),
    ] = False
    firmware_versions: Annotated[
        dict[str, str],
        About(
            "Firmware version of the folder's file for each model; fleet reports phones that "
            "run another.",
            examples=({"6753i": "3.3.1.4365"},),
        ),
    ] = field(default_factory=dict)
    windows: Annotated[
        dict[str, Annotated[str, About(check=daily_span)]],
        About(
            "Time of day in which roll-outs may ask the phones of a site, in the site's zone; "
            '"*": all other sites. Without one, at any time.',
            examples=({"berlin": "22:00-05:00"},),
        ),
    ] = field(default_factory=dict)
    sip_pins: Annotated[
        dict[str, Annotated[str, About(check=_fingerprint)]],
        About(
            "SHA-256 fingerprints of the only certificate to trust for a registrar, whoever "
            "signed it.",
            examples=(
                {
                    "pbx.example.com": "9f86d081884c7d659a2feaa0c55ad015"
                    "a3bf4f1b2b0b822cd15d6c15b0f00a08"
                },
            ),
        ),
    ] = field(default_factory=dict)
