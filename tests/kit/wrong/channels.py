"""Adapters that are wrong in one way each: mistakes in inboxes, messengers and staff directories."""

import logging
import tomllib
from collections.abc import Iterable
from itertools import takewhile
from types import SimpleNamespace
from typing import Any

from attrs import evolve

from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.inbox import Delivered, Reachability
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts import InboxContract
from tests.kit.served import TOKEN
from tests.kit.wrong.mistake import Mistakes, Wrong, last, saying


def _keeping() -> Wrong:
    """Return a question that is answered as it was before."""
    answers: dict[Any, Any] = {}

    def wrong(right: Wrong, directory: Any, *question: Any) -> Any:
        asked = (directory.path, *question)
        if asked not in answers:
            answers[asked] = right(*question)
        return answers[asked]

    return wrong


def _the_first_of_two(right: Wrong, directory: Any, hsa_id: Any) -> Any:
    tables = tomllib.loads(directory.path.read_text("utf-8"))
    [found, *others] = [table for name, table in tables.items() if name.upper() == hsa_id] or [None]
    return StaffEntry(email=found and Address(found["email"])) if others else right(hsa_id)


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
    return right(adapter.current, *args, **options)


def _texts_mixed_between_threads(right: Wrong, adapter: Any, to: Any, *text: Any, **options: Any) -> Any:
    adapter.text = text
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


INBOX: Mistakes = {
    ("deliver", "Inbox: threads"): {"persons-mixed-between-threads": _mixed_between_threads},
    ("reach", "Inbox: threads"): {"answers-mixed-between-threads": _mixed_between_threads},
    ("reach", "Inbox.reach: read only"): {
        "each-look-delivers": lambda right, self, person: last(
            self._delivered.setdefault(f"look {person.value}", InboxContract().notice("look", person)), right(person)
        ),
    },
    ("deliver", "Inbox: as given"): {
        "a-greeting-by-name": _adding("Hej Anna Andersson! {}"),
        "another-unit": lambda right, _, notice: right(evolve(notice, unit="SE2321000131-E000000000009")),
        "a-long-link-is-cut": lambda right, _, notice: right(evolve(notice, link=notice.link[:60])),
    },
    ("deliver", "Inbox: language"): {
        "every-notice-in-swedish": lambda right, _, notice: right(evolve(notice, language=Language.SWEDISH)),
    },
    ("forget", "Inbox.forget"): {
        "forget-goes-through-twice": lambda right, _, keys: right(keys) if any(keys) else 0,
        "forget-counts-what-it-was-told": lambda right, _, keys: last(right(keys := list(keys)), len(keys)),
        "forget-stops-at-the-unknown": _until_unknown,
        "forget-says-nothing-was-there": lambda right, _, keys: right(keys) * 0,
    },
    ("deliver", "Inbox: idempotent"): {
        "a-key-of-each-person": lambda right, _, notice: right(
            evolve(notice, key=f"{notice.key}{notice.person.value}")
        ),
        "one-person-s-second-notice": lambda right, self, notice: (
            Delivered.DUPLICATE if any(n.person == notice.person for n in self.delivered) else right(notice)
        ),
    },
    ("deliver", "Inbox.deliver: DeliveryError"): {
        "an-outage-of-one": lambda right, _, notice: _not_permanent(right, notice),
    },
    ("reach", "Inbox.reach: ways"): {
        "ways-to-nobody": lambda right, _, person: evolve(right(person), ways=frozenset({"sms"})),
    },
    ("reach", "Inbox.reach"): {"nobody-can-be-reached": lambda right, _, person: Reachability(reachable=False)},
    ("deliver", "Inbox: silent"): {
        "an-error-with-half-the-number": lambda right, self, notice: _raising_with(
            right, notice, notice.person.value[:8]
        ),
    },
}

MESSENGER: Mistakes = {
    ("send", "Messenger: as given"): {
        "an-address-in-small-letters": lambda right, _, to, *args, **options: right(
            Address(to.value.lower()), *args, **options
        ),
        "the-unit-of-the-first": lambda right, self, *args, unit, **options: right(
            *args, unit="SE2321000131-E000000000009" if self.sent else unit, **options
        ),
    },
    ("forget", "Messenger.forget"): {
        "forget-takes-the-recipient-s": lambda right, self, keys: last(
            n := len({*keys} & {*self._sent}), right([*self._sent] if n else []), n
        ),
    },
    ("send", "Messenger: idempotent"): {
        "a-key-of-each-template": lambda right, _, to, *args, key, **options: right(
            to, *args, key=f"{key}{to.value}", **options
        ),
    },
    ("send", "Messenger: language"): {
        "every-message-in-swedish": lambda right, _, *args, language, **options: right(*args, **options),
    },
}

DIRECTORY: Mistakes = {
    ("find", "Directory.find"): {
        "messages-by-sms-to-the-e-mail-address": lambda right, _, id_: (e := right(id_)) and evolve(e, sms=e.email),
        "an-entry-of-nothing": lambda right, _, id_: (
            right(id_) or evolve(next(iter(_._entries.values())), email=None, sms=None)
        ),
        "addresses-in-small-letters": lambda right, _, id_: (
            (e := right(id_)) and evolve(e, email=e.email and Address(e.email.value.lower()))
        ),
        "an-address-without-its-name": lambda right, _, id_: (
            (e := right(id_)) and evolve(e, email=e.email and Address(f"info@{e.email.value.rpartition('@')[2]}"))
        ),
    },
    ("find", "Directory: threads"): {"the-one-asked-last": _for_the_one_asked_last},
    ("works_at", "Directory.works_at"): {
        "a-colleague-of-any-unit": lambda _, self, __, id_: any(id_ in members for members in self._staff.values()),
        "a-unit-by-its-beginning": lambda _, self, unit, id_: any(
            of.startswith(unit) and id_ in members for of, members in self._staff.items()
        ),
        "works-where-there-is-an-entry": lambda _, self, __, id_: self.find(id_),
    },
    ("staff_of", "Directory.staff_of"): {
        "a-list-without-names": lambda right, _, unit, limit: tuple(
            evolve(one, name=None) for one in right(unit, limit)
        ),
        "one-too-few": lambda right, _, unit, limit: right(unit, limit)[1:],
        "one-twice": lambda right, _, *of: (*right(*of), *right(*of)[:1]),
    },
    ("staff_of", "Directory.staff_of: agreed"): {
        "a-list-of-the-region": lambda _, self, __, limit: tuple(
            one for of in self._staff.values() for one in of.values()
        )[:limit],
    },
    ("staff_of", "Directory.staff_of: bounded"): {
        "the-whole-list": lambda right, _, unit, __: right(unit, 99),
        "one-less-than-the-limit": lambda right, _, unit, limit: right(unit, limit - 1),
    },
}
FILE_DIRECTORY: Mistakes = {
    ("works_at", "Directory: fresh"): {"works-where-they-worked": _keeping()},
    ("staff_of", "Directory: fresh"): {"the-list-of-before": _keeping()},
    ("find", "Directory.find: DeliveryError"): {"the-first-of-two-entries": _the_first_of_two},
    ("find", "Directory: silent"): {
        "whom-it-was-asked-about-in-the-log": saying(logging.getLogger("directory").debug),
    },
    ("works_at", "Directory.works_at: DeliveryError"): {
        "an-outage-is-a-no": _answering_in_an_outage(False),
        "an-outage-for-good": _failing_otherwise(permanent=True),
    },
    ("staff_of", "Directory.staff_of: DeliveryError"): {"an-outage-is-an-empty-unit": _answering_in_an_outage(())},
    ("works_at", "Directory: silent"): {
        "the-colleague-in-an-error": lambda right, _, unit, hsa_id: _raising_with(
            lambda _: right(unit, hsa_id), None, hsa_id
        ),
    },
}
SERVED_INBOX: Mistakes = {
    ("reach", "Inbox.reach: DeliveryError"): {
        "no-account-in-an-outage": _no_account_in_an_outage,
        "a-question-for-good": _failing_otherwise(permanent=True),
    },
    ("deliver", "Inbox.deliver: DeliveryError"): {"an-outage-for-good": _failing_otherwise(permanent=True)},
    ("deliver", "Inbox: time-out"): {"a-time-out-is-accepted": _accepting_when_it_hangs},
    ("deliver", "Inbox: silent"): {
        "the-token-in-an-error": _failing_otherwise(f" with {TOKEN}"),
        "the-person-in-an-error": _failing_otherwise(" to {}"),
    },
}
SERVED_MESSENGER: Mistakes = {
    ("send", "Messenger.send: DeliveryError"): {"a-refusal-to-try-again": _failing_otherwise(permanent=False)},
    ("send", "Messenger: silent"): {"an-address-in-capitals": _failing_otherwise(" to {}")},
    ("send", "Messenger: threads"): {"texts-mixed-between-threads": _texts_mixed_between_threads},
    ("send", "Messenger: idempotent"): {"known-and-sent-again": _known_and_sent_again},
}
