"""Numbered revisions of the configuration files: only what changes is written, nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import StoreError, UsageError
from fleet.model import AccountState, AppliedFile, JournalEntry, Revision
from fleet.store import codec, keymark
from fleet.store.contents import load_digester, make_digester, read_content, write_contents
from fleet.store.database import Repository
from fleet.store.findings import judge_again
from fleet.store.journal import write_journal
from fleet.store.phones import of_phones
from fleet.store.provision_tables import (
    contents,
    revision_files,
    revisions,
    rotation_accounts,
    rotations,
)
from fleet.store.values import FileDigest, OwnFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.model import NewFile
    from fleet.store.contents import Digester
    from fleet.store.secrets import Keyring

_CHANGED = (AccountState.TAKEN, AccountState.PROVEN)
_REVISION = ("number", "at", "by", "comment", "rolled_back_to")


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """Who makes a revision, why, when, and which one was the last when it was planned.

    `secret_names` are the parameters that hold secrets although their names do not say so. `twice`
    are the phones that a roll-out proves by two fetches.
    """

    by: str
    comment: str
    at: datetime
    expected: int
    rolled_back_to: int | None = None
    secret_names: frozenset[str] = frozenset()
    twice: Sequence[int] = ()


class Revisions(Repository):
    """The revisions of the configuration files, and the files of each."""

    def apply(
        self,
        files: Sequence[NewFile],
        *,
        by: str,
        comment: str,
        now: datetime,
        expected: int,
        rolled_back_to: int | None = None,
        secret_names: frozenset[str] = frozenset(),
        twice: Collection[int] = (),
    ) -> Revision:
        """Write a revision with those of the files that differ from the last one's.

        Files that are not named stay as they are. `secret_names` are the parameters that hold
        secrets although their names do not say so. `twice` are the phones that a roll-out proves
        by two fetches. `expected` is the revision that this was planned
        against: raises `StoreError`, and writes nothing, if another was applied meanwhile.
        """
        made = Made(
            by=by,
            comment=comment,
            at=now,
            expected=expected,
            rolled_back_to=rolled_back_to,
            secret_names=secret_names,
            twice=tuple(twice),
        )
        with self._writing() as connection:
            return apply_files(connection, self._keyring, files, made)

    def twice(self, after: int, until: int) -> frozenset[int]:
        """Give the phones that must fetch twice for a revision after one, up to another."""
        with self._reading() as connection:
            return _twice(connection, after, until)

    def roll_back(
        self, number: int, *, by: str, comment: str, now: datetime, expected: int
    ) -> Revision:
        """Write a revision that has the files of an older one.

        Raises `UsageError` if there is none of that number, `StoreError` as `apply_files` does.
        """
        made = Made(by=by, comment=comment, at=now, expected=expected, rolled_back_to=number)
        with self._writing() as connection:
            keymark.hold(connection, None, needed=False)
            _expect(connection, made.expected)
            check_passwords(connection, load_revision(connection, made.rolled_back_to or 0).number)
            made = replace(
                made,
                secret_names=secret_names(connection, [made.rolled_back_to or 0]),
                twice=sorted(_twice(connection, number, made.expected)),
            )
            current, then = file_digests(connection), file_digests(connection, made.rolled_back_to)
            changed = [
                name
                for name in {**current, **then}
                if _digest(current, name) != _digest(then, name)
            ]
            rows = [
                {
                    "name": name,
                    "phone_id": (then.get(name) or current[name]).phone_id,
                    "digest": _digest(then, name),
                }
                for name in changed
            ]
            return _write(connection, made, rows)

    def check_passwords(self, revision: int) -> None:
        """Raise `UsageError` if a revision has passwords that a rotation left with no registrar."""
        with self._reading() as connection:
            check_passwords(connection, revision)

    def load(self, *, pruned: bool = False) -> list[Revision]:
        """Give all revisions, the newest first; `pruned`: those too that are not kept whole."""
        with self._reading() as connection:
            return load_revisions(connection, pruned=pruned)

    def get(self, number: int) -> Revision:
        """Give one revision. Raises `UsageError` if there is none of that number."""
        with self._reading() as connection:
            return load_revision(connection, number)

    def last(self) -> int:
        """Give the newest revision's number; 0 if nothing was applied yet."""
        with self._reading() as connection:
            return last_revision(connection)

    def secret_names(self, *numbers: int) -> frozenset[str]:
        """Give the parameters that one of these revisions holds as secrets unlike their names."""
        with self._reading() as connection:
            return secret_names(connection, numbers)

    def at(self, moment: datetime) -> int:
        """Give the revision that was the newest at that moment; 0 if there was none."""
        with self._reading() as connection:
            query = sa.select(revisions.c.number, revisions.c.pruned).where(
                revisions.c.at <= moment
            )
            row = connection.execute(query.order_by(revisions.c.number.desc()).limit(1)).first()
            return row.number if row is not None and row.pruned is None else 0

    def file(self, name: str, revision: int | None = None) -> AppliedFile | None:
        """Give a file as a revision (None: the last) has it; None if it has none of that name."""
        with self._reading() as connection:
            return load_file(connection, self._keyring, name, revision)

    def files(
        self,
        revision: int | None = None,
        phone_id: int | None = None,
        *,
        names: Sequence[str] | None = None,
    ) -> Iterator[AppliedFile]:
        """Give files by name as a revision has them: all, a phone's own, or some.

        Holds a connection until it is used up or closed.
        """
        with self._reading() as connection:
            if names is not None:
                for some in codec.chunks(sorted(set(names))):
                    query = _files(revision, contents.c.body_secret, names=some).join(contents)
                    for row in connection.execute(query.order_by(revision_files.c.name)).all():
                        yield _applied(row, self._keyring)
                return
            chosen = None if phone_id is None else [phone_id]
            query = (
                _files(revision, contents.c.body_secret)
                .join(contents)
                .order_by(revision_files.c.name)
            )
            for row in of_phones(connection, query, revision_files.c.phone_id, chosen):
                yield _applied(row, self._keyring)

    def digests(self, revision: int | None = None) -> dict[str, FileDigest]:
        """Give every file of a revision by name, without its body; needs no key."""
        with self._reading() as connection:
            return file_digests(connection, revision)

    def digester(self) -> Digester | None:
        """Give what makes the digests of this database's files; None before the first of them."""
        with self._reading() as connection:
            return load_digester(connection, self._keyring)


def _twice(connection: sa.Connection, after: int, until: int) -> frozenset[int]:
    query = sa.select(revisions.c.twice).where(
        revisions.c.number > after, revisions.c.number <= until
    )
    return frozenset(int(number) for said in connection.scalars(query) for number in said.split())


def last_revision(connection: sa.Connection) -> int:
    """Give the newest revision's number; 0 if there is none."""
    return connection.scalar(sa.select(sa.func.max(revisions.c.number))) or 0


def secret_names(connection: sa.Connection, numbers: Collection[int]) -> frozenset[str]:
    """Give the parameters that one of these revisions holds as secrets, as it was noted then."""
    query = sa.select(revisions.c.secret_names).where(revisions.c.number.in_(list(numbers)))
    return frozenset(name for said in connection.scalars(query) for name in said.splitlines())


def load_revisions(
    connection: sa.Connection, number: int | None = None, *, pruned: bool = False
) -> list[Revision]:
    """Give all revisions, or one, the newest first, and how many files each changed.

    `pruned`: those as well of which only the files are left that later ones have of them.
    """
    changed = sa.func.count(revision_files.c.name).label("files")
    columns = [revisions.c[name] for name in _REVISION]
    query = (
        sa.select(*columns, changed)
        .select_from(revisions.outerjoin(revision_files))
        .group_by(*columns)
        .order_by(revisions.c.number.desc())
    )
    if not pruned:
        query = query.where(revisions.c.pruned.is_(None))
    if number is not None:
        query = query.where(revisions.c.number == number)
    return [Revision(**row._asdict()) for row in connection.execute(query)]


def load_revision(connection: sa.Connection, number: int) -> Revision:
    """Give one revision. Raises `UsageError` if there is none of that number."""
    found = load_revisions(connection, number)
    if found:
        return found[0]
    last = last_revision(connection)
    if not last:
        raise UsageError(f"There is no revision {number}; nothing was applied yet.")
    if 1 <= number < last:
        raise UsageError(
            f"Revision {number} was deleted because of its age ([retention] revisions); fleet "
            "provision revisions lists those that exist."
        )
    raise UsageError(f"There is no revision {number}; the last one is {last}.")


def file_digests(connection: sa.Connection, revision: int | None = None) -> dict[str, FileDigest]:
    """Give every file of a revision (None: of the last), by name, without its body."""
    query = _files(revision).order_by(revision_files.c.name)
    return {
        row.name: FileDigest(phone_id=row.phone_id, digest=row.digest)
        for row in connection.execute(query)
    }


def own_files(connection: sa.Connection, revision: int | None = None) -> dict[int, OwnFile]:
    """Give the phones' own files as a revision (None: the last) has them, by phone."""
    query = _files(revision, revisions.c.at).join(
        revisions, revisions.c.number == revision_files.c.revision
    )
    return {
        row.phone_id: OwnFile(name=row.name, digest=row.digest, revision=row.revision, at=row.at)
        for row in connection.execute(query.where(revision_files.c.phone_id.is_not(None)))
    }


def load_file(
    connection: sa.Connection, keyring: Keyring | None, name: str, revision: int | None
) -> AppliedFile | None:
    """Give a file as a revision (None: the last) has it; None if it has none of that name."""
    query = (
        sa.select(revision_files, contents.c.body_secret)
        .outerjoin(contents)
        .where(revision_files.c.name == name)
        .order_by(revision_files.c.revision.desc())
        .limit(1)
    )
    if revision is not None:
        query = query.where(revision_files.c.revision <= revision)
    row = connection.execute(query).first()
    return None if row is None or row.digest is None else _applied(row, keyring)


def apply_files(
    connection: sa.Connection, keyring: Keyring | None, files: Sequence[NewFile], made: Made
) -> Revision:
    """Write a revision with those of the files that differ from the last one's.

    Raises `StoreError` if another one was applied since it was planned.
    """
    keymark.hold(connection, keyring, needed=True)
    _expect(connection, made.expected)
    digest_of = make_digester(connection, keyring)
    current = file_digests(connection)
    wanted = {file.name: file for file in files}
    digests = {
        name: None if file.body is None else digest_of(file.body) for name, file in wanted.items()
    }
    changed = [name for name, digest in digests.items() if _digest(current, name) != digest]
    bodies = {digests[name]: wanted[name].body for name in changed}
    write_contents(
        connection, keyring, {digest: body for digest, body in bodies.items() if digest and body}
    )
    rows = [
        {"name": name, "phone_id": wanted[name].phone_id, "digest": digests[name]}
        for name in changed
    ]
    return _write(connection, made, rows)


def mark_pruned(connection: sa.Connection, numbers: Sequence[int], now: datetime) -> None:
    """Note that the files of revisions that no later one has were deleted."""
    marked = sa.update(revisions).where(revisions.c.number == sa.bindparam("of"))
    connection.execute(marked.values(pruned=now), [{"of": number} for number in numbers])


def check_passwords(connection: sa.Connection, revision: int) -> None:
    """Raise `UsageError` if a revision has passwords that a rotation left with no registrar."""
    is_changed = rotation_accounts.c.state.in_(_CHANGED)
    older = sa.and_(rotations.c.revision > revision, is_changed)
    untaken = sa.and_(rotations.c.revision == revision, sa.not_(is_changed))
    query = sa.select(rotations.c.id).join(rotation_accounts).where(sa.or_(older, untaken))
    if connection.scalar(query.limit(1)) is not None:
        raise UsageError(
            f"Revision {revision} has SIP passwords that registrars no longer accept, because they "
            "were rotated; nothing was changed. Change the inventory instead, then plan and apply."
        )


def _write(connection: sa.Connection, made: Made, rows: list[dict[str, Any]]) -> Revision:
    revision = Revision(
        number=made.expected + 1,
        at=made.at,
        by=made.by,
        comment=made.comment,
        rolled_back_to=made.rolled_back_to,
        files=len(rows),
    )
    values = {name: getattr(revision, name) for name in _REVISION}
    values["twice"] = " ".join(map(str, made.twice))
    values["secret_names"] = "\n".join(sorted(made.secret_names))
    connection.execute(sa.insert(revisions).values(values))
    if rows:
        numbered = [row | {"revision": revision.number} for row in rows]
        connection.execute(sa.insert(revision_files), numbered)
        judge_again(connection, [row["phone_id"] for row in rows if row["phone_id"] is not None])
    back = f", back to revision {made.rolled_back_to}" if made.rolled_back_to else ""
    what = f"Applied revision {revision.number}{back}; files changed: {len(rows)}."
    write_journal(connection, [JournalEntry(at=made.at, by=made.by, what=what)])
    return revision


def _expect(connection: sa.Connection, expected: int) -> None:
    last = last_revision(connection)
    if last != expected:
        raise StoreError(
            f"Revision {last} was applied meanwhile, but this plan is based on revision "
            f"{expected}; nothing was changed. Run fleet provision plan again."
        )


def _digest(files: Mapping[str, FileDigest], name: str) -> str | None:
    found = files.get(name)
    return found.digest if found else None


def _files(
    revision: int | None, *more: sa.Column[Any], names: Sequence[str] | None = None
) -> sa.Select[Any]:
    """Each file's newest row up to a revision, but for those that are gone by then.

    `names` are looked for by themselves: to find a few files, not all are gone through.
    """
    newest = sa.select(
        revision_files.c.name, sa.func.max(revision_files.c.revision).label("revision")
    ).group_by(revision_files.c.name)
    if revision is not None:
        newest = newest.where(revision_files.c.revision <= revision)
    if names is not None:
        newest = newest.where(revision_files.c.name.in_(names))
    up_to = newest.subquery()
    return (
        sa.select(revision_files, *more)
        .join(
            up_to,
            sa.and_(
                up_to.c.name == revision_files.c.name,
                up_to.c.revision == revision_files.c.revision,
            ),
        )
        .where(revision_files.c.digest.is_not(None))
    )


def _applied(row: sa.Row[Any], keyring: Keyring | None) -> AppliedFile:
    return AppliedFile(
        name=row.name,
        revision=row.revision,
        digest=row.digest,
        body=read_content(keyring, row.body_secret),
        phone_id=row.phone_id,
    )
