"""Variables in values: `{name}`, `{line.1.user}`, `{mac|lower}`; which there are, and their text.

What is no variable stays as it is: dial plans, `{{name}}` of a template system, `$$PROXYURL$$`.
`{open}` is a brace, for a text that would be a variable otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet.errors import ConfigurationError
from fleet.inventory.validate import did_you_mean
from fleet.model import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet.model import IntendedAccount, Phone

_VARIABLE = re.compile(
    r"(?<![{$])\{(?P<name>[a-z][a-z_]*(?:\.[0-9]{1,2}\.[a-z_]+)?)"
    r"(?P<functions>(?:\|[a-z]+(?::[^{}|:]*)?)*)\}(?!\})"
)
_OPEN = "open"
_OF_LINES: Mapping[str, Callable[[IntendedAccount], str]] = {
    "user": lambda line: line.user,
    "auth_name": lambda line: line.auth_name or line.user,
    "display_name": lambda line: line.display_name,
    "registrar": lambda line: line.registrar,
    "backup_registrar": lambda line: line.backup_registrar,
}
_OF_PHONES: Mapping[str, Callable[[Phone, str], str]] = {
    "name": lambda phone, _: phone.name,
    "host": lambda phone, _: phone.host,
    "site": lambda phone, _: phone.site,
    "mac": lambda phone, _: phone.mac.replace(":", ""),
    "model": lambda _, model: model,
    _OPEN: lambda _phone, _model: "{",
}
_VARIABLES = (*_OF_PHONES, *(f"line.1.{name}" for name in _OF_LINES))
_NUMBERED = ("first", "last")
_PLAIN: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "digits": lambda text: "".join(c for c in text if c.isdecimal()),
    "colons": lambda text: ":".join(text[at : at + 2] for at in range(0, len(text), 2)),
    "dashes": lambda text: "-".join(text[at : at + 2] for at in range(0, len(text), 2)),
}
_FUNCTIONS = (*_PLAIN, *(f"{name}:4" for name in _NUMBERED), "default:TEXT")


def read_template(text: str) -> Template | str:
    """Return a template if a text has variables, else the text as it is.

    Raises ValueError for a variable or a function that does not exist.
    """
    found = list(_VARIABLE.finditer(text))
    for match in found:
        _check(match)
    if any(match["name"] != _OPEN for match in found):
        return Template(text)
    return _VARIABLE.sub("{", text)


def written(text: str) -> str:
    """Return how a text without variables is written, so that it is read as itself."""
    return _VARIABLE.sub(lambda match: "{open}" + match[0][1:], text)


def expand(template: Template, phone: Phone, model: str) -> str:
    """Return the text of a template for a phone.

    Raises `ConfigurationError` for a line that the phone does not have, or a value that is empty
    and has no default.
    """

    def value(match: re.Match[str]) -> str:
        text = _value(match["name"], phone, model)
        for function, argument in _functions(match):
            text = _applied(function, argument, text)
        if not text:
            raise ConfigurationError(
                f"{match[0]} is empty: give the phone a value, or write a default, such as "
                f"{{{match['name']}|default:none}}."
            )
        return text

    return _VARIABLE.sub(value, template.text)


def _check(match: re.Match[str]) -> None:
    name = match["name"]
    of_phone, _, of_line = name.partition(".")
    is_known = (
        of_line.partition(".")[2] in _OF_LINES and of_phone == "line"
        if of_line
        else name in _OF_PHONES
    )
    if not is_known:
        general = re.sub(r"\.[0-9]+\.", ".1.", name)
        raise ValueError(
            f"{match[0]}: there is no variable {name}{did_you_mean(general, _VARIABLES)}; there "
            f"are {', '.join(_VARIABLES)}. A brace itself is {{open}}"
        )
    for function, argument in _functions(match):
        is_number = argument.isdecimal() and 0 < int(argument) <= 99
        if function in _NUMBERED and not is_number:
            raise ValueError(f"{match[0]}: write a number, such as {function}:4")
        if function not in (*_PLAIN, *_NUMBERED, "default"):
            raise ValueError(
                f"{match[0]}: there is no function {function}; there are {', '.join(_FUNCTIONS)}"
            )


def _functions(match: re.Match[str]) -> list[tuple[str, str]]:
    parts = [part.partition(":") for part in match["functions"].split("|") if part]
    return [(function, argument) for function, _, argument in parts]


def _value(name: str, phone: Phone, model: str) -> str:
    if name in _OF_PHONES:
        return _OF_PHONES[name](phone, model)
    _, number, what = name.split(".")
    for account in phone.accounts:
        if account.line == int(number):
            return _OF_LINES[what](account)
    return ""


def _applied(function: str, argument: str, text: str) -> str:
    if function == "default":
        return text or argument
    if function == "last":
        return text[-int(argument) :]
    return text[: int(argument)] if function == "first" else _PLAIN[function](text)
