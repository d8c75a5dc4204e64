"""What an operator may set: fleet.toml, overridden by FLEET_ variables, checked at the start."""

from __future__ import annotations

import difflib
import textwrap
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from fleet.errors import SettingsError
from fleet.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

PREFIX = "FLEET_"
FILE_NAME = "fleet.toml"
_NOT_SETTINGS = {"FLEET_CONFIG", "FLEET_SECRETS_KEY"}

Seconds = Annotated[float, Field(gt=0, le=316_224_000)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class DatabaseSettings(_Section):
    """`[database]`."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///fleet.db"),
        description="Where the history lives: sqlite:///FILE (relative to this file's folder) or "
        "postgresql://USER:PASSWORD@HOST/NAME. Overridden by FLEET_DATABASE_URL.",
    )


class PollSettings(_Section):
    """`[poll]`."""

    interval: Seconds = Field(
        default=300,
        description="Time between two looks at a phone, and the first back-off of one that refuses "
        "us.",
    )
    concurrency: int = Field(
        default=200, ge=1, le=10_000, description="Phones asked at the same time."
    )
    connect_timeout: Seconds = Field(default=5, description="For the connection, TLS included.")
    read_timeout: Seconds = Field(
        default=20, description="Longest silence of a phone that is connected."
    )
    total_timeout: Seconds = Field(
        default=45, description="For one phone in all, repeats included."
    )
    confirm_after: float = Field(
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


class WebUiSettings(_Section):
    """`[web_ui]`."""

    username: str = Field(
        default="admin",
        max_length=200,
        description="Login of phones for which neither inventory nor site gives one. The phones' "
        "role `user` can see the status page too, and is enough.",
    )
    password: SecretStr | None = Field(
        default=None,
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
        description="Words of further web UI languages, say registered = ['Registriert'].",
    )


class RuleSettings(_Section):
    """`[rules.<name>]`."""

    enabled: bool = Field(default=True, description="false: the rule is not looked at.")
    severity: Severity | None = Field(
        default=None, description="critical, warning or info, in place of the rule's own."
    )


class RetentionSettings(_Section):
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


class SecretsSettings(_Section):
    """`[secrets]`."""

    key_file: str = Field(
        default="fleet.key",
        description="File (mode 600) with the key that encrypts passwords in the database, "
        "relative to this file's folder. Best kept away from the database. FLEET_SECRETS_KEY "
        "holds the key itself.",
    )


class Settings(_Section):
    """All settings. `folder` is what relative paths start from: the settings file's folder."""

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    poll: PollSettings = Field(default_factory=PollSettings)
    web_ui: WebUiSettings = Field(default_factory=WebUiSettings)
    rules: dict[str, RuleSettings] = Field(default_factory=dict)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    secrets: SecretsSettings = Field(default_factory=SecretsSettings)
    folder: Path = Field(default=Path(), exclude=True)
    secrets_key: SecretStr | None = Field(default=None, exclude=True)

    @property
    def key_file(self) -> Path:
        """The key file's place."""
        return self.folder / self.secrets.key_file

    @property
    def database_url(self) -> str:
        """The database's URL, a relative SQLite path made to start from the settings' folder."""
        url = self.database.url.get_secret_value()
        kind, separator, path = url.partition(":///")
        if kind.startswith("sqlite") and separator and path and path != ":memory:":
            return f"{kind}:///{self.folder / path}"
        return url


_SECTIONS = ("database", "poll", "web_ui", "rules", "retention", "secrets")


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    `config` is what `--config` names; else `FLEET_CONFIG`, else `./fleet.toml` if it is there.
    Raises `SettingsError` with the key's name and what is allowed.
    """
    path = config or (Path(environ["FLEET_CONFIG"]) if environ.get("FLEET_CONFIG") else None)
    if path is None and Path(FILE_NAME).exists():
        path = Path(FILE_NAME)
    values = _read_file(path) if path else {}
    _refuse_unknown_sections(values, path)
    _overlay_environment(values, environ)
    values["folder"] = path.resolve().parent if path else Path()
    if key := environ.get("FLEET_SECRETS_KEY"):
        values["secrets_key"] = key
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error.errors()[0], path)) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"The settings file {path} cannot be read: {reason}.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from None


def _refuse_unknown_sections(values: Mapping[str, Any], path: Path | None) -> None:
    for name, value in values.items():
        if name not in _SECTIONS:
            raise SettingsError(
                f"{path}: there is no section [{name}]{_did_you_mean(name, _SECTIONS)}; "
                f"allowed are {', '.join(_SECTIONS)}."
            )
        if not isinstance(value, dict):
            raise SettingsError(f"{path}: {name} is a section; write [{name}] on its own line.")


def _overlay_environment(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
            continue
        section, key = _section_and_key(variable)
        if section:
            values.setdefault(section, {})[key] = text


def _section_and_key(variable: str) -> tuple[str, str]:
    """The setting a variable means; two empty texts if it is not one of ours at all."""
    rest = variable.removeprefix(PREFIX).lower()
    for section in _SECTIONS:
        if rest.startswith(section + "_") and section != "rules":
            key = rest.removeprefix(section + "_")
            known = tuple(_fields(section))
            if key not in known:
                raise SettingsError(
                    f"The variable {variable} is not a setting{_did_you_mean(key, known)}; "
                    f"[{section}] has {', '.join(known)}."
                )
            return section, key
    return "", ""


def _fields(section: str) -> dict[str, FieldInfo]:
    model = Settings.model_fields[section].annotation
    if isinstance(model, type) and issubclass(model, BaseModel):
        return model.model_fields
    return {}


def _explain(error: ErrorDetails, path: Path | None) -> str:
    place = [str(part) for part in error["loc"]]
    section, name = place[0], ".".join(place[1:])
    where = f"{path}: " if path else ""
    if error["type"] == "extra_forbidden":
        known = tuple(RuleSettings.model_fields if section == "rules" else _fields(section))
        return (
            f"{where}[{section}] has no key {name}{_did_you_mean(place[-1], known)}; "
            f"allowed are {', '.join(known)}."
        )
    return f"{where}[{section}] {name}: {error['msg'][0].lower()}{error['msg'][1:]}."


def _did_you_mean(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def sample_settings() -> str:
    """The text of a fleet.toml that holds every setting, commented, with its default."""
    lines = [
        "# Settings of fleet. Every key is shown with its default; take the # away to change one.",
        "# Durations are numbers, in seconds. FLEET_<SECTION>_<KEY> in the environment overrides,",
        "# for instance FLEET_POLL_CONCURRENCY or FLEET_WEB_UI_PASSWORD.",
    ]
    for section in _SECTIONS:
        if section == "rules":
            lines += ["", "# [rules.line-on-backup]", *_sample_keys(RuleSettings.model_fields)]
        else:
            lines += ["", f"[{section}]", *_sample_keys(_fields(section))]
    return "\n".join(lines) + "\n"


def _sample_keys(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    for name, field in fields.items():
        yield from textwrap.wrap(f"# {field.description}", 96, subsequent_indent="# ")
        if get_origin(field.annotation) is dict:
            yield f"# [web_ui.{name}]"
        else:
            yield f"# {name} = {_sample_value(field.get_default(call_default_factory=True))}"


def _sample_value(value: object) -> str:
    match value:
        case None:
            return "..."
        case bool():
            return str(value).lower()
        case SecretStr():
            return f'"{value.get_secret_value()}"'
        case float() | int():
            return f"{value:g}" if value < 1e6 else f"{value:.0f}"
        case _:
            return f'"{value}"'
