"""SMS by 46elks against a real server that speaks as 46elks does, by the messenger's contract and beyond it."""

import json
import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.pretty import Pretty
from werkzeug import Response

from digital_painschool.adapters.elks.factory import make_elks_messenger
from digital_painschool.adapters.elks.messenger import ElksMessenger
from digital_painschool.adapters.elks.options import is_sender
from digital_painschool.adapters.elks.segments import segments
from digital_painschool.adapters.own_texts import read_own_texts
from digital_painschool.adapters.phone_numbers import e164
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import ConfigurationError, DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address, Messenger
from digital_painschool.testing.contracts import Arrival, MessengerContract
from digital_painschool.testing.contracts.sending import ACCEPTED
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import OTHER_UNIT, UNIT
from tests.adapters.http.elks_server import BARRED, PASSWORD, REPORTS_SECRET, USERNAME, ElksServer
from tests.adapters.http.wire import says, wire

NUMBER = Address("+46701740605")
LINK = "https://www.vgregion.se/sob"
PRIVATE = (NUMBER.value, "46701740605", "701740605", USERNAME, PASSWORD, REPORTS_SECRET)
WORDS = json.loads((Path(__file__).parents[2] / "data" / "sms" / "segments.json").read_text("utf-8"))["texts"]


class TestElksMessenger(MessengerContract):
    """A gateway without idempotency keys that stores no text, by the contract."""

    channel = Channel.SMS
    deletes = False
    answers_within = 5.0
    secrets = (USERNAME, PASSWORD)
    address = NUMBER
    another_address = Address("+46701740606")
    refused = Address(BARRED)

    @pytest.fixture
    def place(self, elks: ElksServer) -> ElksServer:
        """The gateway."""
        return elks

    def open(self, place: ElksServer) -> Messenger:
        """Open a messenger that leads to the gateway; the contract's longest link needs more than two SMS."""
        return place.messenger(segments=3)

    def spoil(self, place: ElksServer) -> None:
        """Take the gateway down."""
        place.down()

    def mend(self, place: ElksServer) -> None:
        """Bring the gateway up again."""
        place.up()

    def busy(self, place: ElksServer, seconds: int) -> None:
        """Let the gateway ask to wait."""
        place.busy(seconds)

    def hanging(self, place: ElksServer) -> AbstractContextManager[None]:
        """Make the gateway hang."""
        return place.hanging()

    def arrived(self, place: ElksServer, messenger: Messenger) -> Iterable[Arrival]:
        """Look at what the gateway has sent."""
        return place.arrivals()


def send(messenger: Messenger, to: Address = NUMBER, link: str = LINK, key: str = "key.1") -> Delivered:
    """Send a message."""
    return messenger.send(to, Template.PROGRAM_DONE, link, key=key, unit=UNIT)


def refusal_of(messenger: Messenger, to: Address = NUMBER, link: str = LINK) -> DeliveryError:
    """Return the error of a send, which names nobody."""
    with pytest.raises(DeliveryError) as failed:
        send(messenger, to, link)
    assert_silent(failed.value, *PRIVATE, to.value)
    return failed.value


def test_a_message_asks_for_no_more_than_the_gateway_needs(elks: ElksServer) -> None:
    """Otherwise the gateway would keep the text, or charge for another sender."""
    assert ACCEPTED is send(elks.messenger(), Address("070-174 06 05"))
    assert [
        {
            "from": "Smartskolan",
            "to": "+46701740605",
            "message": f"{Template.PROGRAM_DONE.text} {LINK}",
            "dontlog": "message",
        }
    ] == elks.sent


def test_a_dry_run_sends_nothing_and_says_so(elks: ElksServer, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a trial would write to staff, or a forgotten trial be silent in production."""
    assert ACCEPTED is send(elks.messenger(dry_run=True))
    assert ([], "yes") == (elks.sent, elks.calls[0].form["dryrun"])
    assert "none is sent" in caplog.text


ABOUT_EVERYBODY = [
    *("Not allowed to send flash messages", "You need to verify your account", "Unable to parse request"),
    *("Invalid number of parts", '"message" too long to send', "Recipient limit reached", "Missing key: to"),
    *('"to" is required', '"to": not to this country by this account', "You have to: verify"),
]
"""Texts that are no refusal of one number, although a word of them could be."""


@pytest.mark.parametrize(
    ("status", "body", "permanent", "expected"),
    [
        (400, "Invalid to number", True, "recipient's number"),
        (400, '{"error": "to: not a mobile number +46701740605"}', True, "recipient's number"),
        (400, '{"message": "Invalid value of \\"to\\""}', True, "recipient's number"),
        *((400, text, False, "compare the settings") for text in ABOUT_EVERYBODY),
        (400, "Invalid from number", False, "compare the settings"),
        (400, "Sender id is not a number that you own", False, "compare the settings"),
        (400, "whendelivered is no URL to post to", False, "compare the settings"),
        (400, "", False, "compare the settings"),
        (401, "u0123456789hemlig", False, "credentials"),
        (402, "", False, "credit"),
        (403, '{"error": "Not enough credits"}', False, "credit"),
        (404, "to", False, "correct the URL"),
        (409, "", False, "not known here (409)"),
        (422, "Invalid to number", False, "not known here (422)"),
        (429, "", False, "fewer calls"),
        (302, "", False, "not followed"),
        (500, "", False, "whether the message went is unknown"),
        (200, '{"status": "failed"}', False, "could not send"),
        (200, "", False, "whether the message went is unknown"),
        (200, '{"status": "cre', False, "whether the message went is unknown"),
        (200, '{"status": ["created"]}', False, "whether the message went is unknown"),
        (200, '["created"]', False, "whether the message went is unknown"),
        (204, "", False, "not known here (204)"),
    ],
)
@pytest.mark.rule("D-13d")
def test_an_answer_says_what_to_do_and_flags_nobody_by_mistake(
    elks: ElksServer, status: int, body: str, permanent: bool, expected: str
) -> None:
    """Otherwise an unpaid bill would give up every message, or a dead number be tried for a day."""
    elks.next_answer = lambda: Response(body, status, headers={"retry-after": "90"})
    error = refusal_of(elks.messenger())
    assert expected in str(error)
    assert permanent is error.permanent
    assert (None if status == 200 else timedelta(seconds=90)) == error.retry_after


@pytest.mark.parametrize("status", ["created", "sent", "delivered"])
def test_a_message_that_the_gateway_has_is_accepted(elks: ElksServer, status: str) -> None:
    """Otherwise a fast gateway would be asked to send the same again."""
    odd = {"retry-after": "Mon, 02 Mar 2026 10:00:00 +99999999999999"}
    elks.next_answer = lambda: Response(json.dumps({"status": status, "more": 1}), 200, headers=odd)
    assert ACCEPTED is send(elks.messenger())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *((text, "+46701234567") for text in ("+46701234567", "070-123 45 67", "0701234567", "+46 (0)70-123 45 67")),
        *((text, "+46701234567") for text in ("0046 70 123 45 67", "(070) 123\u00a045\u201067", " +46-70.123/45/67 ")),
        ("+1 202 555 0100", "+12025550100"),
        *((text, None) for text in ("", "+", "031-12 34 56", "46701234567", "+460701234567", "71700", "ring mig")),
        *((text, None) for text in ("07012345678", "070123456", "\u0660\u0667\u0660\u0661\u0662\u0663\u0664\u0665")),
        *((text, None) for text in ("+46701234567,+46701234568", "+46701234567x1", "tel:+46701234567", "+0701234567")),
        ("+4670123456789012", None),
    ],
)
def test_a_number_is_read_in_one_way_or_not_at_all(text: str, number: str | None) -> None:
    """Otherwise a message to staff would go to a stranger, or to nobody although the directory has the number."""
    assert number == e164(text)


def test_a_number_that_is_none_is_refused_without_asking_the_gateway(elks: ElksServer) -> None:
    """Otherwise the worker would try for a day before anybody hears that the directory is wrong (D-23a)."""
    error = refusal_of(elks.messenger(), Address("ring växeln"))
    assert (True, []) == (error.permanent, elks.calls)


def test_segments_are_counted_as_an_independent_counter_does() -> None:
    """Otherwise a text would cost double, or arrive in parts."""
    assert [count for _, count in WORDS] == [segments(text) for text, _ in WORDS]


def test_every_text_with_the_usual_link_fits_in_one_sms() -> None:
    """Otherwise each notification would cost double."""
    links = (LINK, "https://www.1177.se/")
    texts = [f"{template.text_in(language)} {link}" for template in Template for language in Language for link in links]
    assert {1} == {segments(text) for text in texts}


def test_a_text_that_needs_too_many_sms_is_refused(elks: ElksServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a long link would multiply the bill without anybody's decision."""
    long = f"https://www.vgregion.se/{'x' * 300}"
    error = refusal_of(elks.messenger(), link=long)
    assert "needs 3 SMS and the option 'segments' allows 2" in str(error)
    assert (False, []) == (error.permanent, elks.calls)
    assert ACCEPTED is send(elks.messenger(segments=3), link=long)
    monkeypatch.setattr(Template, "text_in", lambda *_: "ç" * 71)
    with pytest.raises(ConfigurationError, match="needs 2 SMS without its link, and the option 'segments' allows 1"):
        elks.messenger(segments=1)


OWN = f"""
[sv.program-done]
text = "Läs på {{link}} i dag."
[en.program-done]
text = "A patient is done."
[units.{UNIT.lower()}.sv.program-done]
text = '''
Klart \u2013 se {{link}}
'''
"""


@pytest.mark.rule("D-13c")
def test_a_unit_has_texts_of_its_own_by_the_same_kind_of_file_as_for_e_mail(
    elks: ElksServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a unit whose e-mails say one thing would have SMS that say another."""
    (tmp_path / "sms.toml").write_text(OWN, "utf-8")
    messenger = elks.opened(ElksMessenger(elks.options(), read_own_texts(tmp_path / "sms.toml")))
    for unit, language, template in (
        *((unit, Language.SWEDISH, Template.PROGRAM_DONE) for unit in (UNIT, OTHER_UNIT)),
        *((UNIT, language, Template.ENDING) for language in Language),
        (UNIT, Language.ENGLISH, Template.PROGRAM_DONE),
    ):
        messenger.send(NUMBER, template, LINK, key=f"{len(elks.sent)}", unit=unit, language=language)
    assert [
        *(f"Klart \u2013 se {LINK}", f"Läs på {LINK} i dag."),
        *(f"{Template.ENDING.text_in(language)} {LINK}" for language in Language),
        f"A patient is done. {LINK}",
    ] == [one["message"] for one in elks.sent]
    [warning] = [line for line in caplog.messages if "GSM-7" in line]
    assert f"the text units.{UNIT}.sv.program-done has characters that are not in GSM-7 (\u2013)" in warning
    error = refusal_of(messenger, link=f"https://www.vgregion.se/{'x' * 120}")
    assert "needs 3 SMS and the option 'segments' allows 2" in str(error)
    assert str(error).endswith("; not in GSM-7, and so with 70 characters to an SMS: \u2013")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (f'[units.{UNIT}.sv.ending]\ntext = "{"x" * 307}"', f"the text units.{UNIT}.sv.ending of 'texts_file' needs 3"),
        ('[sv.ending]\nsubject = "Slut"', "texts_file: sv.ending.subject: an SMS has no subject"),
        ('[sv.ending]\ntext = "{namn}"', "sv.ending.text: has {link} once, and no other brace"),
    ],
)
def test_a_text_that_no_sms_can_be_is_refused_at_the_start(tmp_path: Path, text: str, refusal: str) -> None:
    """Otherwise the first notification would fail, at a unit that nobody tried."""
    (tmp_path / "sms.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        make_elks_messenger({**OPTIONS, "texts_file": str(tmp_path / "sms.toml")})
    assert refusal in str(refused.value)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        *((text, True) for text in ("Smartskolan", "A", "VGR1177", "+46701234567", "1177VGR")),
        *((text, False) for text in ("Smärtskolan", "", "Digitalskola", "VG R", "1177", "+460701234567", "VGR\n")),
    ],
)
def test_a_sender_is_one_that_telephones_can_show(sender: str, expected: bool) -> None:
    """Otherwise every message would be refused at the first notification."""
    assert expected is is_sender(sender)


OPTIONS = {"username": "u", "password": "p", "sender": "VGR"}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"sender": "Smärtskolan"}, "sender"),
        ({"url": "http://api.46elks.com/a1"}, "url"),
        ({"segments": 0}, "segments"),
        ({"segments": True}, "segments"),
        ({"seconds": 900}, "seconds"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"reports_url": "https://p.example/r?x=1", "reports_secret": REPORTS_SECRET}, "reports_url"),
        ({"reports_url": "https://p.example/r"}, "go together"),
        ({"reports_secret": REPORTS_SECRET}, "go together"),
        ({"reports_url": "https://p.example/r", "reports_secret": "short"}, "32 characters"),
        ({"token": "t"}, "unknown key"),
        ({"ca_file": "/nothing.pem"}, "cannot be read"),
    ],
)
def test_an_option_that_is_wrong_is_named_at_start(wrong: dict[str, object], expected: str) -> None:
    """Otherwise the first notification would fail, and perhaps show a password."""
    with pytest.raises(ConfigurationError, match=expected) as refused:
        make_elks_messenger({**OPTIONS, **wrong})
    assert_silent(refused.value, REPORTS_SECRET, "short-secret")


def test_nothing_private_is_shown_by_what_is_sent_or_fails(elks: ElksServer, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a private telephone number or the account would be in a log, an error collector or a screen."""
    caplog.set_level(logging.DEBUG)
    reports = {"reports_url": "https://portal.example/reports", "reports_secret": Masked(REPORTS_SECRET)}
    messenger, options = elks.messenger(**reports), elks.options(**reports)
    send(messenger)
    elks.down()
    refusal_of(messenger)
    with wire(says(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{")) as address:
        lost = ElksMessenger(elks.options(url=f"http://{address}"))
        assert "whether the message went is unknown" in str(refusal_of(lost))
        lost.close()
    screen = StringIO()
    Console(file=screen, width=500).print(Pretty([messenger, options, messenger._signature]))
    said = [caplog.text, repr(options), repr(messenger), screen.getvalue(), *(call.url for call in elks.calls)]
    assert not [text for text in said for private in PRIVATE if private in text]
    assert "POST" in caplog.text
