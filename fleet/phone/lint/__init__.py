"""Finds in parameters what a phone would stumble over. To add a check, name it in `CHECKS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.catalog import model_named, model_table
from fleet.phone.config_file import ConfigFile, is_name
from fleet.phone.lint import accounts, files, keys, passwords, uris, values
from fleet.phone.lint.look import Check, LintContext, LintFinding, LintLook, line_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.phone.config_file import Parameter

__all__ = ["CHECKS", "LintContext", "LintFinding", "lint", "lint_file"]

CHECKS: Mapping[str, Check] = {
    "password-falls-back": passwords.password_falls_back,
    "default-password": passwords.default_password,
    "weak-password": passwords.weak_password,
    "masked-secret": passwords.masked_secret,
    "secret-in-value": passwords.secret_in_value,
    "line-above-maximum": accounts.line_above_maximum,
    "port-zero": accounts.port_zero,
    "registrar-without-backup": accounts.registrar_without_backup,
    "proxy-without-registrar": accounts.proxy_without_registrar,
    "backup-servers-differ": accounts.backup_servers_differ,
    "not-for-this-line": accounts.not_for_this_line,
    "account-incomplete": accounts.account_incomplete,
    "key-out-of-range": keys.key_out_of_range,
    "module-not-possible": keys.module_not_possible,
    "key-twice": keys.key_twice,
    "key-line": keys.key_line,
    "key-stays-locked": keys.key_stays_locked,
    "cannot-be-written": values.cannot_be_written,
    "unknown-parameter": values.unknown_parameter,
    "wrong-value": values.wrong_value,
    "time-zone-name": values.time_zone_name,
    "language-not-loaded": values.language_not_loaded,
    "web-interface-off": values.web_interface_off,
    "retry-timer": values.retry_timer,
    "auto-resync": values.auto_resync,
    "uri-too-long": values.uri_too_long,
    "uri-not-ascii": values.uri_not_ascii,
    "action-uri-unreachable": uris.action_uri_unreachable,
    "fetches-elsewhere": uris.fetches_elsewhere,
    "file-not-served": uris.file_not_served,
    "model-lacks": values.model_lacks,
    "model-by-number": values.model_by_number,
    "invisible-character": values.invisible_character,
    "placeholder-left": values.placeholder_left,
    "comment-mark": values.comment_mark,
    "parameter-twice": values.parameter_twice,
    "weak-tls": values.weak_tls,
    "unquoted-hash": files.unquoted_hash,
    "unread-line": files.unread_line,
    "not-utf8": files.not_utf8,
    "empty-global-file": files.empty_global_file,
}

_ORDER = tuple(Severity)
_NO_CONTEXT = LintContext()


def lint(
    parameters: Iterable[Parameter], model: str = "", context: LintContext = _NO_CONTEXT
) -> tuple[LintFinding, ...]:
    """Everything wrong with one set of parameters, the worst first. Empty is good.

    `model` is any name of a model; of an unknown one nothing is checked that depends on it. A set
    is what one file holds, or all that a phone gets (`LintContext.complete`).
    """
    return _lint(ConfigFile(parameters=tuple(parameters)), model, context)


def lint_file(
    file: ConfigFile, model: str = "", context: LintContext = _NO_CONTEXT
) -> tuple[LintFinding, ...]:
    """The same for a file as it was read, with what only a file shows."""
    return _lint(file, model, context)


def _lint(file: ConfigFile, model: str, context: LintContext) -> tuple[LintFinding, ...]:
    last = {one.key: one for one in file.parameters if is_name(one.name)}
    look = LintLook(
        parameters=file.parameters,
        model=model_table(model),
        model_name=model_named(model),
        context=context,
        file=file,
        last=last,
        lines=line_numbers(last),
    )
    found = [finding for check in CHECKS.values() for finding in check(look)]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))
