"""What only a file as it was read can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.config_file import GLOBAL_FILE
from fleet.phone.lint.look import LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.phone.config_file import Parameter
    from fleet.phone.lint.look import LintLook


def unquoted_hash(look: LintLook) -> Iterator[LintFinding]:
    """A `#` that was probably meant to be in the value, and begins a comment instead.

    One with a blank before it is taken for a comment, unless it is all that there is and text
    follows it at once (facts/provisioning 1.2).
    """
    for parameter in look.parameters:
        if _cuts(parameter):
            yield LintFinding(
                check="unquoted-hash",
                severity=Severity.CRITICAL,
                parameter=parameter.key,
                text=f"The value of `{parameter.key}` ends at a #, which starts a comment: put the "
                "value in double quotes, or a blank before the #.",
                line=parameter.line,
            )


def _cuts(parameter: Parameter) -> bool:
    comment = parameter.comment
    if parameter.value:
        return comment.startswith("#")
    return comment.startswith("#") and comment[1:2].strip() != ""


def unread_line(look: LintLook) -> Iterator[LintFinding]:
    """A line that is no parameter; what a phone makes of it is not known."""
    for unread in look.file.unread:
        yield LintFinding(
            check="unread-line",
            severity=Severity.WARNING,
            parameter="",
            text=f"Line {unread.line} cannot be read: {unread.reason}. Correct or remove it.",
            line=unread.line,
        )


def not_utf8(look: LintLook) -> Iterator[LintFinding]:
    """A file in another encoding: what phones make of it is not known (facts/provisioning 1.2)."""
    if look.file.encoding:
        yield LintFinding(
            check="not-utf8",
            severity=Severity.WARNING,
            parameter="",
            text=f"The file is {look.file.encoding}.",
        )


def empty_global_file(look: LintLook) -> Iterator[LintFinding]:
    """An `aastra.cfg` with nothing in it: phones then do not go on to their own files.

    facts/provisioning 1.1.
    """
    if look.file.name.lower() == GLOBAL_FILE and look.file.blank:
        yield LintFinding(
            check="empty-global-file",
            severity=Severity.CRITICAL,
            parameter="",
            text=f"{GLOBAL_FILE} is empty, and then phones do not read their own files: put at "
            "least a comment into it.",
        )
