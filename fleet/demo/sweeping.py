"""The demo: simulated phones, a database of its own, a sweep."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.app import App
from fleet.clock import now
from fleet.enrolment import enrol
from fleet.errors import UsageError
from fleet.inventory import parse_csv, plan
from fleet.settings import FILE_NAME, load_settings
from fleet.simulator import Simulator, believable_fleet, inventory_csv
from fleet.sweep import Order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fleet.sweep import Outcome, Tally

MARK = "# Settings of fleet demo: this folder is made anew each time.\n"
POLLING = "[poll]\nconnect_timeout = 2\nread_timeout = 5\n"
SERVING = f'{POLLING}interval = 60\nconfirm_after = 10\n[audit]\nat = ""\n[server]\nport = '


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A folder with settings, database and inventory of its own."""

    folder: Path
    phones: int
    seed: int = 0

    def prepare(self, more: str = POLLING) -> App:
        """Make the folder anew, with these settings, and open its database.

        Raises `UsageError` if it is not a demo's, or cannot be written.
        """
        try:
            path = self._settings_file(more)
        except OSError as error:
            raise UsageError(f"{self.folder} cannot be written: {error.strerror}.") from None
        app = App.open(load_settings(path, {}), create=True, upgrade=True)
        app.ensure_key()
        return app

    def _settings_file(self, more: str) -> Path:
        path = self.folder / FILE_NAME
        if self.folder.exists() and any(self.folder.iterdir()):
            if not path.exists() or not path.read_text(encoding="utf-8").startswith(MARK):
                raise UsageError(f"{self.folder} is not a demo's folder; name another.")
            for file in self.folder.glob("fleet.db*"):
                file.unlink()
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(MARK + more, encoding="utf-8")
        (self.folder / "fleet.key").unlink(missing_ok=True)
        return path

    async def run(
        self,
        app: App,
        watched: Callable[[], AbstractContextManager[Callable[[Tally], None]]],
        then: Callable[[Outcome], Awaitable[None]] | None = None,
    ) -> Outcome:
        """Start the phones, import them, sweep; the phones stay until `then` has ended."""
        specs = believable_fleet(self.phones, seed=self.seed)
        async with Simulator(specs) as simulator:
            text = io.StringIO()
            inventory_csv(simulator.phones, text, with_lines=True)
            (self.folder / "phones.csv").write_text(text.getvalue(), encoding="utf-8")
            file = parse_csv(text.getvalue(), source="The demo's inventory")
            enrol(app.store, plan(app.store.inventory.load(), file), now())
            with watched() as progress:
                outcome = await app.sweep(Order(), progress)
            await app.sweep(_second_look(outcome), lambda _tally: None)
            if then is not None:
                await then(outcome)
            return outcome


def _second_look(outcome: Outcome) -> Order:
    """Look again at what is new, as the daemon does: what is still so becomes an incident."""
    return Order(ids=outcome.new_problems, selection="confirm", trigger="confirm", anew=True)
