"""A simulated phone that boots, registers, and does what it is told from outside.

How the real ones do it: facts/provisioning 1 and 2.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fleet.simulator.boot import alarms
from fleet.simulator.boot.agent import sip_agent
from fleet.simulator.boot.configuration import Configuration
from fleet.simulator.boot.errands import Errands
from fleet.simulator.boot.flash import Flash
from fleet.simulator.boot.lines import Lines
from fleet.simulator.boot.notify import Wish, react
from fleet.simulator.boot.objects import Act, pushed_object, read_object
from fleet.simulator.boot.orders import Orders
from fleet.simulator.boot.phone_sip import PhoneSip
from fleet.simulator.boot.record import BootRecord
from fleet.simulator.boot.register import Registering
from fleet.simulator.boot.resync import resync_of
from fleet.simulator.boot.startup import Startup
from fleet.simulator.sip.message import answer_to
from fleet.simulator.tasks import Tasks
from fleet.simulator.visit import http
from fleet.simulator.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.simulator.boot.place import Place
    from fleet.simulator.boot.spec import BootSpec
    from fleet.simulator.sip.message import SipMessage
    from fleet.simulator.spec import PhoneSpec

Show = Callable[..., None]
"""Changes fields of the phone's specification, and so what its page tells."""

_TCP = "2"  # of `sip transport protocol`
_TWICE = "6739i"  # calls `action uri registered` twice (facts/web-ui 4.1)
_TAKEN = b"<html><body>OK</body></html>\n"


class Device(Watched):
    """The inside of a phone: up between `start` and `stop`, except while it boots.

    `phone` says what it is, `show` changes what its page tells.
    """

    def __init__(self, phone: PhoneSpec, boot: BootSpec, place: Place, show: Show) -> None:
        super().__init__()
        self.boot = boot
        self.record = BootRecord()
        self.flash = Flash.as_delivered(boot, phone.firmware)
        self.configuration = Configuration()
        self.up = False
        self._phone = phone
        self._show = show
        self._place = place
        self._chance = random.Random(phone.mac)  # noqa: S311  a spread, not a secret
        self._startup = Startup(
            phone=phone, boot=boot, flash=self.flash, record=self.record, place=place
        )
        self.sip = PhoneSip(answer=self._answer, patience=boot.patience, token=place.token)
        self._life, self._work = Tasks(), Tasks()
        self._orders = Orders()
        self._errands = Errands(
            client=self._startup.client,
            order=self._order,
            tasks=self._work,
            record=self.record,
            server=boot.server,
        )
        self.lines = self._new_lines()

    async def start(self, *, sip_port: int = 0) -> None:
        """Switch it on; it boots in the background. OSError where its SIP port is taken."""
        await self.sip.open(self._place.address, sip_port)
        self._life.start(self._live())

    async def stop(self) -> None:
        """Pull its plug."""
        self.up = False
        await self._life.stop()
        await self._work.stop()
        self.sip.close()

    @property
    def has_web_ui(self) -> bool:
        """Whether its web UI answers now; what happens to one that is disabled is not known."""
        return self.up and self.configuration.flag("web interface enabled", default=True)

    @property
    def busy(self) -> bool:
        """Whether somebody is on the phone: a boot that is asked for then has to wait."""
        return self._orders.busy

    @busy.setter
    def busy(self, busy: bool) -> None:
        self._orders.busy = busy

    def reboot(self, *, fast: bool = False) -> None:
        """Boot once it is idle; `fast`: without a look at the firmware."""
        self._order(Act.FAST_REBOOT if fast else Act.RESET)

    def pushed(self, body: bytes, source: str) -> bytes:
        """The answer to an XML push from an address, which is obeyed if it is in the list.

        What a phone answers to others is not known; assumed is 403.
        """
        if source not in self.configuration.push_list:
            self.record.pushes_refused += 1
            return http("403 Forbidden", b"<html><body>Forbidden</body></html>\n")
        self.record.pushes += 1
        self._errands.obey(read_object(pushed_object(body)))
        self.changed()
        return http("200 OK", _TAKEN)

    def _order(self, act: Act) -> None:
        if act is Act.CLEAR_LOCAL:
            self.flash.local = ()
        self._orders.put(act)

    async def _live(self) -> None:
        act = Act.RESET
        while True:
            await self._place.clock.sleep(self.boot.seconds)
            full = act is not Act.FAST_REBOOT
            async with self._place.turn:
                self.configuration = await self._startup.run(look_at_firmware=full)
            self._come_up()
            act = await self._orders.next()
            self.up = False
            await self._work.stop()
            self.sip.hang_up()
            self.record.reboots += 1
            self.changed()

    def _come_up(self) -> None:
        configuration = self.configuration
        self.lines = self._new_lines()
        self._show(
            lines=(),
            firmware=self.flash.firmware,
            password=configuration.admin_password,
            language=configuration.page_language,
        )
        self.lines.begin(self._work, self._registering().register, self._place.clock)
        self._fire("startup", {})
        self._set_alarms()
        self.up = True
        self.record.boots += 1
        self._changed()

    def _set_alarms(self) -> None:
        start, clock = self._work.start, self._place.clock
        if resync := resync_of(self.configuration):
            share = self._chance.random
            look = partial(self._look, config=resync.config, firmware=resync.firmware)
            start(alarms.resync(resync, clock=clock, share=share, look=look))
        interval = self.configuration.number("action uri poll interval", 0)
        if interval > 0:
            start(alarms.every(interval, clock=clock, act=lambda: self._fire("poll", {})))
        if self.boot.retry and not self.configuration.values:
            start(alarms.once(self.boot.retry, clock=clock, act=self.reboot))

    async def _look(self, *, config: bool, firmware: bool) -> None:
        """Look for new files, and boot if there are any."""
        self.record.checks += 1
        changed = config and await self._startup.files_changed()
        if changed or (firmware and await self._startup.firmware_changed(self.configuration)):
            self.reboot()
        self.record.checked += 1
        self.changed()

    def _answer(self, request: SipMessage, source: str) -> SipMessage | None:
        """The answer to SIP from outside; a phone that boots says nothing."""
        if not self.up:
            return None
        servers = (server for line in self.lines.accounts for server in line.servers)
        found = (self._place.network.find(server) for server in servers)
        reaction = react(
            request,
            source=source,
            servers=frozenset(place[0] for place in found if place),
            configuration=self.configuration,
        )
        self._grant(reaction.wish, request)
        headers = (*reaction.headers, ("User-Agent", self._agent))
        return answer_to(request, reaction.status, *headers, tag=self._place.token())

    def _grant(self, wish: Wish, request: SipMessage) -> None:
        if wish is Wish.NOTHING:
            return
        self.record.events[request.first("event").lower()] += 1
        if wish is Wish.CHECK:
            self._work.start(self._look(config=True, firmware=False))
        elif wish is Wish.REBOOT:
            self.reboot()
        elif wish is Wish.OBEY:
            self._errands.obey(read_object(request.body))
        else:
            self._errands.call(self.configuration.text("action uri xml sip notify"), self._own)
        self.changed()

    @property
    def _own(self) -> dict[str, str]:
        return {"LOCALIP": self._place.address}

    def _new_lines(self) -> Lines:
        return Lines(
            self.configuration,
            self._phone.model,
            fire=self._fire,
            changed=self._changed,
            named=self.boot.line_in_events,
        )

    def _registering(self) -> Registering:
        return Registering(
            sip=self.sip,
            network=self._place.network,
            agent=self._agent,
            token=self._place.token,
            tcp=self.configuration.text("sip transport protocol") == _TCP,
        )

    def _changed(self) -> None:
        self._show(lines=self.lines.rows())
        self.changed()

    @property
    def _agent(self) -> str:
        phone = self._phone
        return sip_agent(maker=phone.maker, model=phone.model, firmware=self.flash.firmware)

    def _fire(self, event: str, variables: Mapping[str, str]) -> None:
        twice = event == "registered" and self._phone.model == _TWICE
        uri = self.configuration.text(f"action uri {event}")
        self._errands.call(uri, self._own | dict(variables), times=2 if twice else 1)
