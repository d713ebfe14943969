"""The webhook inbox against a real server, by the inbox's contract and beyond it."""

import json
import logging
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from http import HTTPStatus
from io import StringIO
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from rich.console import Console
from rich.pretty import Pretty, pretty_repr
from werkzeug import Response

from digital_painschool.adapters.webhook_inbox.events import person_data, webhook_id_of
from digital_painschool.adapters.webhook_inbox.inbox import DELIVERED, REFUSED, WebhookInbox
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import ConfigurationError, DeliveryError
from digital_painschool.ports.inbox import Delivered, Inbox
from digital_painschool.testing.contracts import Arrival, InboxContract
from digital_painschool.testing.contracts.repeating import ODD_KEYS
from digital_painschool.testing.contracts.sending import ACCEPTED
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import PERSON, UNIT
from tests.adapters.http.integration_platform import OLD_SECRET, SECRET, UNKNOWN, IntegrationPlatform
from tests.adapters.http.wire import says, wire


class TestWebhookInbox(InboxContract):
    """An integration platform that knows a key for good and can delete, by the contract."""

    answers_within = 5.0
    secrets = (SECRET,)
    unreachable = PersonId("personnummer", UNKNOWN)

    @pytest.fixture
    def place(self, platform: IntegrationPlatform) -> IntegrationPlatform:
        """The platform."""
        return platform

    def open(self, place: IntegrationPlatform) -> Inbox:
        """Open an inbox that leads to the platform."""
        return place.inbox()

    def spoil(self, place: IntegrationPlatform) -> None:
        """Take the platform down."""
        place.down()

    def mend(self, place: IntegrationPlatform) -> None:
        """Bring the platform up again."""
        place.up()

    def busy(self, place: IntegrationPlatform, seconds: int) -> None:
        """Let the platform ask to wait."""
        place.busy(seconds)

    def give_account(self, place: IntegrationPlatform, person: PersonId) -> None:
        """Let the platform know the person."""
        place.unknown.remove(person.value)

    def hanging(self, place: IntegrationPlatform) -> AbstractContextManager[None]:
        """Make the platform hang."""
        return place.hanging()

    def arrived(self, place: IntegrationPlatform, inbox: Inbox) -> Iterable[Arrival]:
        """Look at what the platform got."""
        return place.arrivals()


NOTICE = InboxContract().notice("enrolment.3.inbox/ å")
PRIVATE = (PERSON.value, PERSON.value[:8], SECRET, SECRET.removeprefix("whsec_"), OLD_SECRET, "hemlig")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 208, 409])
def test_an_accepted_notice_is_new_or_known(platform: IntegrationPlatform, status: int) -> None:
    """Otherwise a patient would be told again, or a notice that nobody got count as delivered."""
    platform.next_answer = lambda: Response("", status)
    expected = Delivered.DUPLICATE if status in {208, 409} else Delivered.ACCEPTED
    assert expected is platform.inbox().deliver(NOTICE)


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("start", ["\n", "\ufeff"])
@pytest.mark.parametrize("status", [*DELIVERED, *(status for status, verdict in REFUSED.items() if verdict.permanent)])
def test_a_web_page_is_about_no_notice_and_no_patient(platform: IntegrationPlatform, status: int, start: str) -> None:
    """Otherwise the page of a proxy would count as every patient's notice, or flag every patient as unreachable."""
    if status == HTTPStatus.NO_CONTENT:
        pytest.skip("it has no body")
    page = f"{start}<!DOCTYPE html><html>Log in</html>"
    platform.next_answer = lambda: Response(page, status, content_type="text/html")
    with pytest.raises(DeliveryError, match="web page") as failed:
        platform.inbox().deliver(NOTICE)
    assert not failed.value.permanent


@pytest.mark.parametrize(
    ("status", "permanent", "expected"),
    [
        *((400, False, "400"), (401, False, "credentials"), (403, False, "rights"), (429, False, "fewer calls")),
        *((404, False, "correct the URL"), (410, True, "recipient"), (422, True, "recipient")),
        *((302, False, "not followed"), (405, False, "not known here"), (500, False, "failed"), (503, False, "failed")),
        *((203, False, "not known here"), (207, False, "not known here")),
    ],
)
@pytest.mark.rule("D-13d")
def test_a_refusal_is_permanent_where_it_is_about_the_patient_alone(
    platform: IntegrationPlatform, status: int, permanent: bool, expected: str
) -> None:
    """Otherwise an operator's mistake would flag every patient, or a patient without an account nobody."""
    secretive = f'{{"hemlig": "{PERSON.value}"}}'
    platform.next_answer = lambda: Response(secretive, status, headers={"retry-after": "90"})
    with pytest.raises(DeliveryError, match=expected) as failed:
        platform.inbox().deliver(NOTICE)
    assert (permanent, timedelta(seconds=90)) == (failed.value.permanent, failed.value.retry_after)
    assert_silent(failed.value, *PRIVATE)


ANSWERS = {
    "reach": [
        *(b"", b"{", b"[]", b"null", b"{}", b'{"reachable": "yes"}', b'{"reachable": 1}', b'{"ways": ["sms"]}'),
        *(b'{"reachable": true, "ways": "sms"}', b'{"reachable": true, "ways": [1]}', b"[" * 60000, b"\xff\xfe"),
    ],
    "forget": [
        *(b"", b"{}", b'{"deleted": "1"}', b'{"deleted": -1}', b'{"deleted": 2}', b'{"deleted": true}'),
        *(b'{"deleted": 1.0}', b'{"deleted": null}'),
    ],
}


@pytest.mark.parametrize(("asked", "body"), [(asked, body) for asked, bodies in ANSWERS.items() for body in bodies])
def test_an_answer_of_another_shape_is_none(platform: IntegrationPlatform, asked: str, body: bytes) -> None:
    """Otherwise an empty page of a proxy would flag every patient, or count a purge as done (D-13d, D-21a)."""
    platform.next_answer = lambda: Response(body, 200)
    inbox = platform.inbox()
    with pytest.raises(DeliveryError, match='answered without "') as failed:
        inbox.reach(PERSON) if asked == "reach" else inbox.forget(["key-1"])
    assert not failed.value.permanent
    assert_silent(failed.value, *PRIVATE)


@pytest.mark.parametrize("status", [202, 204, 302, 400, 404, 410, 422, 429, 500])
def test_only_the_body_says_who_can_be_reached(platform: IntegrationPlatform, status: int) -> None:
    """Otherwise a wrong URL, which answers 404, would flag every patient (D-13d)."""
    platform.next_answer = lambda: Response('{"reachable": false, "deleted": 1}', status)
    inbox = platform.inbox()
    for ask in (lambda: inbox.reach(PERSON), lambda: inbox.forget(["key-1"])):
        with pytest.raises(DeliveryError) as failed:
            ask()
        assert not failed.value.permanent


def test_a_platform_that_cannot_delete_is_not_asked(platform: IntegrationPlatform) -> None:
    """Otherwise a purge would never end where the platform has no way to delete (D-21a)."""
    inbox = platform.inbox(forget_url=None)
    assert ACCEPTED is inbox.deliver(NOTICE)
    assert [0, 0] == [inbox.forget([NOTICE.key]), platform.inbox().forget([])]
    assert 1 == len(platform.calls)


@pytest.mark.rule("D-21a")
def test_the_keys_of_a_large_purge_go_in_several_events(platform: IntegrationPlatform) -> None:
    """Otherwise a platform that limits a body to 1 MiB would refuse the purge of a thousand enrolments for ever."""
    inbox = platform.inbox()
    keys = [f"{number:0>200}" for number in range(2001)]
    for number in (0, 999, 1000, 2000):
        inbox.deliver(evolve(NOTICE, key=keys[number]))
    platform.calls.clear()
    assert 4 == inbox.forget(iter(keys))
    assert keys == [key for event in platform.events for key in event["data"]["keys"]]
    assert [1000, 1000, 1] == [len(event["data"]["keys"]) for event in platform.events]
    assert max(len(call.get_data()) for call in platform.calls) < 2**20
    assert 3 == len({event["id"] for event in platform.events})


def test_an_event_is_a_cloudevent_with_what_the_platform_needs_and_no_more(platform: IntegrationPlatform) -> None:
    """Otherwise a platform that keeps to CloudEvents 1.0 would refuse it, or read what it should not (D-13c)."""
    at = datetime(2026, 3, 29, 9, 0, 0, 999999, tzinfo=ZoneInfo("Europe/Stockholm"))
    inbox = WebhookInbox(platform.options(source="painschool-test"), clock=lambda: at)
    platform.next_answer = lambda: Response("", 202)
    inbox.deliver(NOTICE)
    inbox.close()
    [event], [call] = platform.events, platform.calls
    assert {
        "specversion": "1.0",
        "id": "enrolment.3.inbox/ å",
        "source": "painschool-test",
        "type": "se.digital-painschool.notice",
        "time": "2026-03-29T07:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "key": "enrolment.3.inbox/ å",
            "person": {"scheme": "personnummer", "value": PERSON.value, "system": "1.2.752.129.2.1.3.1"},
            "unit": str(UNIT),
            "template": "message-to-read",
            "text": "Du har något nytt att läsa. Logga in för att se det.",
            "language": "sv",
            "link": InboxContract.link,
        },
    } == event
    assert "application/cloudevents+json; charset=utf-8" == call.headers["content-type"]
    assert str(int(at.timestamp())) == call.headers["webhook-timestamp"]
    assert "enrolment%2E3%2Einbox%2F%20%C3%A5" == call.headers["webhook-id"]


def test_an_id_in_a_header_stands_for_one_key() -> None:
    """Otherwise a platform that goes by `webhook-id` would take one patient's notice for another's."""
    ids = [webhook_id_of(key) for key in ODD_KEYS]
    assert [*ODD_KEYS] == [unquote(id_) for id_ in ids]
    assert not any("." in id_ or id_ != id_.strip() for id_ in ids)


def test_a_scheme_of_another_adapter_goes_without_an_oid() -> None:
    """Otherwise a region with numbers of its own could use no webhook, or send them under another's name."""
    own = PersonId("own", PERSON.value)
    assert {"scheme": "own", "value": PERSON.value} == person_data(own)


def test_questions_are_new_each_time_and_a_notice_is_the_same(platform: IntegrationPlatform) -> None:
    """Otherwise a platform that knows ids would answer a question once, and no retry be recognised."""
    inbox = platform.inbox()
    for _ in range(2):
        inbox.reach(PERSON)
        inbox.deliver(NOTICE)
    ids = [call.headers["webhook-id"] for call in platform.calls]
    assert 3 == len(set(ids))
    assert ids[1] == ids[3]


@pytest.mark.parametrize("known", [SECRET, OLD_SECRET])
def test_both_secrets_verify_while_they_are_rotated(platform: IntegrationPlatform, known: str) -> None:
    """Otherwise every notice would be refused between the change here and the change there."""
    platform.secret = known
    assert ACCEPTED is platform.inbox(old_secret=Masked(OLD_SECRET)).deliver(NOTICE)


NODE = """
const { Webhook } = require("standardwebhooks");
const calls = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const verdict = ({ secret, body, headers }) => {
  try { return new Webhook(secret).verify(body, headers).type; } catch (error) { return error.message; }
};
console.log(JSON.stringify(calls.map(verdict)));
"""


def test_the_package_for_node_verifies_too(platform: IntegrationPlatform) -> None:
    """Otherwise a platform that is not written in Python would refuse every notice."""
    node = shutil.which("node")
    known = [node or "node", "-e", "require('standardwebhooks')"]
    if node is None or subprocess.run(known, capture_output=True, check=False).returncode:
        pytest.skip("Node.js with the package standardwebhooks is not here: npm install standardwebhooks")
    inbox = platform.inbox(old_secret=Masked(OLD_SECRET))
    inbox.deliver(NOTICE)
    [call] = platform.calls
    body, headers = call.get_data().decode(), {name.lower(): value for name, value in call.headers.items()}
    said = [(SECRET, body), (OLD_SECRET, body), (SECRET, body.replace("202", "203", 1)), ("whsec_" + "A" * 40, body)]
    asked = [{"secret": secret, "body": text, "headers": headers} for secret, text in said]
    ran = subprocess.run([node, "-e", NODE], input=json.dumps(asked), capture_output=True, text=True, check=True)
    assert ["se.digital-painschool.notice"] * 2 + ["No matching signature found"] * 2 == json.loads(ran.stdout)


@pytest.mark.parametrize(
    "secret",
    ["", "hemlig", "whsec_", "whsec_hemlig!!", "whsec_" + b64encode(b"x" * 23).decode(), SECRET[6:], SECRET + "\n"],
)
def test_a_weak_or_broken_secret_is_refused_at_start(platform: IntegrationPlatform, secret: str) -> None:
    """Otherwise anybody could sign, or the first notice fail at nine in the morning."""
    for options in ({"secret": secret}, {"old_secret": Masked(secret)}):
        with pytest.raises(ConfigurationError, match="'whsec_' and base64 of 24 to 64 random bytes") as refused:
            platform.inbox(**options)
        assert_silent(refused.value, secret.removeprefix("whsec_") or "whsec_x")


def test_nothing_private_is_shown_by_what_is_called_or_fails(
    platform: IntegrationPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise an identity number or a secret would be in a log, an error collector or a screen."""
    caplog.set_level(logging.DEBUG)
    inbox, options, frames = platform.inbox(), platform.options(old_secret=Masked(OLD_SECRET)), []
    inbox.reach(PERSON)
    inbox.deliver(NOTICE)
    inbox.forget([NOTICE.key])
    platform.down()
    for ask in (lambda: inbox.reach(PERSON), lambda: inbox.deliver(NOTICE), lambda: inbox.forget(["key-1"])):
        with pytest.raises(DeliveryError) as failed:
            ask()
        assert_silent(failed.value, *PRIVATE)
        frames += [frame.frame.f_locals for frame in failed.traceback]
    with wire(says(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{")) as address:
        lost = WebhookInbox(platform.options(url=f"http://{address}/"))
        with pytest.raises(DeliveryError, match="whether the message went is unknown") as failed:
            lost.deliver(NOTICE)
        lost.close()
        assert_silent(failed.value, *PRIVATE)
    frames += [frame.frame.f_locals for frame in failed.traceback]
    shown = repr(frames) + pretty_repr(frames)
    assert not [private for private in (PERSON.value, SECRET) if private in shown]
    screen = Console(file=StringIO(), width=500)
    screen.print(Pretty([inbox, options, inbox._signer]))
    said = [caplog.text, repr(options), repr(inbox), screen.file.getvalue()]  # type: ignore[attr-defined]
    said += [call.url for call in platform.calls]
    assert not [text for text in said for private in PRIVATE if private in text]
    assert "POST" in caplog.text
