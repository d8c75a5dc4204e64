"""The part of the store that serving files needs: fetches, who may fetch, and their logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.store import fetch_logins, fetches
from fleet.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Fetch, FetchOutcome
    from fleet.store.fetch_values import FetchingPhone, FetchLogin, StrangerFetches


class FetchRecords(Database):
    """What `Store` knows of phones that fetch files."""

    def record_fetches(self, batch: Sequence[Fetch]) -> None:
        """Write fetches in one transaction."""
        with self._writing() as connection:
            fetches.record_fetches(connection, batch)

    def fetches(
        self,
        *,
        phone_id: int | None = None,
        since: datetime | None = None,
        file: str | None = None,
        outcomes: Collection[FetchOutcome] | None = None,
        of_phones: bool = False,
        limit: int = 1000,
    ) -> list[Fetch]:
        """Give fetches, the newest first; with `of_phones` none of strangers."""
        with self._reading() as connection:
            return fetches.load_fetches(
                connection,
                phone_id=phone_id,
                since=since,
                file=file,
                outcomes=outcomes,
                of_phones=of_phones,
                limit=limit,
            )

    def stranger_fetches(
        self, *, since: datetime, outcomes: Collection[FetchOutcome], most: int = 1000
    ) -> list[StrangerFetches]:
        """Sum up what strangers asked for, by address and outcome; those who asked last first."""
        with self._reading() as connection:
            return fetches.load_strangers(connection, since, outcomes, most)

    def last_fetches(self, phone_id: int | None = None) -> dict[tuple[int, str], Fetch]:
        """Give, by phone and file, the newest fetch that gave the phone the file.

        These are kept whatever `[retention]` says, and have no id.
        """
        with self._reading() as connection:
            return fetches.load_last_fetches(connection, phone_id)

    def fitted_modules(self) -> dict[int, tuple[str, ...]]:
        """Give the expansion modules that phones named when they fetched last, by their numbers."""
        with self._reading() as connection:
            return fetches.load_fitted_modules(connection)

    def fetching_phones(self) -> dict[str, FetchingPhone]:
        """Give the phones that may fetch, by their MAC."""
        with self._reading() as connection:
            return fetch_logins.load_fetching_phones(connection)

    def fetch_logins(self, ids: Sequence[int] | None = None) -> dict[int, FetchLogin]:
        """Give the logins of these phones (None: of all) by the phones' numbers."""
        with self._reading() as connection:
            return fetch_logins.load_logins(connection, self._keyring, ids)

    def set_fetch_login(
        self, phone_id: int, *, username: str, password: str, now: datetime
    ) -> None:
        """Give a phone a login; the one before stays valid until the phone uses this one."""
        self.set_fetch_logins({phone_id: Credentials(username=username, password=password)}, now)

    def set_fetch_logins(
        self, logins: Mapping[int, Credentials], now: datetime, *, keep_previous: bool = True
    ) -> None:
        """Give phones logins, by their numbers, in one transaction.

        What a phone had before stays valid until it uses the new one, if `keep_previous`.
        """
        with self._writing() as connection:
            fetch_logins.set_logins(
                connection, self._keyring, logins, now, keep_previous=keep_previous
            )

    def mark_fetch_login_used(self, login: FetchLogin, now: datetime) -> bool:
        """Note that the phone used its new password, which ends the one before.

        False if that was known, or if the login was changed again since it was read.
        """
        with self._writing() as connection:
            return fetch_logins.mark_used(connection, login, now)

    def remove_fetch_login(self, phone_id: int) -> bool:
        """Take a phone's login away; False if it had none."""
        with self._writing() as connection:
            return fetch_logins.remove_login(connection, phone_id)
