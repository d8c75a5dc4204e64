"""The settings, their defaults, and what is allowed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from fleet.clock import machine_zone
from fleet.model import Severity
from fleet.settings.auditing import AuditSettings
from fleet.settings.kinds import Duration, Seconds, Whole
from fleet.settings.provisioning import ProvisioningSettings
from fleet.settings.section import About, Key, Secret, Section, keys_of, read_named, read_section
from fleet.settings.serving import ServerSettings, WatchdogSettings
from fleet.settings.watching import AlertsSettings, MaintenanceSettings


class DatabaseSettings(Section, frozen=True, kw_only=True):
    """`[database]`."""

    url: Annotated[
        Secret,
        About(
            "URL of the database: sqlite:///FILE (relative to this file's folder) or "
            "postgresql://USER:PASSWORD@HOST/NAME. Overridden by FLEET_DATABASE_URL."
        ),
    ] = Secret("sqlite:///fleet.db")


class PollSettings(Section, frozen=True, kw_only=True):
    """`[poll]`."""

    interval: Annotated[
        Seconds,
        About("Time between two polls of a phone; also the first back-off after a refused login."),
    ] = 300
    concurrency: Annotated[
        Whole, Meta(ge=1, le=10_000), About("Number of phones polled at the same time.")
    ] = 200
    connect_timeout: Annotated[Seconds, About("Timeout for the connection, TLS included.")] = 5
    read_timeout: Annotated[Seconds, About("Longest silence of a connected phone.")] = 20
    total_timeout: Annotated[Seconds, About("Timeout for one phone, retries included.")] = 45
    confirm_after: Annotated[
        Duration,
        Meta(ge=0, le=86_400),
        About("When to poll a new problem again (fleet poll --confirm)."),
    ] = 60
    backoff_max: Annotated[
        Seconds,
        About(
            "Longest back-off of a phone that refuses our login. The first is one interval; "
            "it doubles each time."
        ),
    ] = 3600


class WebUiSettings(Section, frozen=True, kw_only=True):
    """`[web_ui]`."""

    username: Annotated[
        str,
        Meta(max_length=200),
        About(
            "User name for phones whose inventory entry and site have none. The phones' role "
            "`user` is enough to read the status page."
        ),
    ] = "admin"
    password: Annotated[
        Secret | None,
        About(
            "Best set as FLEET_WEB_UI_PASSWORD. Without a password fleet sends no login; it "
            "never tries the phones' default password.",
            examples=("",),
        ),
    ] = None
    scheme: Annotated[
        Literal["http", "https"], About("http or https, for phones whose host does not say.")
    ] = "http"
    legacy_tls: Annotated[
        bool,
        About(
            "true: allow TLS 1.0 and weak ciphers for https phones whose site and inventory "
            "entry do not say. Best set for single phones."
        ),
    ] = False
    words: Annotated[
        dict[str, list[str]],
        About("Words of further web UI languages.", examples=({"registered": ["Registrita"]},)),
    ] = field(default_factory=dict)


class RuleSettings(Section, frozen=True, kw_only=True):
    """`[rules.<name>]`."""

    enabled: Annotated[bool, About("false: the rule is not checked.")] = True
    severity: Annotated[
        Severity | None,
        About("critical, warning or info, in place of the rule's own.", examples=("warning",)),
    ] = None
    open_after: Annotated[
        Annotated[Whole, Meta(ge=1, le=10)] | None,
        About(
            "Number of polls in a row that must show the problem before an alert is sent, in "
            "place of the rule's own.",
            examples=(2,),
        ),
    ] = None


class RetentionSettings(Section, frozen=True, kw_only=True):
    """`[retention]`."""

    history: Annotated[
        Seconds, About("Ended periods older than this are deleted by fleet db prune (400 days).")
    ] = 400 * 86_400
    evidence: Annotated[Seconds, About("Saved pages older than this are deleted (90 days).")] = (
        90 * 86_400
    )
    sweeps: Annotated[
        Seconds, About("Records of sweeps older than this are deleted (90 days).")
    ] = 90 * 86_400
    fetches: Annotated[
        Seconds,
        About(
            "Records of fetches older than this are deleted (90 days), but not what a "
            "phone fetched last."
        ),
    ] = 90 * 86_400
    revisions: Annotated[
        Seconds,
        About(
            "Revisions of configuration files older than this are deleted (400 days), but "
            "none that a roll-out, a rollback or what a phone fetched last needs."
        ),
    ] = 400 * 86_400
    revisions_at_least: Annotated[
        int, Meta(ge=1), About("Number of newest revisions to keep, however old.")
    ] = 100


class SecretsSettings(Section, frozen=True, kw_only=True):
    """`[secrets]`."""

    key_file: Annotated[
        str,
        About(
            "File (mode 600) with the key that encrypts passwords in the database, "
            "relative to this file's folder. Best stored away from the database. "
            "FLEET_SECRETS_KEY contains the key itself."
        ),
    ] = "fleet.key"


class Settings(Section, frozen=True, kw_only=True):
    """All settings. `folder` is what relative paths start from: the settings file's folder."""

    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    poll: PollSettings = field(default_factory=PollSettings)
    web_ui: WebUiSettings = field(default_factory=WebUiSettings)
    rules: dict[str, RuleSettings] = field(default_factory=dict)
    alerts: AlertsSettings = field(default_factory=AlertsSettings)
    maintenance: dict[str, MaintenanceSettings] = field(default_factory=dict)
    audit: AuditSettings = field(default_factory=AuditSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    watchdog: WatchdogSettings = field(default_factory=WatchdogSettings)
    provisioning: ProvisioningSettings = field(default_factory=ProvisioningSettings)
    secrets: SecretsSettings = field(default_factory=SecretsSettings)
    folder: Path = field(default_factory=Path)
    secrets_key: Secret | None = None
    env_file: dict[str, Secret] = field(default_factory=dict)

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment, with the variables of `fleet.env` that it lacks."""
        given = {name: value.get_secret_value() for name, value in self.env_file.items()}
        return overlaid(given, environ)

    @property
    def timezone(self) -> str:
        """The IANA name of the zone of quiet hours, and of the times that are shown."""
        return self.alerts.timezone or machine_zone()

    @property
    def audit_timezone(self) -> str:
        """The IANA name of the zone of audits."""
        return self.audit.timezone or self.timezone

    @property
    def key_file(self) -> Path:
        """The key file's place."""
        return self.folder / self.secrets.key_file

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """Return the settings' secrets that must be redacted in every text from outside."""
        given = (self.web_ui.password, self.provisioning.path_secret)
        return tuple(secret.get_secret_value() for secret in given if secret is not None)

    @property
    def audit_folder(self) -> Path:
        """The folder of the audit's files."""
        return self.folder / self.audit.output

    @property
    def database_url(self) -> str:
        """The database's URL, a relative SQLite path made to start from the settings' folder."""
        url = self.database.url.get_secret_value()
        kind, separator, path = url.partition(":///")
        if kind.startswith("sqlite") and separator and path and path != ":memory:":
            return f"{kind}:///{self.folder / path}"
        return url


_SECTIONS: dict[str, type[Section]] = {
    "database": DatabaseSettings,
    "poll": PollSettings,
    "web_ui": WebUiSettings,
    "rules": RuleSettings,
    "alerts": AlertsSettings,
    "maintenance": MaintenanceSettings,
    "audit": AuditSettings,
    "retention": RetentionSettings,
    "server": ServerSettings,
    "watchdog": WatchdogSettings,
    "provisioning": ProvisioningSettings,
    "secrets": SecretsSettings,
}
_NAMED = ("rules", "maintenance")  # many sections each, every one with a name
SECTIONS = tuple(_SECTIONS)


def settings_of(
    given: Mapping[str, Mapping[str, Any]],
    *,
    folder: Path | None = None,
    secrets_key: str = "",
    env_file: Mapping[str, str] | None = None,
) -> Settings:
    """Read what is given for each section, by its name. Raises `Wrong`."""
    read: dict[str, Any] = {}
    for name, values in given.items():
        model = _SECTIONS[name]
        read[name] = (read_named if is_named(name) else read_section)(model, values, (name,))
    return Settings(
        **read,
        folder=folder or Path(),
        secrets_key=Secret(secrets_key) if secrets_key else None,
        env_file={name: Secret(value) for name, value in (env_file or {}).items()},
    )


def overlaid(env_file: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `fleet.env` under those of the environment; empty ones count as unset."""
    known = {name: value for name, value in environ.items() if value or name not in env_file}
    return {**env_file, **known}


def fields_of(section: str) -> dict[str, Key]:
    """The keys of a section; of `rules`, those of each rule."""
    return keys_of(_SECTIONS[section])


def is_named(section: str) -> bool:
    """Tell whether a section is many, each with a name, such as `[rules.<name>]`."""
    return section in _NAMED
