"""The lists that a portal draws, each as the best query by hand: the floor of P4.

Each query finds by an index what it shows, and returns the same rows in the same order as the library does. Its columns
are those that the library needs for its values and its cursor.
"""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

import psycopg
from attrs import frozen

PAGE = 50
MORE = PAGE + 1
"""One row more shows whether there is a next page."""

_CASE = (
    "id, person_scheme, person_value, therapist, program, program_version, phase, started_at, access_until, "
    "reviewed_at, last_seen_at, unread_forms, unread_messages, done, undelivered, priority, waiting_since"
)
_FLAGGED = "(priority OR unread_forms > 0 OR unread_messages > 0 OR done OR undelivered > 0 OR access_until <= :now)"
_RANK = f"CASE WHEN priority THEN 0 WHEN {_FLAGGED} THEN 1 ELSE 2 END"
_OLDEST = (
    "CASE WHEN access_until <= :now AND (waiting_since IS NULL OR access_until < waiting_since)"
    " THEN access_until ELSE waiting_since END"
)
_SEEN = (
    "CASE WHEN reactivated_at > coalesce(last_seen_at, started_at) THEN reactivated_at"
    " ELSE coalesce(last_seen_at, started_at) END"
)
_SILENT = f"(phase = 'active' AND access_until > :now AND {_SEEN} < :seen_before)"
_ENDS_SOON = "(access_until > :now AND access_until < :ends_before)"
_OWN = "ended_at IS NULL AND unit = :unit AND therapist = :therapist"


def _cases(which: str = _OWN, rank: str = _RANK, instant: str = _OLDEST) -> str:
    return (
        f"SELECT {rank} AS place, {instant} AS instant, {_CASE} FROM enrolments WHERE {which}"  # noqa: S608 - our own
        f" ORDER BY place, instant NULLS FIRST, id LIMIT :more"
    )


@frozen
class RawList:
    """A list by hand.

    Args:
        query: The query, its parameters named with a colon.
        id_column: The place of the id in its rows.
        action: The action in the lines of the access log.
        before: What a page reads first: whose the enrolment is.
        logs_each: True for a line for each row, False for one.
    """

    query: str
    id_column: int
    action: str
    before: str | None = None
    logs_each: bool = False


def _caseload(query: str, action: str = "list-own-patients") -> RawList:
    return RawList(query, 2, action, logs_each=True)


def _of_enrolment(query: str, action: str) -> RawList:
    whose = "SELECT unit, therapist, person_scheme, person_value, version FROM enrolments WHERE id = :enrolment_id"
    return RawList(query, 0, action, before=whose)


RAW_LISTS: Mapping[str, RawList] = {
    "Mina by priority": _caseload(_cases()),
    "Mina by oldest flag": _caseload(_cases(rank=f"CASE WHEN {_FLAGGED} THEN 0 ELSE 1 END")),
    "Mina by last seen": _caseload(_cases(rank="0", instant="last_seen_at")),
    "Mina by start": _caseload(_cases(rank="0", instant="started_at")),
    "Mina by silence": _caseload(_cases(rank=f"CASE WHEN {_SILENT} THEN 0 ELSE 1 END", instant=_SEEN)),
    "Mina, silent": _caseload(_cases(f"{_OWN} AND {_SILENT}")),
    "Mina by end": _caseload(_cases(rank=f"CASE WHEN {_ENDS_SOON} THEN 0 ELSE 1 END", instant="access_until")),
    "Mina, flagged": _caseload(_cases(f"{_OWN} AND {_FLAGGED}")),
    "Mina, review due": _caseload(_cases(f"{_OWN} AND coalesce(reviewed_at, started_at) < :due_before")),
    "Mina, active": _caseload(_cases(f"{_OWN} AND phase = 'active'")),
    "Mina, one program": _caseload(_cases(f"{_OWN} AND program = :program")),
    "Mina, ended": _caseload(_cases("ended_at IS NOT NULL AND unit = :unit AND therapist = :therapist", "2", "NULL")),
    "the unit's patients": _caseload(_cases("ended_at IS NULL AND unit = :unit"), "list-unit"),
    "timeline": _of_enrolment(
        "SELECT seq, kind, shape, at, by, data FROM timeline WHERE enrolment_id = :enrolment_id"
        " ORDER BY seq DESC LIMIT :more",
        "see-timeline",
    ),
    "notifications": _of_enrolment(
        "SELECT n.id, d.id, d.unit, d.channel, d.recipient_scheme, d.recipient_value, d.template, d.collected,"
        " d.told_on, d.batch_key, d.attempted_on, d.next_at, d.token, d.lease_until, d.begun, d.lost, n.digest_id,"
        " n.unit, n.enrolment_id, n.seq, n.conversation, n.number, n.form, n.due_at, n.status, n.attempts, n.batch_key,"
        " n.settled_at, n.noted FROM digest_notifications n JOIN digests d ON d.id = n.digest_id"
        " WHERE n.enrolment_id = :enrolment_id ORDER BY n.seq DESC, n.id DESC LIMIT :more",
        "see-notifications",
    ),
    "conversations": _of_enrolment(
        "SELECT d.seq, d.content, e.state FROM enrolments e JOIN documents d ON d.enrolment_id = e.id"
        " WHERE e.id = :enrolment_id AND d.seq = :heading",
        "read-conversation",
    ),
    "access log": RawList(
        "SELECT number, at, by, unit, action, activity, enrolment_id, person_scheme, person_value, granted"
        " FROM access_log WHERE unit = :unit ORDER BY number DESC LIMIT :more",
        0,
        "see-access-log",
    ),
}
"""The lists, by name. An enrolment of the region has one conversation."""

_LINE = (
    "INSERT INTO access_log (at, by, unit, action, activity, enrolment_id, person_scheme, person_value, granted)"
    " VALUES (:now, :therapist, :unit, :action, 'Läsa', :id, :scheme, :value, true)"
)

Values = Mapping[str, Any]


class Raw:
    """A raw connection to either database."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._connection: Any
        if self.is_sqlite:
            self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            self._connection.execute("PRAGMA synchronous=FULL")
        else:
            self._connection = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def instant(self, at: Any) -> Any:
        """Return an instant as the database has it."""
        return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if self.is_sqlite else at

    def rows(self, query: str, values: Values) -> list[Any]:
        """Return the rows of a query."""
        found: list[Any] = self._connection.execute(self._written(query), values).fetchall()
        return found

    def page(self, listed: RawList, values: Values) -> list[Any]:
        """Return the rows of a page, and write its lines of the access log."""
        line = {"id": None, "scheme": None, "value": None, "action": listed.action, **values}
        if listed.before is not None:
            ((*_, scheme, value, _),) = self.rows(listed.before, values)
            line |= {"id": values["enrolment_id"], "scheme": scheme, "value": value}
        rows = self.rows(listed.query, values)
        lines = [line]
        if listed.logs_each:
            lines = [line | {"id": row[2], "scheme": row[3], "value": row[4]} for row in rows[:PAGE]]
        cursor = self._connection.cursor()
        cursor.execute("BEGIN")
        cursor.executemany(self._written(_LINE), lines)
        cursor.execute("COMMIT")
        cursor.close()
        return rows

    def _written(self, query: str) -> str:
        return query if self.is_sqlite else _PARAMETER.sub(r"%(\1)s", query)


_PARAMETER = re.compile(r"(?<!:):(\w+)")
