"""What an operator may set of the daemon: where it listens, and who is told that it lives."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from fleet.settings.section import Section, Whole

_SHORTEST = 8  # characters of a password that whoever reaches the port may guess at


def _split(value: object) -> object:
    """Take `10.1.0.0/16, 10.2.0.0/16` from a variable for a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _network(text: str) -> str:
    """Check a network; a single address stands for itself."""
    return str(ip_network(text.strip(), strict=False))


def _web_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("http://", "https://")):
        raise ValueError("not a web address")
    return value


def _user(text: str) -> str:
    """Refuse what HTTP Basic cannot say."""
    if not text or ":" in text:
        raise ValueError("not a user name")
    return text


def _none_if_empty(value: object) -> object:
    """Take an empty variable for none; then nobody else comes in, which does no harm."""
    return None if value == "" else value


def _password(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST:
        raise ValueError("too short")
    return value


def _allowed(text: str) -> Any:
    """What to say of a wrong value, where its kind does not tell."""
    return Field(json_schema_extra={"allowed": text})


Networks = Annotated[
    list[Annotated[str, AfterValidator(_network)]],
    BeforeValidator(_split),
    _allowed("a list of networks, like 10.1.0.0/16"),
]


class ServerSettings(Section):
    """`[server]`."""

    host: str = Field(
        default="127.0.0.1",
        max_length=200,
        description="Address on which fleet serve listens: for browsers (the dashboard), the "
        "phones' pushes, /healthz and /metrics. 0.0.0.0 listens on all of this machine's.",
    )
    port: Whole = Field(default=8080, ge=0, le=65_535, description="0: any port that is free.")
    username: Annotated[
        str, AfterValidator(_user), _allowed("a name of one sign at least, without a colon")
    ] = Field(default="fleet", max_length=200, description="User of the dashboard and the API.")
    password: Annotated[
        Annotated[SecretStr, AfterValidator(_password)] | None,
        BeforeValidator(_none_if_empty),
        _allowed("a password of eight signs at least, or empty for none"),
    ] = Field(
        default=None,
        examples=[""],
        description="Password of the dashboard and the API; better given as "
        "FLEET_SERVER_PASSWORD. Without one they answer this machine alone.",
    )
    push_networks: Networks = Field(
        default_factory=list,
        examples=[["10.1.0.0/16"]],
        description="Networks (CIDR) from which phones may push whose site names no networks. "
        "Without any, only phones of sites with networks may.",
    )
    trusted_proxies: Networks = Field(
        default_factory=list,
        examples=[["127.0.0.1/32"]],
        description="Reverse proxies whose X-Forwarded-For is believed.",
    )
    certificate: str = Field(
        default="",
        max_length=1000,
        description="PEM file with the certificate chain, for https, relative to this file's "
        "folder. Phones of old firmware cannot speak https of today.",
    )
    certificate_key: str = Field(
        default="", max_length=1000, description="PEM file with the certificate's key."
    )


class WatchdogSettings(Section):
    """`[watchdog]`."""

    ping_url: Annotated[
        Annotated[SecretStr, AfterValidator(_web_url)] | None,
        _allowed("a URL of http or https, like https://hc-ping.example/your-uuid"),
    ] = Field(
        default=None,
        examples=["https://hc-ping.example/your-uuid"],
        description="A dead man's switch in the form of healthchecks: asked at each planned "
        "sweep's end, with /start at its start and /fail when it fails. A secret: better given "
        "as FLEET_WATCHDOG_PING_URL.",
    )
