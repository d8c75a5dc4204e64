"""What an operator may set of the daemon: where it listens, and who is told that it lives."""

from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, field

from fleet.settings.kinds import Names, Networks, Port, none_if_empty
from fleet.settings.section import About, Secret, Section

_SHORTEST = 8  # characters of a password that whoever reaches the port may guess at


def _web_url(value: Secret) -> Secret:
    """Refuse what no HTTP client can ask: the reason is left out, for the address is a secret."""
    url = value.get_secret_value()
    try:
        parts = urlsplit(url)
        is_good = bool(
            parts.scheme in ("http", "https")
            and parts.hostname
            and parts.hostname.encode("idna")
            and parts.port != 0  # raises ValueError for what is no port
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError("not a web address")
    return value


def _user(text: str) -> str:
    """Refuse what HTTP Basic cannot say."""
    if not text or ":" in text:
        raise ValueError("not a user name")
    return text


def _password(value: Secret) -> Secret:
    if len(value.get_secret_value()) < _SHORTEST:
        raise ValueError("too short")
    return value


class ServerSettings(Section, frozen=True, kw_only=True):
    """`[server]`."""

    host: Annotated[
        str,
        Meta(max_length=200),
        About(
            "Address on which fleet serve listens for browsers (the dashboard), the phones' "
            "pushes, /healthz and /metrics. 0.0.0.0: all addresses of this machine."
        ),
    ] = "127.0.0.1"
    port: Annotated[Port, About("0: any free port.")] = 8080
    username: Annotated[
        str,
        Meta(max_length=200),
        About(
            "User of the dashboard and the API.",
            allowed="a name of at least one character, without a colon",
            check=_user,
        ),
    ] = "fleet"
    password: Annotated[
        Secret | None,
        About(
            "Password of the dashboard and the API; best set as FLEET_SERVER_PASSWORD. "
            "Without one, they answer this machine only.",
            examples=("",),
            allowed="a password of at least eight characters, or empty for none",
            take=none_if_empty,
            check=_password,
        ),
    ] = None
    hosts: Annotated[
        Names,
        About(
            "Names by which browsers, scripts and phones may call this server. Its IP "
            "addresses, localhost and this machine's own host name always work; a request for "
            "any other name is refused.",
            examples=(["fleet.example.com"],),
        ),
    ] = field(default_factory=list)
    push_networks: Annotated[
        Networks,
        About(
            "Networks (CIDR) from which phones of sites without networks may push. Empty: "
            "only phones of sites with networks may push.",
            examples=(["10.1.0.0/16"],),
        ),
    ] = field(default_factory=list)
    trusted_proxies: Annotated[
        Networks,
        About("Reverse proxies whose X-Forwarded-For is trusted.", examples=(["127.0.0.1/32"],)),
    ] = field(default_factory=list)
    certificate: Annotated[
        str,
        Meta(max_length=1000),
        About(
            "PEM file with the certificate chain, for https, relative to this file's "
            "folder. Phones with old firmware cannot use modern https."
        ),
    ] = ""
    certificate_key: Annotated[
        str, Meta(max_length=1000), About("PEM file with the certificate's key.")
    ] = ""


class WatchdogSettings(Section, frozen=True, kw_only=True):
    """`[watchdog]`."""

    ping_url: Annotated[
        Secret | None,
        About(
            "URL of a healthchecks-style dead man's switch. fleet calls it at the end of each "
            "planned sweep, with /start at the start and /fail on failure. A secret: best set "
            "as FLEET_WATCHDOG_PING_URL.",
            examples=("https://hc-ping.example/your-uuid",),
            allowed="a URL of http or https, like https://hc-ping.example/your-uuid",
            check=_web_url,
        ),
    ] = None
