"""The audit finds what is wrong: exact books are spoilt on purpose, one way at a time."""

from collections.abc import Mapping

import psycopg
import pytest
from attrs import frozen

from proofs.chaos.audit import findings
from proofs.chaos.books import read_books
from proofs.chaos.setting import Setting


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
        "DELETE FROM digest_notifications WHERE id LIKE 'e1.7.inbox.%'",
        "it asked for 1 notification by inbox, and has 0",
    ),
    "a notification to staff is lost": Spoilt(
        "DELETE FROM digest_notifications WHERE id LIKE 'e4.5.email.%'",
        "it asked for 1 notification by email, and has 0",
    ),
    "a message has two notifications": Spoilt(
        "UPDATE digest_notifications SET seq = 4 WHERE id LIKE 'e1.8.inbox.%'",
        "it asked for 1 notification by inbox, and has 2",
    ),
    "a notification of nothing": Spoilt(
        "UPDATE digest_notifications SET seq = 1 WHERE id LIKE 'e1.8.inbox.%'",
        "it asked for 0 notification by inbox, and has 1",
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
    "a delivery without its line": Spoilt(
        "DELETE FROM access_log WHERE by = 'system'", "does not say once that it was delivered"
    ),
    "a delivery that was none": Spoilt(
        "UPDATE digest_notifications SET status = 'delivered' WHERE status = 'unreachable'",
        "delivered, and nobody has it",
    ),
    "a decision that nobody made": Spoilt(
        "UPDATE digest_notifications SET status = 'failed' WHERE id LIKE 'e1.7.inbox.%'",
        "is failed, and no worker has decided that",
    ),
    "an end that dropped nothing": Spoilt(
        "UPDATE timeline SET by = 'system' WHERE kind = 'notification-dropped' AND data LIKE '%e3.9.inbox.%'",
        "is dropped, and no worker has decided that",
    ),
    "dropped in silence": Spoilt(
        "UPDATE digest_notifications SET status = 'dropped' WHERE id LIKE 'e1.8.inbox.%'",
        "e1 says 0 times of notification e1.8.inbox.20260302T120000 (inbox) that it was dropped",
    ),
    "given up in silence": Spoilt(
        "UPDATE digest_notifications SET status = 'failed' WHERE id LIKE 'e1.8.inbox.%'",
        "e1 says 0 times of notification e1.8.inbox.20260302T120000 (inbox) that it was failed",
    ),
    "not settled": Spoilt(
        "UPDATE digest_notifications SET status = 'pending' WHERE id LIKE 'e1.8.inbox.%'", "it is not settled"
    ),
    "a note that is owed": Spoilt(
        "UPDATE digest_notifications SET noted = false WHERE id LIKE 'e1.8.inbox.%'", "its end is still to be noted"
    ),
    "an attempt without a key": Spoilt(
        "UPDATE digest_notifications SET attempts = 1, batch_key = NULL WHERE id LIKE 'e1.8.inbox.%'",
        "1 attempts, and the key",
    ),
    "still held": Spoilt("UPDATE digests SET token = 'x' WHERE id LIKE 'e1.4.inbox.%'", "is still held, or waits"),
    "still waiting": Spoilt(
        "UPDATE digests SET next_at = now() WHERE id LIKE 'e1.4.inbox.%'", "is still held, or waits"
    ),
    "to somebody else": Spoilt(
        "UPDATE digests SET recipient_value = '200002292398' WHERE id LIKE 'e1.4.inbox.%'",
        "it goes to somebody else than the patient",
    ),
    "collected against the therapist's word": Spoilt(
        "UPDATE digests SET collected = false WHERE id LIKE 'e1.4.inbox.%'", "against the therapist's word"
    ),
    "due at another run": Spoilt(
        "UPDATE digest_notifications SET due_at = due_at + interval '1 day' WHERE id LIKE 'e1.8.inbox.%'",
        "it is due at 2026-03-04",
    ),
    "of another unit": Spoilt(
        "UPDATE digest_notifications SET unit = 'SE2321000131-E000000000002' WHERE id LIKE '%.email.%'",
        "it is another unit's",
    ),
    "reachable after all": Spoilt(
        "UPDATE digests SET recipient_scheme = 'personnummer' WHERE id LIKE 'e4.3.inbox.%'",
        "the patient can be reached",
    ),
    "a day that is forgotten": Spoilt("UPDATE digests SET told_on = NULL", "and its digest does not know"),
    "a notice is lost": Spoilt("DELETE FROM notices", "it was delivered, and nobody has it"),
    "a notice that nobody sent": Spoilt(
        "UPDATE notices SET key = 'x' WHERE key LIKE 'e1.7.inbox.%'", "inbox has taken x, and nobody was sending it"
    ),
    "a notice at a time at which nobody sent": Spoilt(
        "UPDATE notices SET delivered_at = delivered_at + interval '1 hour'", "and nobody was sending it"
    ),
    "a notice before the message": Spoilt(
        "UPDATE notices SET delivered_at = delivered_at - interval '1 hour'",
        "its notice was taken before the message was written",
    ),
    "a notice to somebody else": Spoilt(
        "UPDATE notices SET person_value = '200002292399'", "went to somebody else than the patient"
    ),
    "a notice of another text": Spoilt(
        "UPDATE staff_messages SET template = 'ending' WHERE template = 'form-saved'", "says something else"
    ),
    "a notice to nobody": Spoilt(
        "UPDATE notices SET key = (SELECT batch_key FROM digest_notifications WHERE id LIKE 'e4.3.inbox.%')"
        " WHERE key LIKE 'e1.7.inbox.%'",
        "nobody could be reached, and yet it was taken",
    ),
    "a key that is forgotten": Spoilt("DELETE FROM digest_superseded_keys", "and no purge would find it"),
    "a note of nothing": Spoilt(
        "UPDATE timeline SET data = replace(data, '.inbox', '.outbox') WHERE kind = 'notification-dropped'",
        "that it was dropped",
    ),
    "a note of another fate": Spoilt("UPDATE timeline SET data = replace(data, 'unreachable', 'failed')", "was failed"),
    "an end that nobody noted": Spoilt(
        "UPDATE enrolments SET noted_end = NULL", "nobody has noted that the patient's time is over"
    ),
}


def test_exact_books_are_found_exact(told: tuple[str, Setting]) -> None:
    """Otherwise the audit would cry wolf, and nobody would listen when it matters."""
    books = read_books(told[1])
    assert () == findings(books)
    assert {"delivered", "dropped", "unreachable"} == {row["status"] for row in books.notifications.values()}
    assert {"ok", "NotPermitted", "RuleViolation"} == {one.answer for one in books.noted if one.kind == "web"}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_book_is_found(copied: Setting, name: str) -> None:
    """Otherwise ten minutes of chaos without a finding would say nothing."""
    spoilt = SPOILT[name]
    with psycopg.connect(copied.url, autocommit=True) as connection:
        connection.execute(spoilt.by.encode())
    found = findings(read_books(copied))
    assert any(spoilt.says in finding for finding in found), found
