"""What the database holds afterwards, read row by row; and what the journals hold."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from attrs import field, frozen
from psycopg.rows import dict_row

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.errors import PainSchoolError
from digital_painschool.ports.storage import Content, Entry, load_documents, load_enrolment, load_timeline
from digital_painschool.testing.crashes.laws import stored_violations
from digital_painschool.testing.environment import START
from proofs.chaos.holds import Hold, holds
from proofs.chaos.journal import Noted, noted
from proofs.chaos.setting import Setting

Row = Mapping[str, Any]

_NOTICES = (
    b"SELECT 'inbox' AS channel, key, person_value AS recipient, template, delivered_at AS at FROM notices"
    b" UNION ALL SELECT channel, key, recipient, template, sent_at FROM staff_messages"
)


@frozen(kw_only=True)
class StoredEnrolment:
    """An enrolment as it is kept.

    Args:
        row: Its row.
        state: What the storage gives for it; None when it cannot.
        entries: Its timeline.
        documents: What people wrote, by the number of the entry.
    """

    row: Row
    state: Enrolment | None
    entries: tuple[Entry, ...]
    documents: Mapping[int, Content] = field(repr=False)

    @property
    def id(self) -> str:
        """Which one."""
        return str(self.row["id"])

    @property
    def events(self) -> Mapping[int, Event]:
        """The events of the timeline, by the number of the entry."""
        return {entry.seq: entry.event for entry in self.entries}


@frozen(kw_only=True, slots=False)
class Evidence:
    """Everything that the audit looks at.

    Args:
        enrolments: The enrolments, by id.
        notifications: The notifications with the columns of their digests, by id.
        digests: The digests, by id.
        superseded: The keys of batches that were sent again under another key.
        lines: The access log.
        notices: What the inbox, e-mail and SMS have.
        noted: What the processes were asked and answered.
        violations: The laws that do not hold of what is stored.
        patience: After so many seconds without an answer a call hangs.
    """

    enrolments: Mapping[str, StoredEnrolment]
    notifications: Mapping[str, Row]
    digests: Mapping[str, Row]
    superseded: frozenset[str]
    lines: tuple[Row, ...]
    notices: tuple[Row, ...]
    noted: tuple[Noted, ...] = field(repr=False)
    violations: tuple[str, ...]
    patience: float

    @cached_property
    def calls(self) -> Mapping[datetime, Noted]:
        """The desk calls, by the instant that each had for itself."""
        return {datetime.fromisoformat(one.facts["at"]): one for one in self.noted if one.kind == "web"}

    @cached_property
    def holds(self) -> tuple[Hold, ...]:
        """What the delivery workers held."""
        return holds(self.noted)

    @property
    def over(self) -> datetime:
        """The instant of the last quiet pass, simulated."""
        return max(datetime.fromisoformat(one.facts["now"]) for one in self.noted if one.what == "claim")


def read_evidence(setting: Setting) -> Evidence:
    """Read everything, when nobody writes any more."""
    with psycopg.connect(setting.url, row_factory=dict_row) as connection:

        def rows(statement: bytes) -> list[dict[str, Any]]:
            return connection.execute(statement).fetchall()

        digests = rows(b"SELECT * FROM digests ORDER BY id")
        notifications = rows(b"SELECT * FROM digest_notifications ORDER BY id")
        superseded = rows(b"SELECT key FROM digest_superseded_keys")
        lines = rows(b"SELECT * FROM access_log ORDER BY number")
        notices = rows(_NOTICES)
        stored = rows(b"SELECT * FROM enrolments ORDER BY id")
    storage = SqlStorage(setting.url)
    enrolments = {row["id"]: _stored(storage, row) for row in stored}
    violations = tuple(_violations(storage, tuple(enrolments)))
    storage.close()
    of = {row["id"]: row for row in digests}
    return Evidence(
        enrolments=enrolments,
        notifications={row["id"]: {**of.get(row["digest_id"], {}), **row} for row in notifications},
        digests=of,
        superseded=frozenset(row["key"] for row in superseded),
        lines=tuple(lines),
        notices=tuple(notices),
        noted=noted(setting.folder),
        violations=violations,
        patience=setting.patience,
    )


def _stored(storage: SqlStorage, row: Row) -> StoredEnrolment:
    entries = load_timeline(storage, row["id"])
    try:
        state = load_enrolment(storage, row["id"])
    except (PainSchoolError, ValueError):
        state = None
    return StoredEnrolment(
        row=row,
        state=state,
        entries=entries,
        documents=load_documents(storage, row["id"], range(1, len(entries) + 2)),
    )


def _violations(storage: SqlStorage, ids: Sequence[str]) -> Iterator[str]:
    try:
        yield from map(str, stored_violations(storage, ids, START))
    except (PainSchoolError, ValueError) as error:
        yield f"what is stored cannot be read: {error}"
