"""Observe one phone: fetch its status page, read it, and make whatever comes of it a value."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from fleet.errors import NotAsked, PageUnreadable, PhoneError
from fleet.model import Facts, Observation, Reach, Reason
from fleet.phone.catalog import model_of_realm
from fleet.phone.http.errors import clean, poll_error
from fleet.phone.http.session import is_ours
from fleet.phone.pages import (
    MOST_BYTES,
    is_small,
    masked_key,
    page_key,
    read_page,
    same_page,
)
from fleet.phone.redact import redact, redact_text
from fleet.resources import shortage
from fleet.store import EvidencePage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fleet.model import Line
    from fleet.phone.http.client import PhoneClient
    from fleet.phone.http.session import Answer, PhoneSession
    from fleet.phone.http.target import Target
    from fleet.phone.pages import Words

log = logging.getLogger(__name__)

# One thread: two would wait for each other's interpreter lock, and hold two large pages.
_READER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="page-reader")

_OF_OTHER_DEVICES = (Reason.NOT_AASTRA, Reason.NOT_HTTP, Reason.AUTH_UNSUPPORTED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is remembered of a phone from before: the key of its last good page, and its facts.

    `refused_lately`: it refused our login when it was last asked.
    """

    page_key: str = ""
    facts: Facts | None = None
    refused_lately: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Polled:
    """One poll's observation, and what goes into the store beside it.

    `evidence` is None when the page says what the one before it said. `fingerprint` is the
    certificate's, empty over plain HTTP.
    """

    observation: Observation
    page_key: str = ""
    evidence: EvidencePage | None = None
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observer:
    """Polls phones one by one; many may be under way at once. Never raises for a phone's sake."""

    client: PhoneClient
    words: Words
    clock: Callable[[], datetime]

    async def observe(self, phone_id: int, target: Target, seen: Seen) -> Polled:
        """Poll one phone. A bug of ours costs this one phone, and is logged with its traceback.

        Raises NotAsked if this machine could not do its part.
        """
        session = self.client.session(target, refused_lately=seen.refused_lately)
        try:
            return await self._poll(phone_id, target, seen, session)
        except NotAsked:
            raise
        except PhoneError as error:
            return self._failed(phone_id, _with_change(error, seen.facts, session.realm))
        except Exception as error:
            if lack := shortage(error):
                raise NotAsked(lack) from error
            log.exception("A bug in fleet ended the poll of phone %s", phone_id)
            detail = (
                f"A bug in fleet ended this poll: {type(error).__name__}; see the log for details."
            )
            return self._failed(phone_id, PhoneError(Reason.INTERNAL_ERROR, detail))

    async def _poll(
        self, phone_id: int, target: Target, seen: Seen, session: PhoneSession
    ) -> Polled:
        answer = await session.status_page()
        try:
            return await _reading(answer, partial(self._read, phone_id, target, answer, seen))
        except PageUnreadable as error:
            if _is_final(error, answer):
                failed = partial(self._unreadable, phone_id, target, seen, session, answer, error)
                return await _reading(answer, failed)
            # A 200 is not proof that it is the page we asked for (facts/web-ui 1.4).
            answer = await session.renewed_status_page()
        try:
            return await _reading(answer, partial(self._read, phone_id, target, answer, seen))
        except PageUnreadable as error:
            failed = partial(self._unreadable, phone_id, target, seen, session, answer, error)
            return await _reading(answer, failed)

    def _unreadable(
        self,
        phone_id: int,
        target: Target,
        seen: Seen,
        session: PhoneSession,
        answer: Answer,
        error: PhoneError,
    ) -> Polled:
        if error.reason is Reason.FORBIDDEN and session.login_refused:
            error = poll_error(Reason.LOCKED_OUT, target.authority, "its page says forbidden")
        error = _with_change(error, seen.facts, session.realm)
        return self._failed(phone_id, error, _page(answer, target, self.clock()))

    def _read(self, phone_id: int, target: Target, answer: Answer, seen: Seen) -> Polled:
        body, charset, words = answer.body, answer.charset, self.words
        if seen.facts and seen.page_key:
            if same_page(body, seen.page_key, charset=charset, words=words):
                return self._good(phone_id, answer, seen.facts, seen.page_key)
            facts = _masked(read_page(body, charset=charset, words=words), target)
            if facts == seen.facts:
                masked = masked_key(body, facts, charset=charset, words=words)
                key = masked or page_key(body, charset=charset, words=words)
                return self._good(phone_id, answer, facts, key)
        else:
            facts = _masked(read_page(body, charset=charset, words=words), target)
        key = page_key(body, charset=charset, words=words)
        evidence = _page(answer, target, self.clock(), facts.dialect)
        return self._good(phone_id, answer, facts, key, evidence)

    def _good(
        self,
        phone_id: int,
        answer: Answer,
        facts: Facts,
        key: str,
        evidence: EvidencePage | None = None,
    ) -> Polled:
        return Polled(
            observation=Observation(
                phone_id=phone_id, at=self.clock(), reach=Reach.OK, facts=facts
            ),
            page_key=key,
            evidence=evidence,
            fingerprint=answer.fingerprint,
        )

    def _failed(
        self, phone_id: int, error: PhoneError, evidence: EvidencePage | None = None
    ) -> Polled:
        return Polled(
            observation=Observation(
                phone_id=phone_id,
                at=self.clock(),
                reach=error.reach,
                reason=error.reason,
                detail=error.detail,
            ),
            evidence=evidence,
        )


def _masked(facts: Facts, target: Target) -> Facts:
    """Return the facts without the secrets that are known of the phone, in any spelling."""
    secrets = target.known_secrets
    shown = [facts.model, facts.firmware, facts.boot_version]
    for each in facts.lines:
        shown.append(each.status_text)
        if each.account is not None:
            shown += (each.account.raw, each.account.user, each.account.registrar)
    everything = "\n".join(shown)
    if redact_text(everything, secrets) == everything:
        return facts

    def text(shown: str) -> str:
        return redact_text(shown, secrets)

    def line(shown: Line) -> Line:
        account = shown.account
        if account is not None:
            account = replace(
                account,
                raw=text(account.raw),
                user=text(account.user),
                registrar=text(account.registrar),
            )
        return replace(shown, account=account, status_text=text(shown.status_text))

    return replace(
        facts,
        lines=tuple(map(line, facts.lines)),
        model=text(facts.model),
        firmware=text(facts.firmware),
        boot_version=text(facts.boot_version),
    )


async def _reading(answer: Answer, work: Callable[[], Polled]) -> Polled:
    """Do what reads a page: at once if the page is small, else in the thread that reads pages."""
    if is_small(answer.body):
        return work()
    return await asyncio.get_running_loop().run_in_executor(_READER, work)


def _is_final(error: PageUnreadable, answer: Answer) -> bool:
    """Whether the password must not be sent again: no phone answered, or it forbids the page."""
    if error.reason is Reason.FORBIDDEN:
        return True
    server = answer.headers.get("server", "")
    if error.reason is Reason.NOT_AASTRA or (server and error.reason is not Reason.SESSION_EXPIRED):
        return not is_ours("", server)
    return False


def _with_change(error: PhoneError, facts: Facts | None, realm: str) -> PhoneError:
    """The error, saying as well if another device answers than the phone that was read before."""
    if facts is None:
        return error
    before = f"{facts.model or 'phone'} {facts.mac}".strip()
    model = model_of_realm(realm)
    if error.reason in _OF_OTHER_DEVICES:
        note = f"Before, the {before} answered here: another device may now use its address."
    elif error.reach is Reach.REFUSED and model and facts.model and model != facts.model:
        note = f"It reports that it is a {clean(model)}; before, the {before} answered here."
    else:
        return error
    return PhoneError(error.reason, f"{error.detail} {note}")


def as_other_phone(polled: Polled, detail: str) -> Polled:
    """The same poll, told of a phone that was not the one that answered."""
    observation = Observation(
        phone_id=polled.observation.phone_id,
        at=polled.observation.at,
        reach=Reach.UNREACHABLE,
        reason=Reason.OTHER_PHONE,
        detail=detail,
    )
    return Polled(observation=observation)


def without_mac(polled: Polled) -> Polled:
    """The same poll, with the MAC left out: it is claimed elsewhere, and not this phone's yet."""
    facts = polled.observation.facts
    anonymous = replace(facts, mac="") if facts else None
    observation = replace(polled.observation, facts=anonymous)
    return replace(polled, observation=observation, page_key="")


def as_phone(polled: Polled, phone_id: int) -> Polled:
    """The same poll, told of the phone that it turned out to be."""
    return replace(polled, observation=replace(polled.observation, phone_id=phone_id))


def _page(answer: Answer, target: Target, at: datetime, dialect: str = "") -> EvidencePage:
    return EvidencePage(
        at=at,
        path=answer.path,
        status=answer.status,
        dialect=dialect,
        body=redact(
            answer.body[:MOST_BYTES], charset=answer.charset, secrets=target.known_secrets
        ).encode(),
        charset="utf-8",
    )
