"""What the database holds afterwards, read row by row; and what the journals hold."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from attrs import field, frozen
from psycopg.rows import dict_row

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.enrolment import Enrolment
from digital_painschool.errors import PainschoolError
from digital_painschool.ports.storage import Content, Entry
from tests.chaos.journal import Noted, noted
from tests.chaos.setting import Setting

Row = Mapping[str, Any]


@frozen(kw_only=True)
class Course:
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


@frozen(kw_only=True)
class Cause:
    """What asked for a notification: an entry of a timeline."""

    enrolment: str
    seq: int


@frozen(kw_only=True)
class Told:
    """A notification as it is kept, with what asked for it."""

    row: Row
    causes: tuple[Cause, ...]

    @property
    def id(self) -> str:
        """Which one."""
        return str(self.row["id"])

    @property
    def status(self) -> str:
        """What has become of it."""
        return str(self.row["status"])

    @property
    def channel(self) -> str:
        """By which way it goes."""
        return str(self.row["channel"])

    @property
    def day(self) -> str:
        """For a collected one: the local day with whose run it goes."""
        return str(self.row["window"])


@frozen(kw_only=True, slots=False)
class Books:
    """Everything that the audit looks at.

    Args:
        courses: The enrolments, by id.
        told: The notifications, by id.
        lines: The access log.
        taken: The keys that the inbox, e-mail and SMS have, by channel.
        noted: What the processes were asked and answered.
        patience: After so many seconds without an answer a call hangs.
        over: The last instant of the quiet passes, simulated.
    """

    courses: Mapping[str, Course]
    told: Mapping[str, Told]
    lines: tuple[Row, ...]
    taken: Mapping[str, tuple[str, ...]]
    noted: tuple[Noted, ...] = field(repr=False)
    patience: float

    @cached_property
    def calls(self) -> Mapping[datetime, Noted]:
        """The desk calls, by the instant that each had for itself."""
        return {datetime.fromisoformat(one.facts["at"]): one for one in self.noted if one.kind == "web"}

    @property
    def over(self) -> datetime:
        """The instant of the last quiet pass, simulated."""
        return max(datetime.fromisoformat(one.facts["now"]) for one in self.noted if one.what == "claim")


def read_books(setting: Setting) -> Books:
    """Read everything, when nobody writes any more."""
    with psycopg.connect(setting.url, row_factory=dict_row) as connection:

        def rows(statement: bytes) -> list[dict[str, Any]]:
            return connection.execute(statement).fetchall()

        causes: dict[str, list[Cause]] = {}
        for row in rows(b"SELECT * FROM notification_causes ORDER BY notification_id, place"):
            cause = Cause(enrolment=row["enrolment_id"], seq=row["seq"])
            causes.setdefault(row["notification_id"], []).append(cause)
        told = rows(b"SELECT * FROM notifications ORDER BY id")
        lines = rows(b"SELECT * FROM access_log ORDER BY number")
        notices = rows(b"SELECT 'inbox' AS channel, key FROM notices UNION ALL SELECT channel, key FROM staff_messages")
        enrolments = rows(b"SELECT * FROM enrolments ORDER BY id")
    storage = SqlStorage(setting.url)
    courses = {row["id"]: _course(storage, row) for row in enrolments}
    storage.close()
    return Books(
        courses=courses,
        told={row["id"]: Told(row=row, causes=tuple(causes.get(row["id"], ()))) for row in told},
        lines=tuple(lines),
        taken={
            channel: tuple(row["key"] for row in notices if row["channel"] == channel)
            for channel in ("inbox", "email", "sms")
        },
        noted=noted(setting.folder),
        patience=setting.patience,
    )


def _course(storage: SqlStorage, row: Row) -> Course:
    entries = storage.timeline(row["id"])
    try:
        state = storage.load(row["id"])
    except (PainschoolError, ValueError):
        state = None
    return Course(
        row=row,
        state=state,
        entries=entries,
        documents=storage.documents(row["id"], range(1, len(entries) + 2)),
    )
