"""Adapters that are wrong in one way each: mistakes in what arrives, and how often."""

from time import sleep
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.testing.people import UNIT
from tests.kit.wrong.mistake import Mistakes, Wrong, last

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


def _notice_to(person: PersonId) -> Notice:
    return Notice(key="asked", unit=UNIT, person=person, template=Template.MESSAGE_TO_READ, link=ELSEWHERE)


INBOX: Mistakes = {
    ("deliver", "Inbox: isolated"): {"a-failure-counts-as-delivered": _noting_first},
    ("deliver", "Inbox: threads"): {"asked-before-it-is-noted": _asking_before_noting},
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
    },
    ("deliver", "Inbox: as given"): {
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
    ("forget", "Inbox.forget"): {"forgotten-in-words": lambda right, self, keys: len({*keys} & {*self._delivered})},
}

MESSENGER: Mistakes = {
    ("send", "Messenger: as given"): {
        "one-text-for-all": lambda right, _, to, template, *args, **options: right(
            to, Template.PROGRAM_DONE, *args, **options
        ),
    },
}
