"""Adapters that are wrong in one way each: mistakes in inboxes, messengers and staff directories."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from time import sleep
from typing import Any

from attrs import evolve

from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Reachability
from digital_painschool.ports.messaging import Address
from tests.kit.wrong.mistake import Mistake, Wrong, last


def _until_unknown(right: Wrong, _: Any, keys: Iterable[str]) -> int:
    return sum(takewhile(bool, (right([key]) for key in keys)))


def _not_permanent(right: Wrong, notice: Any) -> Any:
    try:
        return right(notice)
    except DeliveryError as refusal:
        raise DeliveryError(str(refusal)) from None


def _raising_with(right: Wrong, notice: Any, text: str) -> Any:
    try:
        return right(notice)
    except DeliveryError as refusal:
        raise DeliveryError(f"{refusal}: {text}", permanent=refusal.permanent) from None


def _for_the_one_asked_last(right: Wrong, directory: Any, hsa_id: Any) -> Any:
    directory.asked = hsa_id
    sleep(0)
    return right(directory.asked)


INBOX: Sequence[Mistake] = (
    Mistake(
        "forget-goes-through-twice", "Inbox.forget", "forget", lambda right, _, keys: right(keys) if any(keys) else 0
    ),
    Mistake(
        "forget-counts-what-it-was-told",
        "Inbox.forget",
        "forget",
        lambda right, _, keys: last(right(keys := list(keys)), len(keys)),
    ),
    Mistake(
        "forget-stops-at-the-unknown",
        "Inbox.forget",
        "forget",
        _until_unknown,
    ),
    Mistake("forget-says-nothing-was-there", "Inbox.forget", "forget", lambda right, _, keys: right(keys) * 0),
    Mistake(
        "a-key-of-each-person",
        "Inbox: idempotent",
        "deliver",
        lambda right, _, notice: right(evolve(notice, key=f"{notice.key}{notice.person.value}")),
    ),
    Mistake("an-outage-of-one", "Inbox.deliver", "deliver", lambda right, _, notice: _not_permanent(right, notice)),
    Mistake(
        "ways-to-nobody",
        "Inbox.reach",
        "reach",
        lambda right, _, person: evolve(right(person), ways=frozenset({"sms"})),
    ),
    Mistake("nobody-can-be-reached", "Inbox.reach", "reach", lambda right, _, person: Reachability(reachable=False)),
    Mistake(
        "a-long-link-is-cut",
        "Inbox: as given",
        "deliver",
        lambda right, _, notice: right(evolve(notice, link=notice.link[:60])),
    ),
    Mistake(
        "one-person-s-second-notice",
        "Inbox: idempotent",
        "deliver",
        lambda right, self, notice: (
            Delivered.DUPLICATE if any(n.person == notice.person for n in self.delivered) else right(notice)
        ),
    ),
    Mistake(
        "an-error-with-half-the-number",
        "Inbox: silent",
        "deliver",
        lambda right, self, notice: _raising_with(right, notice, notice.person.value[:8]),
    ),
)

MESSENGER: Sequence[Mistake] = (
    Mistake(
        "an-address-in-small-letters",
        "Messenger: as given",
        "send",
        lambda right, _, to, *args, **options: right(Address(to.value.lower()), *args, **options),
    ),
    Mistake(
        "an-sms-is-cut",
        "Messenger: as given",
        "send",
        lambda right, _, to, template, link, **options: right(to, template, link[:60], **options),
    ),
    Mistake(
        "forget-stops-at-the-unknown",
        "Messenger.forget",
        "forget",
        _until_unknown,
    ),
    Mistake(
        "forget-takes-the-recipient-s",
        "Messenger.forget",
        "forget",
        lambda right, self, keys: last(n := len({*keys} & {*self._sent}), right([*self._sent] if n else []), n),
    ),
    Mistake(
        "a-key-of-each-template",
        "Messenger: idempotent",
        "send",
        lambda right, _, to, template, link, key: right(to, template, link, key=f"{key}{to.value}"),
    ),
)

DIRECTORY: Sequence[Mistake] = (
    Mistake(
        "e-mail-and-sms-exchanged",
        "Directory.find",
        "find",
        lambda right, _, id_: (e := right(id_)) and evolve(e, email=e.sms, sms=e.email),
    ),
    Mistake(
        "an-entry-of-nothing",
        "Directory.find",
        "find",
        lambda right, _, id_: right(id_) or evolve(next(iter(_._entries.values())), email=None, sms=None),
    ),
    Mistake(
        "the-one-asked-last",
        "Directory: threads",
        "find",
        _for_the_one_asked_last,
    ),
    Mistake(
        "an-address-without-its-name",
        "Directory.find",
        "find",
        lambda right, _, id_: (
            (e := right(id_)) and evolve(e, email=e.email and Address(f"info@{e.email.value.rpartition('@')[2]}"))
        ),
    ),
)
