"""What a configuration file holds: parameters with their marks, and lines nobody can read."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.phone.config_file.names import canonical_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One line `name: value`.

    `lock` is the mark `!`: the value beats local ones and cannot be changed on the phone.
    `overwrite` is the mark `^`: the value replaces a local one when a new file is loaded, without
    locking (facts/provisioning 1.2). `line` and `comment` say where it was read and what stood
    behind the value, blanks included; they are no part of what it says.
    """

    name: str
    value: str = field(repr=False)
    lock: bool = False
    overwrite: bool = False
    line: int | None = field(default=None, compare=False)
    comment: str = field(default="", compare=False, repr=False)

    @property
    def key(self) -> str:
        """The name's one spelling, by which parameters are the same or not."""
        return canonical_name(self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadLine:
    """A line that is no parameter, no comment and not blank. `text` may hold a secret."""

    line: int
    reason: str
    text: str = field(repr=False)


WITHOUT_SECRETS = "Printed without secrets: this file is not for phones."
"""The comment of a file whose secrets were left out to show it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFile:
    """A file's parameters in their order; a name given twice counts as its last (1.1).

    `name` is the file's own (`aastra.cfg`). `heading` are comments to write above the
    parameters; a reader leaves comments out. `unread` is what a reader could not read, and `blank`
    says that it found nothing at all, not even a comment. `not_config` says why the whole file is
    no configuration, empty if it is one. `encoding` notes an encoding that is not UTF-8, as the
    end of a sentence ("it is …"); empty for UTF-8.
    `without_secrets` says that the file was printed to be read, not to be given to phones.
    """

    parameters: tuple[Parameter, ...] = ()
    name: str = field(default="", compare=False)
    heading: tuple[str, ...] = field(default=(), compare=False)
    unread: tuple[UnreadLine, ...] = field(default=(), compare=False)
    blank: bool = field(default=False, compare=False)
    not_config: str = field(default="", compare=False)
    encoding: str = field(default="", compare=False)
    without_secrets: bool = field(default=False, compare=False)
