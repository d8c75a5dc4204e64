"""The settings, their defaults, and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr

from fleet.model import Severity
from fleet.settings.auditing import AuditSettings
from fleet.settings.provisioning import ProvisioningSettings
from fleet.settings.section import Number, Seconds, Section, Whole
from fleet.settings.serving import ServerSettings, WatchdogSettings
from fleet.settings.watching import AlertsSettings, MaintenanceSettings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


class DatabaseSettings(Section):
    """`[database]`."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///fleet.db"),
        description="Where the history lives: sqlite:///FILE (relative to this file's folder) or "
        "postgresql://USER:PASSWORD@HOST/NAME. Overridden by FLEET_DATABASE_URL.",
    )


class PollSettings(Section):
    """`[poll]`."""

    interval: Seconds = Field(
        default=300,
        description="Time between two looks at a phone, and the first back-off of one that refuses "
        "us.",
    )
    concurrency: Whole = Field(
        default=200, ge=1, le=10_000, description="Phones asked at the same time."
    )
    connect_timeout: Seconds = Field(default=5, description="For the connection, TLS included.")
    read_timeout: Seconds = Field(
        default=20, description="Longest silence of a phone that is connected."
    )
    total_timeout: Seconds = Field(
        default=45, description="For one phone in all, repeats included."
    )
    confirm_after: Number = Field(
        default=60,
        ge=0,
        le=86_400,
        description="A new problem is looked at again after this time (fleet poll --confirm).",
    )
    backoff_max: Seconds = Field(
        default=3600,
        description="A phone that refuses our login is left alone for one interval, then twice as "
        "long each time, up to this.",
    )


class WebUiSettings(Section):
    """`[web_ui]`."""

    username: str = Field(
        default="admin",
        max_length=200,
        description="Login of phones for which neither inventory nor site gives one. The phones' "
        "role `user` can see the status page too, and is enough.",
    )
    password: SecretStr | None = Field(
        default=None,
        examples=[""],
        description="Better given as FLEET_WEB_UI_PASSWORD. Without one, no login is sent; the "
        "phones' default password is never tried.",
    )
    scheme: Literal["http", "https"] = Field(
        default="http", description="http or https, where the inventory's host does not say."
    )
    legacy_tls: bool = Field(
        default=False,
        description="TLS 1.0 and weak ciphers, for https phones whose site or phone entry does "
        "not say. Better set for those phones alone.",
    )
    words: dict[str, list[str]] = Field(
        default_factory=dict,
        examples=[{"registered": ["Registriert"]}],
        description="Words of further web UI languages.",
    )


class RuleSettings(Section):
    """`[rules.<name>]`."""

    enabled: bool = Field(default=True, description="false: the rule is not looked at.")
    severity: Severity | None = Field(
        default=None,
        examples=["warning"],
        description="critical, warning or info, in place of the rule's own.",
    )
    open_after: Whole | None = Field(
        default=None,
        ge=1,
        le=10,
        examples=[2],
        description="So many looks in a row must find it before somebody is told, in place of the "
        "rule's own number.",
    )


class RetentionSettings(Section):
    """`[retention]`."""

    history: Seconds = Field(
        default=400 * 86_400,
        description="Ended periods older than this are deleted by fleet db prune (400 days).",
    )
    evidence: Seconds = Field(
        default=90 * 86_400, description="Kept pages older than this are deleted (90 days)."
    )
    sweeps: Seconds = Field(
        default=90 * 86_400, description="Records of sweeps older than this are deleted (90 days)."
    )
    fetches: Seconds = Field(
        default=90 * 86_400,
        description="Records of fetches older than this are deleted (90 days), but not what a "
        "phone fetched last.",
    )
    revisions: Seconds = Field(
        default=400 * 86_400,
        description="Revisions of configuration files older than this are deleted (400 days), but "
        "none that a roll-out, a rollback or what a phone fetched last needs.",
    )
    revisions_at_least: int = Field(
        default=100, ge=1, description="So many of the last revisions are kept, however old."
    )


class SecretsSettings(Section):
    """`[secrets]`."""

    key_file: str = Field(
        default="fleet.key",
        description="File (mode 600) with the key that encrypts passwords in the database, "
        "relative to this file's folder. Best kept away from the database. FLEET_SECRETS_KEY "
        "holds the key itself.",
    )


class Settings(Section):
    """All settings. `folder` is what relative paths start from: the settings file's folder."""

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    poll: PollSettings = Field(default_factory=PollSettings)
    web_ui: WebUiSettings = Field(default_factory=WebUiSettings)
    rules: dict[str, RuleSettings] = Field(default_factory=dict)
    alerts: AlertsSettings = Field(default_factory=AlertsSettings)
    maintenance: dict[str, MaintenanceSettings] = Field(default_factory=dict)
    audit: AuditSettings = Field(default_factory=AuditSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    server: ServerSettings = Field(default_factory=ServerSettings)
    watchdog: WatchdogSettings = Field(default_factory=WatchdogSettings)
    provisioning: ProvisioningSettings = Field(default_factory=ProvisioningSettings)
    secrets: SecretsSettings = Field(default_factory=SecretsSettings)
    folder: Path = Field(default=Path(), exclude=True)
    secrets_key: SecretStr | None = Field(default=None, exclude=True)

    @property
    def key_file(self) -> Path:
        """The key file's place."""
        return self.folder / self.secrets.key_file

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


SECTIONS = (
    "database",
    "poll",
    "web_ui",
    "rules",
    "alerts",
    "maintenance",
    "audit",
    "retention",
    "server",
    "watchdog",
    "provisioning",
    "secrets",
)


def fields_of(section: str) -> dict[str, FieldInfo]:
    """The keys of a section; of `rules`, those of each rule."""
    field = Settings.model_fields[section]
    model = named(field) or field.annotation
    assert isinstance(model, type)  # noqa: S101  a section is a model, or many of one
    assert issubclass(model, BaseModel)  # noqa: S101
    return model.model_fields


def is_named(section: str) -> bool:
    """Tell whether a section is many, each with a name, such as `[rules.<name>]`."""
    return named(Settings.model_fields[section]) is not None


def named(field: FieldInfo) -> type[BaseModel] | None:
    """The model of the tables under a key, such as `[alerts.routes.<name>]`; else None."""
    if get_origin(field.annotation) is dict:
        _, model = get_args(field.annotation)
        if isinstance(model, type) and issubclass(model, BaseModel):
            return model
    return None


def is_table(field: FieldInfo) -> bool:
    """Tell whether a key is a section of its own, such as `[web_ui.words]`."""
    return get_origin(field.annotation) is dict
