"""Adapters that are wrong in one way each: mistakes in what arrives, and how often."""

import logging
import os
import unicodedata
import warnings
from collections.abc import Callable
from hashlib import sha256
from itertools import islice
from time import sleep
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.testing.people import UNIT
from tests.kit.served import TOKEN
from tests.kit.wrong.mistake import Mistakes, Wrong, last, saying

ELSEWHERE = "https://www.1177.se/"


def _noting_first(right: Wrong, inbox: Any, notice: Any) -> Delivered:
    if notice.key in inbox._delivered:
        return Delivered.DUPLICATE
    inbox._delivered[notice.key] = notice
    if not inbox.reach(notice.person).reachable:
        raise DeliveryError(f"{notice.person.value} is not there")
    return Delivered.ACCEPTED


def _asking_before_noting(_: Wrong, inbox: Any, notice: Any) -> Delivered:
    known = notice.key in inbox._delivered
    sleep(0)
    inbox._delivered[notice.key] = notice
    return Delivered.DUPLICATE if known else Delivered.ACCEPTED


def _accepting_alone(_: Wrong, inbox: Any, notice: Any) -> Delivered:
    known = inbox.__dict__.setdefault("known", set())
    if notice.key in known:
        return Delivered.DUPLICATE
    known.add(notice.key)
    return Delivered.ACCEPTED


def _sending_again(right: Wrong, inbox: Any, notice: Any) -> Any:
    result = right(notice)
    if result is Delivered.DUPLICATE:
        inbox._delivered[f"{notice.key} {len(inbox._delivered)}"] = notice
    return result


def _kept_between_two_lines(right: Wrong, inbox: Any, notice: Any) -> Any:
    inbox.current = notice
    person = inbox.current.person
    return right(evolve(notice, person=person))


def _knowing_the_last_of_them(right: Wrong, inbox: Any, notice: Any) -> Any:
    answer = right(notice)
    for key in [*islice(inbox._delivered, max(0, len(inbox._delivered) - 256))]:
        del inbox._delivered[key]
    return answer


def _known_after_a_failure(right: Wrong, inbox: Any, notice: Any) -> Any:
    failed = inbox.__dict__.setdefault("failed", set())
    if notice.key in failed:
        return Delivered.DUPLICATE
    try:
        return right(notice)
    except DeliveryError as failure:
        if not failure.permanent:
            failed.add(notice.key)
        raise


def _asking_once_a_person(right: Wrong, inbox: Any, person: Any) -> Any:
    answers = inbox.__dict__.setdefault("answers", {})
    if str(person) not in answers:
        answers[str(person)] = right(person)
    return answers[str(person)]


def _with_a_wait(changed: Callable[[Any], Any]) -> Wrong:
    """Return a delivery whose error asks for another wait than the server."""

    def wrong(right: Wrong, _: Any, notice: Any) -> Any:
        try:
            return right(notice)
        except DeliveryError as failure:
            wait = failure.retry_after and changed(failure.retry_after)
            raise DeliveryError(str(failure), permanent=failure.permanent, retry_after=wait) from None

    return wrong


def _marking_first(right: Wrong, messenger: Any, *args: Any, key: str, **options: Any) -> Any:
    """Note a key in a file of its own, and write the message then."""
    messenger.folder.mkdir(parents=True, exist_ok=True)
    marker = messenger.folder / sha256(key.encode()).hexdigest()
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return Delivered.DUPLICATE
    return right(*args, key=key, **options)


def _notice_to(person: PersonId) -> Notice:
    return Notice(key="asked", unit=UNIT, person=person, template=Template.MESSAGE_TO_READ, link=ELSEWHERE)


INBOX: Mistakes = {
    ("deliver", "Inbox: isolated"): {"a-failure-counts-as-delivered": _noting_first},
    ("deliver", "Inbox: threads"): {
        "asked-before-it-is-noted": _asking_before_noting,
        "kept-between-two-lines": _kept_between_two_lines,
    },
    ("reach", "Inbox.reach: read only"): {
        "a-notice-by-asking": lambda right, self, person: last(
            self._delivered.setdefault(person.value, _notice_to(person)), right(person)
        ),
        "a-key-taken-by-asking": lambda right, self, person: last(
            self._delivered.setdefault("key-1", _notice_to(person)), right(person)
        ),
    },
    ("deliver", "Inbox: idempotent"): {
        "keys-as-the-names-of-files": lambda right, _, notice: right(evolve(notice, key=notice.key.lower().strip())),
        "keys-in-one-normal-form": lambda right, _, notice: right(
            evolve(notice, key=unicodedata.normalize("NFC", notice.key))
        ),
        "the-last-keys-alone": _knowing_the_last_of_them,
    },
    ("deliver", "Inbox: silent"): {
        "the-number-in-the-log": saying(logging.getLogger("inbox").info),
        "the-number-in-a-warning": saying(warnings.warn),
        "the-number-on-the-screen": saying(lambda text: os.write(2, text.encode())),
    },
    ("deliver", "Inbox: as given"): {
        "the-unit-of-the-first-notice": lambda right, self, notice: right(
            evolve(notice, unit=(*self.delivered, notice)[0].unit)
        ),
        "everything-to-the-first": lambda right, self, notice: right(
            evolve(notice, person=(*self.delivered, notice)[0].person)
        ),
        "a-masked-number": lambda right, _, notice: right(
            evolve(notice, person=PersonId("personnummer", "19850709XXXX"))
        ),
        "one-link-for-all": lambda right, _, notice: right(evolve(notice, link=ELSEWHERE)),
        "a-text-for-staff": lambda right, _, notice: right(evolve(notice, template=Template.PROGRAM_DONE)),
        "the-number-in-the-link": lambda right, _, notice: right(
            evolve(notice, link=f"{notice.link}?of={notice.person.value}")
        ),
        "accepted-and-not-delivered": _accepting_alone,
        "sent-again-and-called-known": _sending_again,
        "sent-before-it-is-refused": lambda right, self, notice: last(
            self._delivered.update({f"early {notice.key}": notice}), right(notice)
        ),
    },
    ("forget", "Inbox.forget"): {
        "forgotten-in-words": lambda right, self, keys: len({*keys} & {*self._delivered}),
        "the-first-portion-is-forgotten": lambda right, _, keys: right(islice(keys, 500)),
    },
}

SERVED_INBOX: Mistakes = {
    ("deliver", "Inbox: idempotent"): {"a-failure-makes-a-key-known": _known_after_a_failure},
    ("deliver", "Inbox: wait"): {
        "a-wait-is-dropped": _with_a_wait(lambda _: None),
        "a-wait-in-minutes": _with_a_wait(lambda wait: wait * 60),
    },
    ("reach", "Inbox.reach: fresh"): {"asked-once-a-masked-number": _asking_once_a_person},
    ("__repr__", "Inbox: silent"): {"the-token-in-the-repr": lambda right, _: f"{right()} with {TOKEN}"},
}

FILE_MESSENGER: Mistakes = {
    ("send", "Messenger: idempotent"): {"a-key-is-noted-before-its-message": _marking_first},
    ("send", "Messenger: forks"): {
        "keys-of-each-process": lambda right, _, *args, key, **options: right(
            *args, key=f"{key} {os.getpid()}", **options
        ),
    },
}

MESSENGER: Mistakes = {
    ("send", "Messenger: as given"): {
        "one-text-for-all": lambda right, _, to, template, *args, **options: right(
            to, Template.PROGRAM_DONE, *args, **options
        ),
    },
}
