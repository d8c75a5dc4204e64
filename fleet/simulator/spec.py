"""What a simulated phone is: the truth that its pages tell and that expectations are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.model import Account, Line, Registration
from fleet.simulator.wording import WORDINGS, Wording

if TYPE_CHECKING:
    from fleet.simulator.boot.spec import BootSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class LineSpec:
    """One row of the SIP status table.

    `user`, `registrar`, `port`, `registration`, `code` and `backup` are the truth. The page shows
    it in the phone's language, or shows the `…_text` verbatim where one is given (None: not given).
    A line without user and registrar has no account.
    """

    number: int
    user: str = ""
    registrar: str = ""
    port: int | None = 5060
    registration: Registration = Registration.REGISTERED
    code: int | None = None
    backup: bool | None = False
    number_text: str | None = None
    account_text: str | None = None
    status_text: str | None = None
    backup_text: str | None = None

    def shown_account(self) -> str:
        """The account cell, as plain text."""
        if self.account_text is not None:
            return self.account_text
        if not self.user and not self.registrar:
            return ""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.user}@{self.registrar}{port}"

    def shown_status(self, wording: Wording) -> str:
        """The status cell, as plain text."""
        if self.status_text is not None:
            return self.status_text
        if self.code is not None:
            return str(self.code)
        shown = {
            Registration.REGISTERED: wording.registered,
            Registration.UNREGISTERED: wording.unregistered,
        }
        return shown.get(self.registration, "")

    def shown_backup(self, wording: Wording) -> str:
        """The backup cell, as plain text."""
        if self.backup_text is not None:
            return self.backup_text
        return {True: wording.yes, False: wording.no, None: ""}[self.backup]

    def cells(self, wording: Wording) -> tuple[str, str, str, str]:
        """The row's four cells, as plain text."""
        number = self.number_text or str(self.number)
        return number, self.shown_account(), self.shown_status(wording), self.shown_backup(wording)

    def truth(self, wording: Wording) -> Line:
        """The line that a reader should find."""
        raw = self.shown_account()
        account = Account(raw=raw, user=self.user, registrar=self.registrar, port=self.port)
        return Line(
            number=self.number,
            registration=self.registration,
            account=account if self.user or self.registrar else None,
            code=self.code,
            backup=self.backup,
            status_text=self.shown_status(wording),
        )


DEFAULT_LINES = (
    LineSpec(number=1, user="1001", registrar="pbx.example"),
    LineSpec(
        number=2,
        user="1002",
        registrar="pbx.example",
        registration=Registration.FAILED,
        code=401,
    ),
    LineSpec(number=3, user="1003", registrar="192.0.2.7", backup=True),
    LineSpec(
        number=4,
        user="1004",
        registrar="pbx.example",
        registration=Registration.UNREGISTERED,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneSpec:
    """One simulated phone. `language` is a key of `WORDINGS`; `delay` is seconds before an answer.

    `behaviour` is a name of `BEHAVIOURS`. `site` and `name` only appear in inventories. With
    `boot` the phone boots from a provisioning server: lines, password, language and firmware are
    then what came of that.
    """

    model: str = "6753i"
    mac: str = "00:08:5D:00:00:01"
    firmware: str = "3.3.1.4365"
    boot_version: str = "2.5.2.1010"
    lines: tuple[LineSpec, ...] = DEFAULT_LINES
    username: str = "admin"
    password: str = field(default="22222", repr=False)  # the factory setting, facts/web-ui 1.2
    language: str = "en"
    behaviour: str = "healthy"
    delay: float = 0.0
    site: str = ""
    name: str = ""
    boot: BootSpec | None = None

    @property
    def wording(self) -> Wording:
        """The words of the phone's language."""
        return WORDINGS[self.language]

    @property
    def maker(self) -> str:
        """`Mitel` for the 69xx, `Aastra` for the rest (facts/web-ui 1.1)."""
        return "Mitel" if self.model.startswith("69") else "Aastra"

    @property
    def realm(self) -> str:
        """The realm of the phone's login."""
        return f"{self.maker} {self.model}"

    @property
    def truth(self) -> tuple[Line, ...]:
        """The lines that a reader should find."""
        return tuple(line.truth(self.wording) for line in self.lines)
