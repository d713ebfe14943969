"""What an e-mail of a notification holds: its headers, its texts, and nothing of a person."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from digital_painschool.adapters.plugin import painschool_messengers
from digital_painschool.adapters.smtp import Server, SmtpMessenger, Texts, read_texts
from digital_painschool.adapters.smtp.mail import Envelope, compose
from digital_painschool.domain.notification import Template
from digital_painschool.errors import ConfigurationError
from digital_painschool.labels.lookup import Language, label
from digital_painschool.ports.messaging import Address, Messenger
from digital_painschool.testing.people import OTHER_UNIT, UNIT

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LINK = "https://www.vgregion.se/sob?a=1&b=<2>"
SERVER = Server(host="mail.example", sender="noreply@vgregion.example", sender_name="Smärtskolan, Västra Götaland")
BOTH = [(template, language) for template in Template for language in Language]


def composed(
    template: Template = Template.PROGRAM_DONE,
    language: Language = Language.SWEDISH,
    *,
    key: str = "key-1",
    texts: Texts | None = None,
    unit: Any = UNIT,
    link: str = LINK,
) -> Envelope:
    """Return the message of a notification."""
    text = (texts or Texts()).of(template, language, unit)
    return compose(SERVER, Address("namn.efternamn@vgregion.example"), text, link, key=key, language=language, at=AT)


def read(envelope: Envelope) -> EmailMessage:
    """Return a message as its recipient's program reads it."""
    assert envelope.content.endswith(b"\r\n.\r\n")
    message = message_from_bytes(envelope.content[:-3].replace(b"\r\n..", b"\r\n."), policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> tuple[str, str]:
    """Return the plain text, and the text of the HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    return plain.get_content(), html.get_content()


@pytest.mark.rule("D-13c")
def test_the_headers_are_these_and_name_nobody_but_the_recipient() -> None:
    """Otherwise an answering machine would write back, or what passes many servers would say of whom it is."""
    message = read(composed())
    headers = {name: str(value) for name, value in message.items() if name != "Content-Type"}
    assert {
        "From": '"Smärtskolan, Västra Götaland" <noreply@vgregion.example>',
        "To": "namn.efternamn@vgregion.example",
        "Subject": "Digitala smärtskolan: en patient är klar",
        "Date": "Mon, 02 Mar 2026 08:00:00 +0000",
        "Message-ID": "<be2974546978e3739e6d6da85c4be9f3@vgregion.example>",
        "Content-Language": "sv",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
    } == headers
    assert "multipart/alternative" == message.get_content_type()


def test_the_message_id_comes_from_the_key_alone() -> None:
    """Otherwise a second copy could not be told from another message, or would say of what it is."""
    first, again = read(composed(key="digest 17")), read(composed(Template.ENDING, key="digest 17", unit=OTHER_UNIT))
    assert first["Message-ID"] == again["Message-ID"] != read(composed(key="digest 18"))["Message-ID"]
    assert "digest" not in str(first["Message-ID"])


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize(("template", "language"), BOTH)
def test_every_text_has_a_subject_in_each_language(template: Template, language: Language) -> None:
    """Otherwise a therapist could not tell one message from the other, or read it in the language of the unit."""
    message = read(composed(template, language))
    plain, html = parts(message)
    soup = BeautifulSoup(html, "html.parser")
    subjects = {Texts().of(one, spoken, UNIT).subject for one, spoken in BOTH}
    assert len(BOTH) == len(subjects)
    assert 60 > len(message["Subject"])
    assert f"{label(template, language)}\n\n{LINK}\n" == plain.replace("\r\n", "\n")
    assert [label(template, language), LINK] == [one.get_text() for one in soup.find_all("p")]
    assert [LINK] == [one["href"] for one in soup.find_all("a")]
    assert [message["Subject"]] == [one.get_text() for one in soup.find_all("title")]
    assert [language.value] == [one["lang"] for one in soup.find_all("html")]


def test_a_long_link_and_a_line_of_a_dot_arrive_as_they_are(tmp_path: Path) -> None:
    """Otherwise a message would end at the first line that begins with a dot, or its link lead nowhere."""
    path = tmp_path / "texts.toml"
    path.write_text('[sv.program-done]\ntext = ".\\n..\\n{link}\\n.slut"\n', "utf-8")
    link = f"https://painschool.example/{'read/' * 60}"
    envelope = composed(texts=read_texts(path), link=link)
    assert not [line for line in envelope.content[:-3].split(b"\r\n") if line == b"."]
    assert b"\n" not in envelope.content.replace(b"\r\n", b"")
    assert f".\n..\n{link}\n.slut\n" == parts(read(envelope))[0].replace("\r\n", "\n")


def test_a_unit_has_its_own_texts_and_what_it_leaves_out_is_as_for_all(tmp_path: Path) -> None:
    """Otherwise a unit would have to write all texts for one word, or get another unit's."""
    path = tmp_path / "texts.toml"
    path.write_text(
        f"""
[sv.program-done]
subject = "Alla: klar"
text = "Gemensam text."

[units.{UNIT.lower()}.sv.program-done]
text = "Läs på {{link}} & hör av dig <snart>."

[units.{UNIT.lower()}.en]
ending.subject = "Ours"
""",
        "utf-8",
    )
    texts = read_texts(path)
    sv, en = Language.SWEDISH, Language.ENGLISH
    assert ("Alla: klar", "Läs på {link} & hör av dig <snart>.") == texts.of(Template.PROGRAM_DONE, sv, UNIT)
    assert ("Alla: klar", "Gemensam text.\n\n{link}") == texts.of(Template.PROGRAM_DONE, sv, OTHER_UNIT)
    assert Texts().of(Template.PROGRAM_DONE, en, UNIT) == texts.of(Template.PROGRAM_DONE, en, UNIT)
    assert ("Ours", f"{label(Template.ENDING, en)}\n\n{{link}}") == texts.of(Template.ENDING, en, UNIT)
    plain, html = parts(read(composed(texts=texts)))
    assert f"Läs på {LINK} & hör av dig <snart>.\n" == plain.replace("\r\n", "\n")
    soup = BeautifulSoup(html, "html.parser")
    assert [f"Läs på {LINK} & hör av dig <snart>."] == [one.get_text() for one in soup.find_all("p")]


WRONG = {
    '[sv.program-done]\nsubject = "a\\nBcc: b@c.se"': "sv.program-done.subject: is one line of text",
    '[sv.program-done]\nsubject = "a\\rb"': "sv.program-done.subject: is one line of text",
    '[sv.program-done]\nsubject = ""': "sv.program-done.subject: is one line of text",
    '[sv.program-done]\nsubject = "Läs {link}"': "sv.program-done.subject: has no placeholder",
    f'[sv.program-done]\nsubject = "{"x" * 121}"': "sv.program-done.subject: has at most 120 characters",
    '[sv.program-done]\ntext = "Hej {name} {link}"': "sv.program-done.text: has {link} once, and no other brace",
    '[sv.program-done]\ntext = "{link} {link}"': "sv.program-done.text: has {link} once, and no other brace",
    '[sv.program-done]\ntext = "{link.__class__}"': "sv.program-done.text: has {link} once, and no other brace",
    '[sv.program-done]\ntext = " "': "sv.program-done.text: is text without control characters",
    '[sv.program-done]\ntext = "a\\u0007"': "sv.program-done.text: is text without control characters",
    "[sv.program-done]\ntext = 5": "sv.program-done.text: expected text",
    '[sv.program-done]\nbody = "x"': "sv.program-done.body: unknown key; the keys here are subject, text",
    '[sv.program-klar]\ntext = "x"': "sv.program-klar: expected one of message-to-read, program-done",
    '[fi.program-done]\ntext = "x"': "fi: unknown key; the keys here are sv, en, units",
    '[units.avdelning.sv.program-done]\ntext = "x"': "an HSA-id",
    f'[units.{UNIT}.sv.ending]\ntext = "x"\n[units.{UNIT.lower()}.sv.ending]\ntext = "y"': "comes twice",
    f'[units.{UNIT}.sv.ending]\ntext = "}}"': f"units.{UNIT}.sv.ending.text: has {{link}} once",
    "sv = 3": "sv: expected a table of keys",
    "[sv": "not valid TOML",
}


@pytest.mark.rule("D-13c")
@pytest.mark.parametrize("content", WRONG)
def test_a_text_that_cannot_be_is_refused_by_its_key(tmp_path: Path, content: str) -> None:
    """Otherwise a text could be a header of its own, ask for what a message must not say, or be passed over."""
    path = tmp_path / "texts.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        read_texts(path)
    assert str(refusal.value).startswith(f"texts_file {path}: ")
    assert WRONG[content] in str(refusal.value)
    assert refusal.value.__context__ is None


def made(**options: object) -> Messenger:
    """Make a messenger as settings do."""
    (factory,) = [one for one in painschool_messengers() if one.name == "smtp"]
    return factory.make({"host": "mail.example", "sender": "a@b.se", **options})


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"host": "a b"}, "option host: is the name of a host"),
    ({"sender": "Namn <a@b.se>"}, "option sender: is, in ASCII, one e-mail address"),
    ({"sender": "å@b.se"}, "option sender: is, in ASCII, one e-mail address"),
    ({"sender_name": "a\nBcc: b@c.se"}, "option sender_name: is one line of text"),
    ({"port": 0}, "option port: is a port, from 1 to 65535"),
    ({"port": True}, "option port: expected a whole number"),
    ({"security": "ssl"}, "option security: expected one of starttls, tls, none"),
    ({"seconds": 900}, "option seconds: is a number of seconds, at most 300"),
    ({"seconds": 0}, "option seconds: is a number of seconds, at most 300"),
    ({"user": "u"}, "user and password go together"),
    ({"user": "u", "password": "hemligt-losen", "security": "none"}, "a login needs STARTTLS or TLS"),
    ({"security": "none", "host": "mail.example.se"}, "a server on another machine needs STARTTLS or TLS"),
    ({"user": "u", "password": "hemligt-lösen"}, "option password: is text in ASCII"),
    ({"ca_file": "nowhere/ca.pem"}, "ca.pem cannot be read: No such file or directory"),
    ({"texts_file": "nowhere/texts.toml"}, "texts.toml: the file cannot be read"),
    ({"pasword": "hemligt"}, "did you mean password?"),
    ({"pasword": "hemligt-losen"}, "option pasword: unknown key; the keys here are host, sender"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED)
def test_an_option_that_cannot_be_is_refused_when_the_school_is_opened(options: dict[str, object], words: str) -> None:
    """Otherwise a slip would show as messages that never go, or send a password in the clear."""
    with pytest.raises(ConfigurationError) as refusal:
        made(**options)
    assert words in str(refusal.value)
    assert "hemligt" not in f"{refusal.value} {refusal.value.__context__!r}"


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    """Otherwise a wrong file would show as a certificate that is not accepted."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"'smtp': option 'ca_file': the file .*ca\.pem holds no certificate"):
        made(ca_file=str(tmp_path / "ca.pem"))


def test_a_messenger_shows_no_secret() -> None:
    """Otherwise a password would stand in the log of whoever prints a messenger."""
    messenger = made(user="smartskolan", password="hemligt-losen")
    assert isinstance(messenger, SmtpMessenger)
    assert "hemligt" not in f"{messenger!r} {vars(messenger)!r}"
    assert "namn.efternamn" not in repr(composed())
