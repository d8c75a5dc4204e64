"""One boot of a phone, from the first request to the configuration it has then.

In this order: aastra.cfg, the model's file, the phone's own, the firmware, certificates and
language packs (the order of the first three is known, that of the rest assumed).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from fleet.phone.config_file import effective, firmware_file, local_left
from fleet.simulator.boot.agent import http_agent, module_headers
from fleet.simulator.boot.configuration import Configuration
from fleet.simulator.boot.files import Reading, read_files
from fleet.simulator.boot.firmware import install, new_firmware
from fleet.simulator.boot.http import HttpClient, Response
from fleet.simulator.boot.spec import model_file_name
from fleet.simulator.boot.trust import Trust
from fleet.simulator.digest import md5

if TYPE_CHECKING:
    from fleet.simulator.boot.flash import Flash
    from fleet.simulator.boot.place import Place
    from fleet.simulator.boot.record import BootRecord
    from fleet.simulator.boot.spec import BootSpec
    from fleet.simulator.spec import PhoneSpec

_MOST_FLASHES = 3  # of one boot: a server that gives other bytes each time is not followed for ever
_PEM = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, kw_only=True, slots=True)
class Startup:
    """Boots one phone. `phone` says model, maker and MAC, `place` where it stands."""

    phone: PhoneSpec
    boot: BootSpec
    flash: Flash
    record: BootRecord
    place: Place

    async def run(self, *, look_at_firmware: bool) -> Configuration:
        """Boot, and once more after each new firmware."""
        for _ in range(_MOST_FLASHES):
            configuration = await self._configure()
            if not look_at_firmware or not await self._flash_new(configuration):
                break
        for name in (configuration.text("https user certificates"), *configuration.language_files):
            await self._keep(name)
        self._remember(configuration)
        return configuration

    async def files_changed(self) -> bool:
        """Whether the server has other configuration files than the phone."""
        reading = await self._read()
        return not reading.stopped and self._differs(reading)

    async def firmware_changed(self, configuration: Configuration) -> bool:
        """Whether the server has another firmware than the phone."""
        return await self._new_firmware(configuration) is not None

    def client(self) -> HttpClient:
        """HTTP as this phone speaks it now."""
        flash, phone = self.flash, self.phone
        agent = http_agent(
            maker=phone.maker, model=phone.model, mac=phone.mac, firmware=flash.firmware
        )
        modules = module_headers(self.boot.modules)
        return HttpClient(
            headers=(("User-Agent", agent), ("Accept-Language", "en"), *modules),
            source=self.place.address,
            login=flash.login,
            trust=Trust(
                authorities=flash.trusted,
                certificates=flash.check_certificates,
                hostname=flash.check_hostname,
                legacy=self.boot.legacy_tls,
            ),
            patience=self.boot.fetch_patience,
            token=self.place.token,
        )

    async def _configure(self) -> Configuration:
        reading = await self._read()
        new_files = not reading.stopped and self._differs(reading)
        parsed = reading.parsed()
        flash = self.flash
        values = effective(parsed, local=flash.local, new_files=new_files)
        flash.local = local_left(parsed, flash.local, new_files=new_files)
        flash.files = dict(reading.files)
        flash.digests |= reading.digests
        return Configuration(values=values)

    async def _read(self) -> Reading:
        self.record.fetched.clear()
        reading = await read_files(
            self._get,
            mac=self.phone.mac,
            model_file=model_file_name(self.phone.model, self.boot),
            known=self.flash.files,
            encrypted=self.boot.encrypted,
        )
        self.record.stopped = reading.stopped
        return reading

    def _differs(self, reading: Reading) -> bool:
        return dict(reading.files) != self.flash.files

    async def _get(self, name: str) -> Response:
        return await self._ask(name, "GET")

    async def _ask(self, name: str, method: str, folder: str = "") -> Response:
        base = (folder or self.flash.server).rstrip("/")
        url = name if "://" in name else f"{base}/{quote(name)}"
        answer = await self.client().ask(url, method)
        self.record.fetched.append((name, answer.status))
        return answer

    async def _new_firmware(self, configuration: Configuration) -> bytes | None:
        folder = configuration.text("firmware server")

        async def ask(name: str, method: str) -> Response:
            return await self._ask(name, method, folder)

        name = firmware_file(self.phone.model)
        return await new_firmware(ask, name, self.flash, self.boot.firmware)

    async def _flash_new(self, configuration: Configuration) -> bool:
        found = await self._new_firmware(configuration)
        if found is None:
            return False
        install(found, firmware_file(self.phone.model), self.flash)
        self.record.flashed += 1
        return True

    async def _keep(self, name: str) -> None:
        """Fetch a language pack or a certificate; what is not given stays as it was."""
        if not name:
            return
        answer = await self._get(name)
        if not answer.ok:
            return
        self.flash.digests[name] = md5(answer.body)
        text = answer.body.decode("latin-1")
        if _PEM in text and text not in self.flash.trusted:
            self.flash.trusted += text

    def _remember(self, configuration: Configuration) -> None:
        """What holds from the next boot on: server, login, what is checked of certificates."""
        flash = self.flash
        if not configuration.values:
            return
        flash.server = configuration.server(self.boot.server)
        flash.login = configuration.login
        flash.check_certificates = configuration.flag("https validate certificates", default=True)
        flash.check_hostname = configuration.flag("https validate hostname", default=True)
