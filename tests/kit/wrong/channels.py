"""Adapters that are wrong in one way each: mistakes in inboxes, messengers and staff directories."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from time import sleep
from types import SimpleNamespace
from typing import Any

from attrs import evolve

from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered, Reachability
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts import InboxContract
from tests.kit.served import TOKEN
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


def _no_account_in_an_outage(right: Wrong, _: Any, person: Any) -> Reachability:
    try:
        answer: Reachability = right(person)
    except DeliveryError:
        return Reachability(reachable=False)
    return answer


def _answering_in_an_outage(answer: object) -> Wrong:
    """Return a question whose failure is taken for an answer."""

    def wrong(right: Wrong, _: Any, *args: Any) -> Any:
        try:
            return right(*args)
        except DeliveryError:
            return answer

    return wrong


def _accepting_when_it_hangs(right: Wrong, adapter: Any, *args: Any, **options: Any) -> Any:
    try:
        return right(*args, **options)
    except DeliveryError:
        if (adapter.place / "hangs").exists():
            return Delivered.ACCEPTED
        raise


def _failing_otherwise(text: str = "", *, permanent: bool | None = None) -> Wrong:
    """Return a method that raises its error with more text, which may name the recipient, or otherwise permanent."""

    def wrong(right: Wrong, _: Any, first: Any, *args: Any, **options: Any) -> Any:
        try:
            return right(first, *args, **options)
        except DeliveryError as failure:
            name = getattr(first, "person", first)
            said = text.format(getattr(name, "value", "").upper())
            permanent_ = failure.permanent if permanent is None else permanent
            raise DeliveryError(f"{failure}{said}", permanent=permanent_) from None

    return wrong


def _mixed_between_threads(right: Wrong, adapter: Any, first: Any, *args: Any, **options: Any) -> Any:
    adapter.current = first
    sleep(0.0005)
    return right(adapter.current, *args, **options)


def _texts_mixed_between_threads(right: Wrong, adapter: Any, to: Any, *text: Any, **options: Any) -> Any:
    adapter.text = text
    sleep(0.0005)
    return right(to, *adapter.text, **options)


def _adding(text: str) -> Wrong:
    """Return a delivery whose text says more than the template."""
    return lambda right, _, notice: right(evolve(notice, template=_with(text, notice.template)))


def _with(text: str, template: Any) -> Any:
    return SimpleNamespace(text_in=lambda language: text.format(template.text_in(language)))


def _known_and_sent_again(right: Wrong, messenger: Any, *args: Any, key: str, **options: Any) -> Any:
    known = key in {message.key.partition(" again")[0] for message in messenger.sent}
    right(*args, key=f"{key} again {len(messenger.sent)}", **options)
    return Delivered.DUPLICATE if known else Delivered.ACCEPTED


INBOX: Sequence[Mistake] = (
    Mistake("persons-mixed-between-threads", "Inbox: threads", "deliver", _mixed_between_threads),
    Mistake("answers-mixed-between-threads", "Inbox: threads", "reach", _mixed_between_threads),
    Mistake(
        "each-look-delivers",
        "Inbox.reach: read only",
        "reach",
        lambda right, self, person: last(
            self._delivered.setdefault(f"look {person.value}", InboxContract().notice("look", person)), right(person)
        ),
    ),
    Mistake("a-greeting-by-name", "Inbox: as given", "deliver", _adding("Hej Anna Andersson! {}")),
    Mistake(
        "every-notice-in-swedish",
        "Inbox: language",
        "deliver",
        lambda right, _, notice: right(evolve(notice, language=Language.SWEDISH)),
    ),
    Mistake(
        "another-unit",
        "Inbox: as given",
        "deliver",
        lambda right, _, notice: right(evolve(notice, unit="SE2321000131-E000000000009")),
    ),
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
    Mistake(
        "an-outage-of-one",
        "Inbox.deliver: DeliveryError",
        "deliver",
        lambda right, _, notice: _not_permanent(right, notice),
    ),
    Mistake(
        "ways-to-nobody",
        "Inbox.reach: ways",
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
        "forget-takes-the-recipient-s",
        "Messenger.forget",
        "forget",
        lambda right, self, keys: last(n := len({*keys} & {*self._sent}), right([*self._sent] if n else []), n),
    ),
    Mistake(
        "a-key-of-each-template",
        "Messenger: idempotent",
        "send",
        lambda right, _, to, *args, key, **options: right(to, *args, key=f"{key}{to.value}", **options),
    ),
    Mistake(
        "the-unit-of-the-first",
        "Messenger: as given",
        "send",
        lambda right, self, *args, unit, **options: right(
            *args, unit="SE2321000131-E000000000009" if self.sent else unit, **options
        ),
    ),
    Mistake(
        "every-message-in-swedish",
        "Messenger: language",
        "send",
        lambda right, _, *args, language, **options: right(*args, **options),
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
    Mistake(
        "a-colleague-of-any-unit",
        "Directory.works_at",
        "works_at",
        lambda _, self, __, id_: any(id_ in members for members in self._staff.values()),
    ),
    Mistake("works-where-there-is-an-entry", "Directory.works_at", "works_at", lambda _, self, __, id_: self.find(id_)),
    Mistake(
        "a-list-without-names",
        "Directory.staff_of",
        "staff_of",
        lambda right, _, unit, limit: tuple(evolve(one, name=None) for one in right(unit, limit)),
    ),
    Mistake("one-too-few", "Directory.staff_of", "staff_of", lambda right, _, unit, limit: right(unit, limit)[1:]),
    Mistake("one-twice", "Directory.staff_of", "staff_of", lambda right, _, *of: (*right(*of), *right(*of)[:1])),
    Mistake(
        "a-list-of-the-region",
        "Directory.staff_of: agreed",
        "staff_of",
        lambda _, self, __, limit: tuple(one for of in self._staff.values() for one in of.values())[:limit],
    ),
    Mistake("the-whole-list", "Directory.staff_of: bounded", "staff_of", lambda right, _, unit, __: right(unit, 99)),
    Mistake(
        "one-less-than-the-limit",
        "Directory.staff_of: bounded",
        "staff_of",
        lambda right, _, unit, limit: right(unit, limit - 1),
    ),
)
FILE_DIRECTORY: Sequence[Mistake] = (
    Mistake("an-outage-is-a-no", "Directory.works_at: DeliveryError", "works_at", _answering_in_an_outage(False)),
    Mistake("an-outage-is-an-empty-unit", "Directory.staff_of: DeliveryError", "staff_of", _answering_in_an_outage(())),
    Mistake("an-outage-for-good", "Directory.works_at: DeliveryError", "works_at", _failing_otherwise(permanent=True)),
    Mistake(
        "the-colleague-in-an-error",
        "Directory: silent",
        "works_at",
        lambda right, _, unit, hsa_id: _raising_with(lambda _: right(unit, hsa_id), None, hsa_id),
    ),
)
SERVED_INBOX: Sequence[Mistake] = (
    Mistake("no-account-in-an-outage", "Inbox.reach: DeliveryError", "reach", _no_account_in_an_outage),
    Mistake("an-outage-for-good", "Inbox.deliver: DeliveryError", "deliver", _failing_otherwise(permanent=True)),
    Mistake("a-question-for-good", "Inbox.reach: DeliveryError", "reach", _failing_otherwise(permanent=True)),
    Mistake("a-time-out-is-accepted", "Inbox: time-out", "deliver", _accepting_when_it_hangs),
    Mistake("the-token-in-an-error", "Inbox: silent", "deliver", _failing_otherwise(f" with {TOKEN}")),
    Mistake("the-person-in-an-error", "Inbox: silent", "deliver", _failing_otherwise(" to {}")),
)
SERVED_MESSENGER: Sequence[Mistake] = (
    Mistake("a-refusal-to-try-again", "Messenger.send: DeliveryError", "send", _failing_otherwise(permanent=False)),
    Mistake("an-address-in-capitals", "Messenger: silent", "send", _failing_otherwise(" to {}")),
    Mistake("texts-mixed-between-threads", "Messenger: threads", "send", _texts_mixed_between_threads),
    Mistake("known-and-sent-again", "Messenger: idempotent", "send", _known_and_sent_again),
)
