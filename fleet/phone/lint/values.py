"""Names and values: what no phone knows, and what a phone does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.config_file import complaint_of, foreign_comment, has_hidden
from fleet.phone.lint.keys import key_of
from fleet.phone.lint.look import LintFinding
from fleet.phone.lint.placeholders import has_placeholder
from fleet.phone.parameters import Shape, complaint, spec_of, suggestion_for
from fleet.phone.parameters.kinds import is_ipv6

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.phone.config_file import Parameter
    from fleet.phone.lint.look import LintLook

_TIMERS = ("sip registration retry timer", "sip registration timeout retry timer")
_RESYNC = ("auto resync mode", "auto resync time", "auto resync max delay", "auto resync days")
_NOTED = " md5"  # `aastra md5`, `directory1 md5`: seen in a phone's local.cfg (facts 1.1)
_FOR_PEOPLE = (" label", "display name", "screen name", "screen name 2", " title")
_OWN_CHECK = frozenset({*_TIMERS, *_RESYNC})


def unknown_parameter(look: LintLook) -> Iterator[LintFinding]:
    """A name that is not in the catalogue; a warning if it looks like a slip of one that is."""
    for parameter in look.last.values():
        if spec_of(parameter.key) is not None:
            continue
        noted = parameter.key.endswith(_NOTED)
        meant = "" if noted else suggestion_for(parameter.key)
        hint = (
            f"did you mean `{meant}`?" if meant else "fleet sends it unchanged; check its spelling."
        )
        hint = "phones add it to their own files; remove it." if noted else hint
        yield _finding(
            "unknown-parameter",
            Severity.WARNING if meant else Severity.INFO,
            parameter,
            f"`{parameter.key}` is not a known parameter: {hint}",
        )


def wrong_value(look: LintLook) -> Iterator[LintFinding]:
    """A value that the parameter does not take, where no other check says so."""
    for parameter in look.last.values():
        spec = spec_of(parameter.key)
        own = parameter.key in _OWN_CHECK
        if spec is None or own or spec.kind.shape in (Shape.URI, Shape.DIGITS):
            continue
        if has_placeholder(parameter.key, parameter.value):
            continue
        if spec.kind.shape is Shape.HOST and is_ipv6(parameter.value):
            yield from _ipv6(look, parameter)
        else:
            yield from _wrong("wrong-value", parameter, Severity.WARNING)


def _ipv6(look: LintLook, parameter: Parameter) -> Iterator[LintFinding]:
    """An IPv6 address: 68xx and 69xx take one with `ipv6: 1`."""
    is_new = look.model is not None and look.model.family in ("68xxi", "69xx")
    if is_new and look.value("ipv6") == "1":
        return
    why = "works with `ipv6: 1` only: add that" if is_new else "is not an IPv4 address: use one"
    yield _finding(
        "wrong-value",
        Severity.WARNING,
        parameter,
        f"`{parameter.key}` is an IPv6 address, which {why}.",
    )


def time_zone_name(look: LintLook) -> Iterator[LintFinding]:
    """A zone by its IANA name: phones have names of their own (facts/provisioning 1.3, Time)."""
    given = look.last.get("time zone name")
    if given and "/" in given.value and not has_placeholder(given.key, given.value):
        yield _finding(
            "time-zone-name",
            Severity.WARNING,
            given,
            "`time zone name` is an IANA name, but phones use others, such as US-Eastern: set "
            "`timezone` in the inventory's configuration instead, which accepts IANA names.",
        )


def language_not_loaded(look: LintLook) -> Iterator[LintFinding]:
    """A language by the number of a slot that no file is loaded into.

    Of a single file that loads none at all, another one may.
    """
    loads = any(name.startswith("language ") for name in look.last)
    for name in ("language", "web language"):
        slot = look.value(name)
        if slot not in ("1", "2", "3", "4") or look.value(f"language {slot}"):
            continue
        if loads or look.context.complete:
            yield _finding(
                "language-not-loaded",
                Severity.WARNING,
                look.last[name],
                f"`{name}` is {slot}, but no file is loaded as `language {slot}`: set one, or "
                "choose another language.",
            )


def web_interface_off(look: LintLook) -> Iterator[LintFinding]:
    """A phone without its web UI: nobody can see its lines."""
    if look.value("web interface enabled") == "0":
        yield _finding(
            "web-interface-off",
            Severity.CRITICAL,
            look.last["web interface enabled"],
            "`web interface enabled: 0` switches the web UI off, so fleet can no longer see the "
            "phone's lines: leave it on.",
        )


def retry_timer(look: LintLook) -> Iterator[LintFinding]:
    """How long a phone waits after a refusal or a time-out: what is out of range is not taken."""
    for name in _TIMERS:
        if name in look.last:
            yield from _wrong("retry-timer", look.last[name], Severity.WARNING)


def auto_resync(look: LintLook) -> Iterator[LintFinding]:
    """Values of auto-resync that a phone does not take, so that it never looks by itself."""
    for name in _RESYNC:
        if name in look.last:
            yield from _wrong("auto-resync", look.last[name], Severity.WARNING)


def uri_too_long(look: LintLook) -> Iterator[LintFinding]:
    """A URI above the phones' 128 characters (facts/provisioning 1.3, XML / events)."""
    for parameter in look.last.values():
        spec = spec_of(parameter.key)
        if spec is None or spec.kind.shape is not Shape.URI or spec.kind.longest is None:
            continue
        if (length := len(parameter.value)) > spec.kind.longest:
            yield _finding(
                "uri-too-long",
                Severity.WARNING,
                parameter,
                f"`{parameter.key}` has {length} characters, but a phone accepts "
                f"{spec.kind.longest}: shorten it.",
            )


def uri_not_ascii(look: LintLook) -> Iterator[LintFinding]:
    """A URI with characters that no phone takes."""
    for parameter in look.last.values():
        spec = spec_of(parameter.key)
        if spec and spec.kind.shape is Shape.URI and not parameter.value.isascii():
            yield _finding(
                "uri-not-ascii",
                Severity.WARNING,
                parameter,
                f"`{parameter.key}` contains characters that are not ASCII: encode them with %.",
            )


def model_lacks(look: LintLook) -> Iterator[LintFinding]:
    """A parameter that this model does not have."""
    for parameter in look.last.values():
        if look.model and parameter.key in look.model.lacks:
            yield _finding(
                "model-lacks",
                Severity.WARNING,
                parameter,
                f"The {look.model.name} has no `{parameter.key}`: leave it out for this model.",
            )


def model_by_number(look: LintLook) -> Iterator[LintFinding]:
    """A model that has no table of its own: its keys and lines may be others."""
    if look.model and look.model_name not in ("", look.model.name):
        yield LintFinding(
            check="model-by-number",
            severity=Severity.INFO,
            parameter="",
            text=f"The {look.model_name} is not in fleet's tables, so fleet assumes the lines and "
            f"keys of the {look.model.name}.",
        )


def comment_mark(look: LintLook) -> Iterator[LintFinding]:
    """A `//` or `;` that begins a comment elsewhere: a phone takes it for a part of the value."""
    for parameter in look.last.values():
        if mark := foreign_comment(parameter.value):
            yield _finding(
                "comment-mark",
                Severity.WARNING,
                parameter,
                f"The value of `{parameter.key}` contains {mark}, which does not start a comment "
                "for a phone: use # for a comment.",
            )


def cannot_be_written(look: LintLook) -> Iterator[LintFinding]:
    """What no configuration file can hold."""
    for parameter in look.parameters:
        if wrong := complaint_of(parameter):
            yield _finding("cannot-be-written", Severity.CRITICAL, parameter, wrong)


def invisible_character(look: LintLook) -> Iterator[LintFinding]:
    """What nobody sees, copied along with a password or an address: phones do not overlook it.

    Texts for people may hold such characters, a no-break space before a colon say.
    """
    for parameter in look.last.values():
        if has_hidden(parameter.value) and not parameter.key.endswith(_FOR_PEOPLE):
            yield _finding(
                "invisible-character",
                Severity.WARNING,
                parameter,
                f"`{parameter.key}` contains an invisible character, such as a no-break space: "
                "type it again.",
            )


def placeholder_left(look: LintLook) -> Iterator[LintFinding]:
    """A template's placeholder where its value should be; `#{x}` begins a comment as well."""
    for parameter in look.last.values():
        text = parameter.value
        if parameter.comment.startswith("#{"):
            text += parameter.comment
        if has_placeholder(parameter.key, text):
            yield _finding(
                "placeholder-left",
                Severity.WARNING,
                parameter,
                f"`{parameter.key}` still contains a template's placeholder: replace it with the "
                "value.",
            )


def parameter_twice(look: LintLook) -> Iterator[LintFinding]:
    """A parameter given twice in one set: only the last one counts. Keys have their own check."""
    seen: set[str] = set()
    for parameter in look.parameters:
        given_before = parameter.key in seen and parameter.key in look.last
        if given_before and key_of(parameter.key) is None:
            yield _finding(
                "parameter-twice",
                Severity.WARNING,
                parameter,
                f"`{parameter.key}` is set twice, and only the last one counts: keep one.",
            )
        seen.add(parameter.key)


def weak_tls(look: LintLook) -> Iterator[LintFinding]:
    """HTTPS that trusts anybody, or speaks what everybody can break."""
    validation = look.last.get("https validate certificates")
    if validation and validation.value.strip() == "0":
        yield _finding(
            "weak-tls",
            Severity.INFO,
            validation,
            "With `https validate certificates: 0` the phone accepts files from any server: "
            "switch it on once the certificate is installed.",
        )
    method = look.last.get("https client method")
    if method and "ssl" in method.value.casefold():
        yield _finding(
            "weak-tls",
            Severity.WARNING,
            method,
            "`https client method` selects SSL 3.0, which is broken: choose TLS 1.0.",
        )


def _wrong(check: str, parameter: Parameter, severity: Severity) -> Iterator[LintFinding]:
    spec = spec_of(parameter.key)
    if spec and (wrong := complaint(spec.kind, parameter.value)):
        yield _finding(check, severity, parameter, f"`{parameter.key}` {wrong}: correct it.")


def _finding(check: str, severity: Severity, parameter: Parameter, text: str) -> LintFinding:
    return LintFinding(
        check=check, severity=severity, parameter=parameter.key, text=text, line=parameter.line
    )
