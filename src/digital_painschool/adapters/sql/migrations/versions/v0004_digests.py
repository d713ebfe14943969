"""Notifications become digests: one row a recipient and unit, with the intent stored before the send.

Revision: 0004. What waits goes on waiting, what was tried goes again under the key that the inbox may have, and what is
settled stays as it is.
"""

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
_DAY = {"sqlite": "substr({0}, 1, 10)", "postgresql": "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"}
_RECIPIENT = "unit, channel, recipient_scheme, recipient_value, template"
_TRIED = "status = 'pending' AND attempts > 0"
"""A worker may have sent it, under its id."""


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables of digests, fill them, and drop what they replace."""
    _make_tables()
    day = _DAY[op.get_context().dialect.name].format
    for statement in (*_digests(day), *_notifications()):
        op.execute(statement)
    op.drop_table("notification_causes")
    op.drop_table("notifications")


def downgrade() -> None:
    """Refuse: what digests know, the tables before them cannot hold."""
    raise NotImplementedError("the schema of digests is not taken away again")


def _digests(day: Callable[[str], str]) -> Iterator[str]:
    settled_on = day("settled_at")
    # Of several that were tried, the one that the worker before would have sent first has the key. Its day is rather
    # given too late than too early: on that day it goes again as it is.
    yield f"""
        INSERT INTO digests (id, {_RECIPIENT}, collected, told_on, batch_key, attempted_on, next_at, begun, lost)
        SELECT min(id), {_RECIPIENT}, true,
               max(CASE WHEN status <> 'delivered' THEN NULL
                        WHEN "window" > {settled_on} THEN "window" ELSE {settled_on} END),
               max(CASE WHEN place = 1 AND {_TRIED} THEN id END),
               {day(f"max(CASE WHEN {_TRIED} THEN coalesce(held_until, due_at) END)")},
               min(CASE WHEN status = 'pending' THEN due_at END),
               false, 0
          FROM (SELECT n.*, row_number() OVER (
                         PARTITION BY {_RECIPIENT}
                             ORDER BY CASE WHEN {_TRIED} THEN 0 ELSE 1 END,
                                      due_at DESC, "window" DESC, attempts DESC, id DESC) AS place
                  FROM notifications AS n WHERE collected) AS ranked
         GROUP BY {_RECIPIENT}
        """  # noqa: S608 - every part is a constant of this file
    yield f"""
        INSERT INTO digests (id, {_RECIPIENT}, collected, batch_key, attempted_on, next_at, begun, lost)
        SELECT id, {_RECIPIENT}, false,
               CASE WHEN {_TRIED} THEN id END,
               CASE WHEN {_TRIED} THEN {day("coalesce(held_until, due_at)")} END,
               CASE WHEN status = 'pending' THEN due_at END,
               false, 0
          FROM notifications
         WHERE NOT collected
        """  # noqa: S608 - as above


def _notifications() -> Iterator[str]:
    same = " AND ".join(f"d.{column} = n.{column}" for column in _RECIPIENT.split(", "))
    for condition in (f"n.collected AND d.collected AND {same}", "NOT n.collected AND d.id = n.id"):
        # What one notification told of becomes one notification each; the first of them keeps its id.
        yield f"""
            INSERT INTO digest_notifications (id, digest_id, unit, enrolment_id, seq, conversation, number, due_at,
                                              status, attempts, batch_key, settled_at, noted)
            SELECT CASE WHEN substr(n.id, 1, length(c.enrolment_id || '.' || c.seq || '.'))
                             = c.enrolment_id || '.' || c.seq || '.' THEN n.id
                        ELSE c.enrolment_id || '.' || c.seq || '.' || n.channel || '.joined' END,
                   d.id, n.unit, c.enrolment_id, c.seq, c.conversation, c.message, n.due_at,
                   CASE WHEN n.status = 'merged' THEN 'delivered' ELSE n.status END,
                   n.attempts,
                   CASE WHEN n.attempts = 0 THEN NULL WHEN n.status = 'pending' THEN d.batch_key ELSE n.id END,
                   n.settled_at, true
              FROM notifications AS n
              JOIN notification_causes AS c ON c.notification_id = n.id
              JOIN digests AS d ON {condition}
            """  # noqa: S608 - as above
    yield f"""
        INSERT INTO digest_superseded_keys (digest_id, key, unit)
        SELECT d.id, n.id, n.unit FROM notifications AS n JOIN digests AS d ON n.collected AND d.collected AND {same}
         WHERE n.status = 'pending' AND n.attempts > 0 AND n.id <> d.batch_key
        """  # noqa: S608 - as above


def _make_tables() -> None:
    op.create_table(
        "digests",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("channel", _TEXT, nullable=False),
        sa.Column("recipient_scheme", _TEXT, nullable=False),
        sa.Column("recipient_value", _TEXT, nullable=False),
        sa.Column("template", _TEXT, nullable=False),
        sa.Column("collected", sa.Boolean(), nullable=False),
        sa.Column("told_on", _TEXT, nullable=True),
        sa.Column("batch_key", _TEXT, nullable=True),
        sa.Column("attempted_on", _TEXT, nullable=True),
        sa.Column("next_at", _INSTANT, nullable=True),
        sa.Column("token", _TEXT, nullable=True),
        sa.Column("lease_until", _INSTANT, nullable=True),
        sa.Column("begun", sa.Boolean(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digests"),
    )
    op.create_index(
        "uq_digests_recipient",
        "digests",
        ["unit", "recipient_value", "recipient_scheme", "channel", "template"],
        unique=True,
        **_where("collected"),
    )
    op.create_index("ix_digests_next", "digests", ["next_at", "id"], **_where("next_at IS NOT NULL"))
    op.create_table(
        "digest_notifications",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("digest_id", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("enrolment_id", _TEXT, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("form", _TEXT, nullable=True),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("batch_key", _TEXT, nullable=True),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.Column("noted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_digest_notifications_digest_id"),
        sa.PrimaryKeyConstraint("id", name="pk_digest_notifications"),
    )
    op.create_index(
        "ix_digest_notifications_pending", "digest_notifications", ["digest_id"], **_where("status = 'pending'")
    )
    op.create_index("ix_digest_notifications_unnoted", "digest_notifications", ["id"], **_where("NOT noted"))
    op.create_index("ix_digest_notifications_digest", "digest_notifications", ["digest_id", "batch_key"])
    op.create_index("ix_digest_notifications_enrolment", "digest_notifications", ["enrolment_id"])
    op.create_table(
        "digest_superseded_keys",
        sa.Column("digest_id", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name="fk_digest_superseded_keys_digest_id"),
        sa.PrimaryKeyConstraint("digest_id", "key", name="pk_digest_superseded_keys"),
        sqlite_with_rowid=False,
    )
