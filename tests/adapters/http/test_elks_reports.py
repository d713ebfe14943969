"""Delivery reports of 46elks: verified, idempotent, and on the timeline where a message did not arrive."""

from urllib.parse import parse_qs, urlsplit

import pytest

from digital_painschool.adapters.elks.reports import DeliveryReports, Reply, Signature
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import NotificationUndelivered
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Channel, Status
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import ConfigurationError, Conflict, StorageError
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.scenario import Scenario
from tests.adapters.http.elks_server import REPORTS_SECRET, ElksServer
from tests.delivery.faulty import done, flags, notes

OTHER_SECRET = "another secret, of 32 characters."
KEY = "enrolment.9.sms.20260302T080000.0123456789abcdef"
SIGNED = Signature(REPORTS_SECRET).query(KEY)
FAILED = b"id=s70df59406a1b4643b96f3f91e0bfb7b0&status=failed"


def handled(method: str = "POST", query: str = SIGNED, body: bytes = FAILED) -> tuple[int, list[str]]:
    """Return the status that a report is answered with, and the keys that it rejected."""
    rejected: list[str] = []
    reports = DeliveryReports(rejected.append, [OTHER_SECRET, REPORTS_SECRET])
    return reports.handle(method, query, body).status, rejected


@pytest.mark.parametrize(
    "body", [b"id=s7&status=delivered&delivered=2026-03-02T08:00:00", b"status=sent", b"status=created"]
)
def test_a_report_that_all_is_well_changes_nothing(body: bytes) -> None:
    """Otherwise a delivered message would be on the timeline as failed."""
    assert (204, []) == handled(body=body)


def test_a_report_of_a_failure_rejects_the_key_that_was_signed() -> None:
    """Otherwise a therapist would wait for a message that the telephone company has refused."""
    assert (204, [KEY]) == handled()
    assert (204, [KEY]) == handled(query=f"{SIGNED}&more=1", body=FAILED + "&reason=å".encode())


SIGNATURE = SIGNED.rpartition("=")[2]
FORGED = {
    "nothing": "",
    "no signature": f"key={KEY}",
    "no key": f"signature={SIGNATURE}",
    "another key": f"key={KEY}x&signature={SIGNATURE}",
    "half a signature": f"key={KEY}&signature={SIGNATURE[:-1]}",
    "an empty one": f"key={KEY}&signature=",
    "another alphabet": f"key={KEY}&signature=å{SIGNATURE[1:]}",
    "two keys": f"key=other&{SIGNED}",
    "two signatures": f"{SIGNED}&signature=x",
    "of another secret": Signature("a secret that nobody set, 32 chars").query(KEY),
    "no Unicode": f"key=%ff&signature={SIGNATURE}",
    "a lone surrogate": f"key=\ud800&signature={SIGNATURE}",
    "too many fields": "&".join(["x=1"] * 50) + f"&{SIGNED}",
}


@pytest.mark.parametrize("query", FORGED.values(), ids=FORGED)
def test_a_report_that_nobody_signed_is_refused(query: str) -> None:
    """Otherwise anybody could put a failure on a patient's timeline."""
    assert (403, []) == handled(query=query)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"status=", b"status=failed&status=delivered", b"status=lost", b"\xff\xfe", b'{"status": "failed"}'),
        *(b"status=failed&x=" + b"x" * 9000, b"&".join([b"status=failed"] * 99)),
    ],
)
def test_a_report_without_one_status_is_refused(body: bytes) -> None:
    """Otherwise a report that is half there would count as a failure, or be lost."""
    assert (400, []) == handled(body=body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "post"])
def test_a_report_is_posted(method: str) -> None:
    """Otherwise a preview of the address would reject a message."""
    assert (405, []) == handled(method)


@pytest.mark.parametrize("error", [Conflict("the result is not stored yet"), StorageError("the database is full")])
def test_a_report_that_cannot_be_stored_comes_again(error: Exception) -> None:
    """Otherwise a report that is faster than the worker would be lost."""

    def refuse(_: str) -> None:
        raise error

    assert Reply(503, "try again later") == DeliveryReports(refuse, [REPORTS_SECRET]).handle("POST", SIGNED, FAILED)


@pytest.mark.parametrize("secrets", [[], ["short"], [REPORTS_SECRET, "short"], REPORTS_SECRET])
def test_a_handler_needs_a_secret_that_cannot_be_guessed(secrets: list[str]) -> None:
    """Otherwise an unset variable would leave the door open."""
    with pytest.raises(ConfigurationError):
        DeliveryReports(lambda _: None, secrets)


@pytest.mark.rule("M-23", "D-13d")
def test_a_failed_sms_comes_on_the_timeline_at_the_next_run_and_once(elks: ElksServer) -> None:
    """Otherwise a therapist would believe that every SMS arrived."""
    messenger = elks.messenger(reports_url="https://portal.example/elks", reports_secret=Masked(REPORTS_SECRET))
    school = Scenario(with_adapters(messengers=(messenger,)))
    school.desk.receive_notifications(email=False, sms=True)
    id_ = done(school)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    address = urlsplit(elks.sent[0]["whendelivered"])
    assert ("https", "portal.example", "/elks") == address[:3]
    assert {"key", "signature"} == parse_qs(address.query).keys()
    reports = DeliveryReports(school.school.delivery().reject, [REPORTS_SECRET])
    for _ in range(2):
        assert 204 == reports.handle("POST", address.query, FAILED).status
        school.deliver()
    assert [1] == notes(school, NotificationUndelivered, id_)
    [record] = [one for one in school.desk.notifications(id_) if one.notification.channel is Channel.SMS]
    assert Status.FAILED is record.status
    assert FlagKind.UNDELIVERED in flags(school, id_)
    assert 1 == len(elks.sent), "a failed staff notification triggers no other"
