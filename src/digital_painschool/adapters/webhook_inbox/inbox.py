"""The inbox port by signed webhooks to the region's integration platform."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from uuid import uuid4

from digital_painschool.adapters.http.calls import CONFIGURATION, Answer, Call, Server, Verdict
from digital_painschool.adapters.tls import tls_context
from digital_painschool.adapters.webhook_inbox.events import (
    FORGET,
    NOTICE,
    REACH,
    Signer,
    forget_data,
    notice_data,
    person_data,
)
from digital_painschool.adapters.webhook_inbox.options import WebhookOptions
from digital_painschool.domain.pace import NATIONAL_INBOX, ChannelPace
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Notice, Reachability

_NAME = "the integration platform"
_OK = 200
_MOST_KEYS = 1000
"""The most keys of one event: the usual limit of a body is 1 MiB, and a purge asks for those of 1000 enrolments."""

DELIVERED: Mapping[int, Delivered] = MappingProxyType(
    {
        **dict.fromkeys((200, 201, 202, 204), Delivered.ACCEPTED),
        **dict.fromkeys((208, 409), Delivered.DUPLICATE),
    }
)
"""The answers to a notice that are a success."""
REFUSED: Mapping[int, Verdict] = MappingProxyType(
    {
        **CONFIGURATION,
        404: Verdict("it has no such address (404); correct the URL, or let it answer 422 for an unknown recipient"),
        410: Verdict("the recipient is there no more (410)", permanent=True),
        422: Verdict("it cannot deliver to the recipient (422)", permanent=True),
    }
)
"""The answers to a notice that are a failure. A permanent one becomes the therapist's flag (D-13d)."""


class WebhookInbox:
    """The inbox port by signed webhooks. Rule: M-12, D-13c, D-13d.

    The platform must know a key for good: a worker that lost an answer sends the same key again, days later too.

    Args:
        options: The URLs, the secrets, the certificates and the time of a call.
        clock: Returns the present instant, for the timestamps.

    Raises:
        ConfigurationError: A secret has another form, or a file of a certificate cannot be read.
    """

    pace: ChannelPace = NATIONAL_INBOX
    """The pace of the national inbox behind the platform (D-13e); settings set another, or lift it."""

    def __init__(self, options: WebhookOptions, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._options = options
        self._clock = clock
        self._signer = Signer(options.secrets())
        context = tls_context("inbox 'webhook'", options.ca_file, options.certificate_file, options.key_file)
        self._server = Server(_NAME, context, options.seconds)

    def reach(self, person: PersonId) -> Reachability:
        event = self._event(REACH, {"person": person_data(person)}, _new_id())
        answer = self._server.post(self._options.reach_url, event)
        known = _table(answer)
        if answer.status != _OK:
            raise self._server.failure(answer, CONFIGURATION)
        reachable, ways = known.get("reachable"), _texts(known.get("ways", []))
        if not isinstance(reachable, bool) or ways is None:
            raise DeliveryError(
                f'{_NAME} answered without "reachable": true or false, or with "ways" that are no texts'
            )
        return Reachability(reachable, ways if reachable else frozenset())

    def deliver(self, notice: Notice) -> Delivered:
        answer = self._server.post(self._options.url, self._event(NOTICE, notice_data(notice), notice.key))
        delivered = DELIVERED.get(answer.status)
        if delivered is None:
            raise self._server.failure(answer, REFUSED)
        if answer.is_web_page:
            raise DeliveryError(f"{_NAME} answered with a web page, such as a proxy's login; correct the URL")
        return delivered

    def forget(self, keys: Iterable[str]) -> int:
        url, rest = self._options.forget_url, iter(keys)
        if url is None:
            return 0
        deleted = 0
        while asked := tuple(islice(rest, _MOST_KEYS)):
            deleted += self._forget(url, asked)
        return deleted

    def _forget(self, url: str, asked: Sequence[str]) -> int:
        answer = self._server.post(url, self._event(FORGET, forget_data(asked), _new_id()))
        if answer.status != _OK:
            raise self._server.failure(answer, CONFIGURATION)
        deleted = _table(answer).get("deleted")
        if type(deleted) is not int or not 0 <= deleted <= len(asked):
            raise DeliveryError(f'{_NAME} answered without "deleted", the number of notices that it deleted')
        return deleted

    def close(self) -> None:
        """Close the connections; closing again does nothing."""
        self._server.close()

    def _event(self, type_: str, data: Mapping[str, object], id_: str) -> Call:
        return self._signer.event(type_, data, id_=id_, source=self._options.source, at=self._clock())


def _new_id() -> str:
    # A question is not the question before it: a receiver that knows ids must answer both.
    return uuid4().hex


def _table(answer: Answer) -> Mapping[str, object]:
    """Return the JSON object of an answer; an empty one where the body is anything else."""
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _texts(ways: object) -> frozenset[str] | None:
    if isinstance(ways, list) and all(isinstance(way, str) for way in ways):
        return frozenset(ways)
    return None
