"""What a phone makes of its parameters (facts/provisioning 1.3; pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.simulator.boot.spec import FACTORY_LOGIN, FACTORY_PASSWORD
from fleet.simulator.numbers import number_in
from fleet.simulator.wording import WORDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.phone.config_file import EffectiveValue

_LANGUAGES = range(1, 5)
_HIGHEST_PASSWORD = 4_294_967_295


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """Every parameter's value as it counts, by canonical name."""

    values: Mapping[str, EffectiveValue] = field(default_factory=dict, repr=False)

    def text(self, name: str, default: str = "") -> str:
        """A value without the blanks around it; the default where it is empty or not there."""
        given = self.values.get(name)
        return (given.value.strip() if given else "") or default

    def number(self, name: str, default: int) -> int:
        """A number; the default where it is none (assumed)."""
        text = self.text(name)
        given = number_in(text.removeprefix("-"))
        if given is None:
            return default
        return -given if text.startswith("-") else given

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Whether a switch is on."""
        return self.number(name, int(default)) == 1

    @property
    def admin_password(self) -> str:
        """The web UI's: digits up to 4294967295, else the factory's."""
        given = self.text("admin password")
        number = number_in(given)
        right = number is not None and number <= _HIGHEST_PASSWORD
        return given if right else FACTORY_PASSWORD

    @property
    def login(self) -> Credentials:
        """What a server is told that asks for a Digest, from the next boot on."""
        return Credentials(
            username=self.text("http digest username", FACTORY_LOGIN.username),
            password=self.text("http digest password", FACTORY_LOGIN.password),
        )

    @property
    def language_files(self) -> tuple[str, ...]:
        """The language packs to fetch: names, or URLs."""
        named = (self.text(f"language {number}") for number in _LANGUAGES)
        return tuple(name for name in named if name)

    @property
    def page_language(self) -> str:
        """The key of `WORDINGS` that the web UI speaks; English where its pack says nothing."""
        pack = self.text(f"language {self.number('web language', 0)}").rpartition("/")[2]
        key = pack.removeprefix("lang_").removesuffix(".txt")
        return key if key in WORDINGS else "en"

    @property
    def push_list(self) -> frozenset[str]:
        """Who may push XML objects."""
        return self._addresses("xml application post list")

    @property
    def whitelist(self) -> frozenset[str]:
        """The servers whose NOTIFY is obeyed; empty: anybody's."""
        return self._addresses("sip whitelist") - {"0"}

    def server(self, default: str) -> str:
        """The folder to boot from next: what the parameters name, else where it was so far.

        That a server named here comes before DHCP's is assumed.
        """
        scheme = self.text("download protocol").lower()
        host = self.text(f"{scheme} server")
        if scheme not in ("http", "https") or not host:
            return default
        port = self.number(f"{scheme} port", 0)
        path = self.text(f"{scheme} path").strip("/")
        return f"{scheme}://{host}" + (f":{port}" if port else "") + f"/{path}".rstrip("/") + "/"

    def _addresses(self, name: str) -> frozenset[str]:
        parts = (part.strip().lower() for part in self.text(name).split(","))
        return frozenset(part for part in parts if part)
