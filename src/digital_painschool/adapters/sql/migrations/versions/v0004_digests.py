"""Notifications become digests: one row a recipient and unit, with the intent stored before the send.

Revision: 0004. What waits goes on waiting, what was tried goes again under the key that the inbox may have, and what is
settled stays as it is.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
_DAY = {"sqlite": "substr({0}, 1, 10)", "postgresql": "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"}
_SAME = " AND ".join(
    f"p.{column} = n.{column}" for column in ("unit", "channel", "recipient_scheme", "recipient_value", "template")
)
_TRIED = "{0}.status = 'pending' AND {0}.attempts > 0".format


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables of digests, fill them, and drop what they replace."""
    _make_tables()
    day = _DAY[op.get_context().dialect.name].format
    settled_on = day("p.settled_at")
    tried_on = day("max(coalesce(p.held_until, p.due_at))")
    op.execute(
        f"""
        INSERT INTO digests (id, unit, channel, recipient_scheme, recipient_value, template, collected,
                             told_on, batch_key, attempted_on, next_at, begun, lost)
        SELECT min(n.id), n.unit, n.channel, n.recipient_scheme, n.recipient_value, n.template, true,
               (SELECT max(CASE WHEN p."window" > {settled_on} THEN p."window" ELSE {settled_on} END)
                  FROM notifications AS p WHERE {_SAME} AND p.collected AND p.status = 'delivered'),
               (SELECT p.id FROM notifications AS p WHERE {_SAME} AND p.collected AND {_TRIED("p")}
                 ORDER BY p."window" DESC, p.attempts DESC, p.id DESC LIMIT 1),
               (SELECT {tried_on} FROM notifications AS p
                 WHERE {_SAME} AND p.collected AND {_TRIED("p")}),
               (SELECT min(p.due_at) FROM notifications AS p
                 WHERE {_SAME} AND p.collected AND p.status = 'pending'),
               false, 0
          FROM notifications AS n
         WHERE n.collected
         GROUP BY n.unit, n.channel, n.recipient_scheme, n.recipient_value, n.template
        """  # noqa: S608 - every part is a constant of this file
    )
    op.execute(
        f"""
        INSERT INTO digests (id, unit, channel, recipient_scheme, recipient_value, template, collected,
                             batch_key, attempted_on, next_at, begun, lost)
        SELECT id, unit, channel, recipient_scheme, recipient_value, template, false,
               CASE WHEN {_TRIED("n")} THEN id END,
               CASE WHEN {_TRIED("n")} THEN {day("coalesce(held_until, due_at)")} END,
               CASE WHEN status = 'pending' THEN due_at END,
               false, 0
          FROM notifications AS n
         WHERE NOT collected
        """  # noqa: S608 - every part is a constant of this file
    )
    op.execute(
        f"""
        INSERT INTO digest_notifications (id, digest_id, unit, enrolment_id, seq, conversation, number, due_at, status,
                                          attempts, batch_key, settled_at, noted)
        SELECT CASE WHEN substr(n.id, 1, length(c.enrolment_id || '.' || c.seq || '.')) =
                         c.enrolment_id || '.' || c.seq || '.' THEN n.id
                    ELSE c.enrolment_id || '.' || c.seq || '.' || n.channel || '.joined' END,
               d.id, n.unit, c.enrolment_id, c.seq, c.conversation, c.message, n.due_at,
               CASE WHEN n.status = 'merged' THEN 'delivered' ELSE n.status END,
               n.attempts,
               CASE WHEN {_TRIED("n")} THEN d.batch_key
                    WHEN n.status <> 'pending' AND n.attempts > 0 THEN n.id END,
               n.settled_at, true
          FROM notifications AS n
          JOIN notification_causes AS c ON c.notification_id = n.id
          JOIN digests AS d ON (n.collected AND d.collected AND {_SAME.replace("p.", "d.")})
                            OR (NOT n.collected AND d.id = n.id AND NOT d.collected)
        """  # noqa: S608 - every part is a constant of this file
    )
    op.drop_table("notification_causes")
    op.drop_table("notifications")


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


def downgrade() -> None:
    """Refuse: which notifications had gone as one before is not known any more."""
    raise NotImplementedError("how notifications were kept before is not kept")
