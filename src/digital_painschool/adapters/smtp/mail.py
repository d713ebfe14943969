"""A notification as an e-mail: its headers, its plain text and its simple HTML. Rule: D-13c."""

import re
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from hashlib import sha256
from html import escape

from attrs import field, frozen

from digital_painschool.adapters.own_texts import LINK
from digital_painschool.adapters.smtp.server import Server
from digital_painschool.adapters.smtp.texts import Text
from digital_painschool.domain.email_address import wire_form
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.messaging import Address

_DOT = re.compile(rb"^\.", re.MULTILINE)


def _masked(content: bytes) -> Masked[bytes]:
    return Masked(content)


@frozen(kw_only=True)
class Envelope:
    """A message as SMTP takes it.

    Args:
        sender: The sender's address.
        recipient: The recipient's address, its domain in ASCII; masked when shown.
        content: The message, with its lines and its end as `DATA` wants them; masked when shown.
        extensions: The extensions of SMTP that `MAIL FROM` asks for.
    """

    sender: str
    _recipient: Masked[str] = field(converter=masked_text)
    _content: Masked[bytes] = field(converter=_masked)
    extensions: tuple[str, ...] = ()

    @property
    def recipient(self) -> str:
        """The recipient's address."""
        return self._recipient.reveal()

    @property
    def content(self) -> bytes:
        """The message."""
        return self._content.reveal()


def compose(
    server: Server, recipient: Address, text: Text, link: str, *, key: str, language: Language, at: datetime
) -> Envelope:
    """Return the message of a notification.

    The headers hold the recipient's address in `To`, and nothing else of a person. `Message-ID` comes from the key
    alone, so that it is the same for every attempt.

    Args:
        server: The server, with the sender.
        recipient: The address.
        text: The subject and the text.
        link: Where to read.
        key: The idempotency key.
        language: The language of the text.
        at: The present instant, for `Date`.

    Raises:
        DeliveryError: The address is not one e-mail address; permanent.
    """
    to = wire_form(recipient.value)
    if to is None:
        raise DeliveryError("the staff directory has what is no e-mail address; correct it there", permanent=True)
    plain = to.isascii()
    message = EmailMessage(policy=SMTP if plain else SMTPUTF8)
    message["From"] = _mailbox(server.sender_name or "", server.sender)
    message["To"] = _mailbox("", to)
    message["Subject"] = text.subject
    message["Date"] = at
    message["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:32]}@{server.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(f"{text.body.replace(LINK, link)}\n", cte="quoted-printable")
    message.add_alternative(_html(text, link, language), subtype="html", cte="quoted-printable")
    message["Content-Language"] = language.value  # after the parts, which would take it for theirs
    content = _DOT.sub(b"..", message.as_bytes()) + b".\r\n"
    return Envelope(
        sender=server.sender,
        recipient=to,
        content=content,
        extensions=() if plain else ("SMTPUTF8", "BODY=8BITMIME"),
    )


def _mailbox(name: str, address: str) -> Mailbox:
    local, _, domain = address.rpartition("@")
    return Mailbox(name, local, domain)


def _html(text: Text, link: str, language: Language) -> str:
    where = escape(link)
    body = escape(text.body).replace(LINK, f'<a href="{where}">{where}</a>')
    paragraphs = "".join(f"<p>{part.replace(chr(10), '<br>')}</p>\n" for part in body.split("\n\n"))
    return (
        f'<!DOCTYPE html>\n<html lang="{language.value}">\n<head><meta charset="utf-8">'
        f"<title>{escape(text.subject)}</title></head>\n<body>\n{paragraphs}</body>\n</html>\n"
    )
