"""The audit finds what is wrong: exact books are spoilt on purpose, one way at a time."""

from collections.abc import Mapping

import psycopg
import pytest
from attrs import frozen

from tests.chaos.audit import findings
from tests.chaos.books import read_books
from tests.chaos.setting import Setting


@frozen
class Spoilt:
    """Books that are spoilt.

    Args:
        by: The statements that do it.
        says: What the audit must say of it.
    """

    by: str
    says: str


SPOILT: Mapping[str, Spoilt] = {
    "a notification is lost": Spoilt(
        "DELETE FROM notification_causes WHERE notification_id LIKE 'e1.7.inbox.%';"
        "DELETE FROM notifications WHERE id LIKE 'e1.7.inbox.%'",
        "it asked for one notification by inbox, and is in 0",
    ),
    "a notification to staff is lost": Spoilt(
        "DELETE FROM notification_causes WHERE notification_id LIKE 'e4.5.email.%';"
        "DELETE FROM notifications WHERE id LIKE 'e4.5.email.%'",
        "it asked for one notification by email, and is in 0",
    ),
    "a message falls out of a shared notification": Spoilt(
        "DELETE FROM notification_causes WHERE notification_id LIKE 'e1.4.inbox.%' AND enrolment_id = 'e2'",
        "it asked for one notification by inbox, and is in 0",
    ),
    "a message is in two notifications": Spoilt(
        "INSERT INTO notification_causes SELECT t.id, 9, c.unit, c.enrolment_id, c.seq, c.conversation, c.message"
        " FROM notification_causes c, notifications t"
        " WHERE c.notification_id LIKE 'e1.4.inbox.%' AND c.enrolment_id = 'e2' AND t.id LIKE 'e1.8.inbox.%'",
        "it asked for one notification by inbox, and is in 2",
    ),
    "a notification of nothing": Spoilt(
        "DELETE FROM notification_causes WHERE notification_id LIKE 'e1.7.inbox.%'", "nothing asked for it"
    ),
    "an entry is there twice": Spoilt(
        "INSERT INTO timeline SELECT enrolment_id, seq + 1000, unit, kind, shape, at, by, data FROM timeline"
        " WHERE kind = 'form-saved'",
        "it is there 2 times",
    ),
    "an entry is lost": Spoilt(
        "DELETE FROM timeline WHERE enrolment_id = 'e1' AND kind = 'form-saved'",
        "it was answered, and is not there",
    ),
    "a gap": Spoilt("UPDATE timeline SET seq = seq + 100 WHERE kind = 'handed-over'", "its entries are not 1 to that"),
    "an entry that nobody asked for": Spoilt(
        "UPDATE timeline SET at = at + interval '1 second' WHERE kind = 'form-saved'", "was asked for by nobody"
    ),
    "an entry of somebody else": Spoilt(
        "UPDATE timeline SET by = 'SE2321000131-P000000000002' WHERE kind = 'handed-over'", "it is signed by"
    ),
    "an entry of another kind": Spoilt(
        "UPDATE timeline SET kind = 'reviewed', data = '{}' WHERE kind = 'handed-over'", "it left ('Reviewed',)"
    ),
    "a message is lost": Spoilt(
        "DELETE FROM documents WHERE enrolment_id = 'e1' AND seq = 4",
        "documents too many or too few",
    ),
    "a message is another": Spoilt(
        "UPDATE documents SET content = '\"Hej\"' WHERE content LIKE '\"therapist_writes%'",
        "what was written is not what is kept",
    ),
    "answers are others": Spoilt(
        "UPDATE documents SET content = replace(content, 'save_form', 'saved') WHERE content LIKE '%fritext%'",
        "what was written is not what is kept",
    ),
    "a number comes twice": Spoilt(
        "UPDATE timeline SET data = replace(data, '\"number\":2', '\"number\":1') WHERE kind = 'message-sent'",
        "is number 1 of its kind, and comes as number 2",
    ),
    "a state is another": Spoilt(
        "UPDATE enrolments SET state = replace(state, '\"smartskola\"', '\"smartskolan\"')",
        "its state is not what its timeline gives",
    ),
    "a figure is another": Spoilt("UPDATE enrolments SET unread_forms = unread_forms + 1", "its column unread_forms"),
    "two open enrolments": Spoilt(
        "DROP INDEX uq_enrolments_open; UPDATE enrolments SET program = 'smartskola'", "a person has 2 open enrolments"
    ),
    "an access without a line": Spoilt(
        "DELETE FROM access_log WHERE action = 'save-form'", "has 0 lines in the access log, not 1"
    ),
    "two lines for an access": Spoilt(
        "INSERT INTO access_log (at, by, unit, action, activity, enrolment_id, granted)"
        " SELECT at, by, unit, action, activity, enrolment_id, granted FROM access_log WHERE action = 'end'",
        "has 2 lines in the access log, not 1",
    ),
    "a line of nobody": Spoilt(
        "UPDATE access_log SET at = at + interval '1 second' WHERE action = 'save-form'",
        "save-form was asked for by nobody",
    ),
    "a line of somebody else": Spoilt(
        "UPDATE access_log SET by = 'patient' WHERE action = 'hand-over'", "is signed by patient"
    ),
    "a refusal that the log grants": Spoilt(
        "UPDATE access_log SET granted = true WHERE action = 'write-message'",
        "it was refused with NotPermitted, and the access log says that it was done",
    ),
    "no line of the worker's": Spoilt(
        "DELETE FROM access_log WHERE by = 'system'", "the access log has no line of the worker's"
    ),
    "a delivery that was none": Spoilt(
        "UPDATE notifications SET status = 'delivered' WHERE status = 'unreachable'", "delivered, and nobody has it"
    ),
    "a decision that nobody made": Spoilt(
        "UPDATE notifications SET status = 'failed' WHERE id LIKE 'e1.7.inbox.%'",
        "is failed, and no worker has decided that",
    ),
    "dropped in silence": Spoilt(
        "UPDATE notifications SET status = 'dropped' WHERE id LIKE 'e1.8.inbox.%'",
        "says 0 times that it was dropped",
    ),
    "given up in silence": Spoilt(
        "UPDATE notifications SET status = 'failed' WHERE id LIKE 'e1.8.inbox.%'", "0 times that it was given up"
    ),
    "merged with nothing": Spoilt(
        "UPDATE notifications SET status = 'merged' WHERE id LIKE 'e2.5.inbox.%'",
        "none that was delivered stands for it",
    ),
    "not settled": Spoilt(
        "UPDATE notifications SET status = 'pending' WHERE id LIKE 'e1.8.inbox.%'", "it is not settled"
    ),
    "still held": Spoilt(
        "UPDATE notifications SET token = 'x' WHERE id LIKE 'e1.8.inbox.%'", "settled, and still held"
    ),
    "to somebody else": Spoilt(
        "UPDATE notifications SET recipient_value = '200002292399' WHERE id LIKE 'e1.8.inbox.%'",
        "it goes to somebody else than the patient",
    ),
    "of another day": Spoilt(
        "UPDATE notifications SET \"window\" = '2026-03-05' WHERE id LIKE '%.8.inbox.%'",
        "it is of 2026-03-05, and a message in it of 2026-03-03",
    ),
    "collected against the therapist's word": Spoilt(
        "UPDATE notifications SET collected = false WHERE id LIKE 'e1.8.inbox.%'", "against the therapist's word"
    ),
    "due too early": Spoilt(
        "UPDATE notifications SET due_at = due_at - interval '1 hour' WHERE id LIKE 'e1.8.inbox.%'",
        "it was due before its run",
    ),
    "of another unit": Spoilt(
        "UPDATE notifications SET unit = 'SE2321000131-E000000000002' WHERE channel = 'email'", "it is another unit's"
    ),
    "reachable after all": Spoilt(
        "UPDATE notifications SET recipient_scheme = 'personnummer' WHERE status = 'unreachable'",
        "the patient can be reached",
    ),
    "a notice is lost": Spoilt("DELETE FROM notices", "it was delivered, and nobody has it"),
    "a notice of nothing": Spoilt(
        "UPDATE notices SET key = 'x' WHERE key LIKE 'e1.8.inbox.%'", "there is no such notification"
    ),
    "a notice of what was dropped": Spoilt(
        "UPDATE notices SET key = (SELECT id FROM notifications WHERE status = 'dropped' AND attempts = 0)"
        " WHERE key LIKE 'e1.8.inbox.%'",
        "it was dropped before anybody tried, and yet it was taken",
    ),
    "a notice that nobody sent": Spoilt(
        "UPDATE notices SET key = (SELECT id FROM notifications WHERE id LIKE 'e3.3.inbox.%')"
        " WHERE key LIKE 'e1.8.inbox.%'",
        "was dropped, and nobody has tried, and yet it was taken",
    ),
    "a notice to nobody": Spoilt(
        "UPDATE notices SET key = (SELECT id FROM notifications WHERE status = 'unreachable' AND channel = 'inbox')"
        " WHERE key LIKE 'e1.8.inbox.%'",
        "nobody could be reached, and yet it was taken",
    ),
    "a note of nothing": Spoilt(
        "UPDATE timeline SET data = replace(data, '.inbox', '.outbox') WHERE kind = 'notification-dropped'",
        "there is no such notification",
    ),
    "a note of another fate": Spoilt(
        "UPDATE timeline SET data = replace(data, 'unreachable', 'failed')", "and the notification is unreachable"
    ),
    "an end that nobody noted": Spoilt(
        "UPDATE enrolments SET noted_end = NULL", "nobody has noted that the patient's time is over"
    ),
}


def test_exact_books_are_found_exact(told: tuple[str, Setting]) -> None:
    """Otherwise the audit would cry wolf, and nobody would listen when it matters."""
    books = read_books(told[1])
    assert () == findings(books)
    assert {"delivered", "merged", "dropped", "unreachable"} == {one.status for one in books.told.values()}
    assert {"ok", "NotPermitted", "RuleBroken"} == {one.answer for one in books.noted if one.kind == "web"}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_book_is_found(copied: Setting, name: str) -> None:
    """Otherwise ten minutes of chaos without a finding would say nothing."""
    spoilt = SPOILT[name]
    with psycopg.connect(copied.url, autocommit=True) as connection:
        connection.execute(spoilt.by.encode())
    found = findings(read_books(copied))
    assert any(spoilt.says in finding for finding in found), found
