"""All lines of a phone: their states as the page tells them, and the events of their changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fleet.simulator.boot.account import accounts, registration_timers
from fleet.simulator.boot.events import Happening, RegistrationEvent, line_variables
from fleet.simulator.boot.line import LineState, keep_registered
from fleet.simulator.spec import LineSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.simulator.boot.configuration import Configuration
    from fleet.simulator.boot.line import Register
    from fleet.simulator.clock import Clock
    from fleet.simulator.tasks import Tasks

_NOWHERE = "0.0.0.0"  # noqa: S104  what a line shows that registers nowhere (assumed)

Fire = Callable[[str, "Mapping[str, str]"], None]
"""Calls the action URI of an event with its variables."""


class Lines:
    """The lines of one boot. `fire` calls action URIs, `changed` is told of every change.

    A registration event is fired only where it differs from the line's last; `named`: with the
    variables of its line. `action uri registered` is for the first registration of each line.
    """

    def __init__(
        self,
        configuration: Configuration,
        model: str,
        *,
        fire: Fire,
        changed: Callable[[], None],
        named: bool,
    ) -> None:
        self.accounts = accounts(configuration, model)
        self.states: dict[int, LineState] = {}
        self._timers = registration_timers(configuration)
        self._last: dict[int, Happening] = {}
        self._registered: set[int] = set()
        self._fire = fire
        self._changed = changed
        self._named = named

    def begin(self, tasks: Tasks, register: Register, clock: Clock) -> None:
        """Register every line and keep it so."""
        for account in self.accounts:
            self.states[account.number] = LineState(account=account)
            tasks.start(
                keep_registered(
                    account, timers=self._timers, register=register, clock=clock, show=self._show
                )
            )

    def rows(self) -> tuple[LineSpec, ...]:
        """The rows of the status page."""
        return tuple(_row(self.states[number]) for number in sorted(self.states))

    def _show(self, state: LineState) -> None:
        self.states[state.account.number] = state
        self._tell(state)
        self._changed()

    def _tell(self, state: LineState) -> None:
        number, happening = state.account.number, state.happening
        if happening is None or self._last.get(number) == happening:
            return
        self._last[number] = happening
        variables = line_variables(state.account, backup=state.backup)
        told = {"REGISTRATIONSTATE": happening.event.value, "REGISTRATIONCODE": happening.code}
        self._fire("registration event", (variables if self._named else {}) | told)
        if happening.event is RegistrationEvent.REGISTERED and number not in self._registered:
            self._registered.add(number)
            self._fire("registered", variables)


def _row(state: LineState) -> LineSpec:
    account = state.account
    server = account.registrar
    return LineSpec(
        number=account.number,
        user=account.user,
        registrar=server.host if server else (account.proxy or _NOWHERE),
        port=server.port if server else 5060,
        registration=state.registration,
        code=state.code,
        backup=state.backup,
    )
