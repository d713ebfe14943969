"""The deletion of enrolments with all that is theirs."""

from sqlalchemy import and_, case, delete, exists, insert, literal, or_, select, update

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.digests import HAS_PENDING_BATCH, LOCK_DIGESTS, ZERO, release_values
from digital_painschool.adapters.sql.schema import (
    COLLECTED,
    completed_calls,
    desk_calls,
    digests,
    documents,
    drafts,
    enrolments,
    notifications,
    superseded_keys,
    timeline,
)

_e = enrolments.c
_d = digests.c
_DIGESTS_OF_NOTIFICATIONS = (
    select(notifications.c.digest_id).where(any_of(notifications.c.enrolment_id, "ids")).distinct()
)
_DIGESTS_OF_PERSONS = (
    select(_d.id)
    .join_from(
        enrolments,
        digests,
        and_(
            _d.unit == _e.unit,
            _d.recipient_value == _e.person_value,
            _d.recipient_scheme == _e.person_scheme,
            COLLECTED,
        ),
    )
    .where(any_of(_e.id, "ids"))
)
_DELETE_NOTIFICATIONS = delete(notifications).where(any_of(notifications.c.enrolment_id, "ids"))
_SCOPE = ("unit", "caller", "action", "key")
_SPENT = exists(select(desk_calls.c.key).where(*(desk_calls.c[part] == completed_calls.c[part] for part in _SCOPE)))
# A restored backup may bring back an enrolment whose key was left before.
_LEAVE_KEYS_OF_STARTS = insert(desk_calls).from_select(
    [*_SCOPE, "result", "fingerprint"],
    select(*(completed_calls.c[part] for part in _SCOPE), literal(""), literal("")).where(
        any_of(completed_calls.c.enrolment_id, "ids"), completed_calls.c.version == 1, ~_SPENT
    ),
)
_DELETE_ENROLMENTS = tuple(
    delete(table).where(any_of(column, "ids"))
    for table, column in (
        (documents, documents.c.enrolment_id),
        (drafts, drafts.c.enrolment_id),
        (timeline, timeline.c.enrolment_id),
        (completed_calls, completed_calls.c.enrolment_id),
        (enrolments, enrolments.c.id),
    )
)
# The attempt of the batch may have told the recipient.
_ATTEMPTED_OR_TOLD_ON = case((_d.told_on > _d.attempted_on, _d.told_on), else_=_d.attempted_on)
_END_BATCHES = (
    update(digests)
    .where(any_of(_d.id, "ids"), _d.batch_key.is_not(None), ~HAS_PENDING_BATCH)
    .values(release_values(_ATTEMPTED_OR_TOLD_ON, lost=ZERO))
)
_recipients = enrolments.alias("recipients")
_NEEDED = or_(
    exists(select(notifications.c.id).where(notifications.c.digest_id == _d.id)),
    and_(
        COLLECTED,
        exists(
            select(_recipients.c.id).where(
                _recipients.c.unit == _d.unit,
                _recipients.c.person_value == _d.recipient_value,
                _recipients.c.person_scheme == _d.recipient_scheme,
            )
        ),
    ),
)
_UNNEEDED_DIGESTS = select(_d.id).where(any_of(_d.id, "ids"), ~_NEEDED)
_DELETE_DIGESTS = (
    delete(superseded_keys).where(any_of(superseded_keys.c.digest_id, "ids")),
    delete(digests).where(any_of(_d.id, "ids")),
)


def delete_enrolments(connection: Connection, ids: list[str]) -> None:
    """Delete enrolments with all that is theirs, and the digests that nothing needs any more."""
    if not ids:
        return
    values = {"ids": ids}
    found = connection.fetch_all(_DIGESTS_OF_NOTIFICATIONS, values) + connection.fetch_all(_DIGESTS_OF_PERSONS, values)
    digest_ids = {"ids": sorted({row[0] for row in found})}
    # Digests are locked first, as by every other write: later statements see what a step adds to a digest meanwhile.
    connection.fetch_all(LOCK_DIGESTS, digest_ids)
    connection.execute(_DELETE_NOTIFICATIONS, values)
    connection.execute(_LEAVE_KEYS_OF_STARTS, values)
    for statement in _DELETE_ENROLMENTS:
        connection.execute(statement, values)
    connection.execute(_END_BATCHES, digest_ids)
    unneeded = {"ids": [row[0] for row in connection.fetch_all(_UNNEEDED_DIGESTS, digest_ids)]}
    for statement in _DELETE_DIGESTS:
        connection.execute(statement, unneeded)
