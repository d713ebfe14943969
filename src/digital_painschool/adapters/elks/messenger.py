"""The messaging port by 46elks: SMS to staff."""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from digital_painschool.adapters.elks.options import ElksOptions
from digital_painschool.adapters.elks.reports import Signature
from digital_painschool.adapters.elks.segments import outside_gsm7, segments
from digital_painschool.adapters.elks.texts import check_texts, sms_text
from digital_painschool.adapters.http.calls import CONFIGURATION, Answer, Call, Server, Verdict
from digital_painschool.adapters.own_texts import OwnTexts
from digital_painschool.adapters.phone_numbers import e164
from digital_painschool.adapters.tls import tls_context
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import ConfigurationError, DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address

_log = logging.getLogger(__name__)
_NAME = "46elks"
_OK, _BAD_REQUEST = 200, 400
_NO_TEXTS = OwnTexts()

ACCEPTED = frozenset({"created", "sent", "delivered"})
"""The statuses of a message that 46elks has taken."""
REFUSED: Mapping[int, Verdict] = MappingProxyType(
    {
        **CONFIGURATION,
        402: Verdict("the account has no credit (402); fill it up"),
        403: Verdict("the account has no credit or no right to send (403); fill it up, or correct the settings"),
    }
)
"""The answers that are a failure. None is permanent: an operator's mistake must flag nobody."""
_BAD_NUMBER = Verdict("it cannot send to the recipient's number (400)", permanent=True)
_ABOUT_NUMBER = re.compile(rb"""["'`]to\\?["'`]|(?:^|["'])\s*to\s*[:=]|\bto[ _-]number\b""", re.IGNORECASE)
"""The field `to` by its name. The bare word stands in any text, and would give up the messages of everybody."""
_ABOUT_SETTINGS = re.compile(rb"from|sender|whendelivered|url|dontlog|dryrun|account|missing|required", re.IGNORECASE)


class ElksMessenger:
    """The messaging port by 46elks. Rule: M-23, D-13c.

    46elks has no idempotency key (`remembers_keys = False`). After a lost answer it is unknown whether the message
    went, and the worker's next attempt may send it a second time. 46elks is asked to store no text (`dontlog`).

    Args:
        options: The account, the sender, the limits and the address of delivery reports.
        texts: The texts in place of the package's, for all units or for some.

    Raises:
        ConfigurationError: A text needs more SMS than the option `segments` allows, a report's address is not signed,
            or a file of certificates cannot be read.
    """

    remembers_keys = False

    def __init__(self, options: ElksOptions, texts: OwnTexts = _NO_TEXTS) -> None:
        self._options = options
        self._signature = _signature(options)
        check_texts(texts, options.segments)
        self._texts = texts
        account = (options.username.reveal(), options.password.reveal())
        context = tls_context("messenger '46elks'", options.ca_file)
        self._server = Server(_NAME, context, options.seconds, auth=account)
        if options.dry_run:
            _log.warning("messenger '46elks' makes dry runs: each message counts as delivered, and none is sent")

    @property
    def channel(self) -> Channel:
        """The channel that the messenger serves: SMS."""
        return Channel.SMS

    def send(
        self,
        recipient: Address,
        template: Template,
        link: str,
        *,
        key: str,
        unit: HsaId,
        language: Language = Language.SWEDISH,
    ) -> Delivered:
        text = sms_text(self._texts, template, language, unit, link)
        needed, allowed = segments(text), self._options.segments
        if needed > allowed:
            outside = outside_gsm7(text)
            spoils = f"; not in GSM-7, and so with 70 characters to an SMS: {outside}" if outside else ""
            raise DeliveryError(
                f"the text with its link needs {needed} SMS and the option 'segments' allows {allowed}; "
                f"shorten the link, or allow more{spoils}"
            )
        answer = self._server.post(f"{self._options.url.rstrip('/')}/sms", self._call(recipient, text, key))
        if answer.status != _OK:
            raise self._server.failure(answer, {**REFUSED, _BAD_REQUEST: _bad_request(answer)})
        status = _status(answer)
        if status in ACCEPTED:
            return Delivered.ACCEPTED
        if status == "failed":
            raise DeliveryError(f"{_NAME} could not send the message")
        raise DeliveryError(f"{_NAME} answered without a status that is known: whether the message went is unknown")

    def forget(self, keys: Iterable[str]) -> int:  # noqa: ARG002 - 46elks stores no text and no key
        return 0

    def close(self) -> None:
        """Close the connections; closing again does nothing."""
        self._server.close()

    def _call(self, recipient: Address, text: str, key: str) -> Call:
        """Return the call that sends a text; no frame above this one holds the number.

        Raises:
            DeliveryError: The recipient's number is none.
        """
        number = e164(recipient.value)
        if number is None:
            raise DeliveryError("the number in the staff directory is no number that an SMS can go to", permanent=True)
        form = {"from": self._options.sender, "to": number, "message": text, "dontlog": "message"}
        if self._options.dry_run:
            form["dryrun"] = "yes"
        if self._options.reports_url is not None and self._signature is not None:
            form["whendelivered"] = f"{self._options.reports_url}?{self._signature.query(key)}"
        return Call(urlencode(form).encode(), {"content-type": "application/x-www-form-urlencoded"})


def _signature(options: ElksOptions) -> Signature | None:
    if (options.reports_url is None) != (options.reports_secret is None):
        raise ConfigurationError("messenger '46elks': 'reports_url' and 'reports_secret' go together; set both or none")
    return None if options.reports_secret is None else Signature(options.reports_secret.reveal())


def _bad_request(answer: Answer) -> Verdict:
    """Return the meaning of a 400: only a text that names the field `to`, and no setting, is about the number."""
    about_number = _ABOUT_NUMBER.search(answer.body) and not _ABOUT_SETTINGS.search(answer.body)
    return _BAD_NUMBER if about_number else CONFIGURATION[_BAD_REQUEST]


def _status(answer: Answer) -> str | None:
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    status = data.get("status") if isinstance(data, dict) else None
    return status if isinstance(status, str) else None
