"""Adapters that are wrong in one way each: mistakes in what arrives, and how often."""

from collections.abc import Sequence
from time import sleep
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from tests.kit.wrong.mistake import Mistake, Wrong, last

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


INBOX: Sequence[Mistake] = (
    Mistake("a-failure-counts-as-delivered", "Inbox: isolated", "deliver", _noting_first),
    Mistake("asked-before-it-is-noted", "Inbox: threads", "deliver", _asking_before_noting),
    Mistake(
        "delivered-by-asking",
        "Inbox.reach: read only",
        "reach",
        lambda right, self, person: last(self._delivered.update({"key-1": None}), right(person)),
    ),
    Mistake(
        "keys-as-the-names-of-files",
        "Inbox: idempotent",
        "deliver",
        lambda right, _, notice: right(evolve(notice, key=notice.key.lower().strip())),
    ),
    Mistake(
        "everything-to-the-first",
        "Inbox: as given",
        "deliver",
        lambda right, self, notice: right(evolve(notice, person=(*self.delivered, notice)[0].person)),
    ),
    Mistake(
        "a-masked-number",
        "Inbox: as given",
        "deliver",
        lambda right, _, notice: right(evolve(notice, person=PersonId("personnummer", "19850709XXXX"))),
    ),
    Mistake(
        "one-link-for-all",
        "Inbox: as given",
        "deliver",
        lambda right, _, notice: right(evolve(notice, link=ELSEWHERE)),
    ),
    Mistake(
        "a-text-for-staff",
        "Inbox: as given",
        "deliver",
        lambda right, _, notice: right(evolve(notice, template=Template.PROGRAM_DONE)),
    ),
    Mistake(
        "the-number-in-the-link",
        "Inbox: as given",
        "deliver",
        lambda right, _, notice: right(evolve(notice, link=f"{notice.link}?of={notice.person.value}")),
    ),
    Mistake("accepted-and-not-delivered", "Inbox: as given", "deliver", _accepting_alone),
    Mistake("sent-again-and-called-known", "Inbox: as given", "deliver", _sending_again),
    Mistake(
        "sent-before-it-is-refused",
        "Inbox: as given",
        "deliver",
        lambda right, self, notice: last(self._delivered.update({f"early {notice.key}": notice}), right(notice)),
    ),
    Mistake(
        "forgotten-in-words",
        "Inbox.forget",
        "forget",
        lambda right, self, keys: len({*keys} & {*self._delivered}),
    ),
)

MESSENGER: Sequence[Mistake] = (
    Mistake(
        "one-text-for-all",
        "Messenger: as given",
        "send",
        lambda right, _, to, template, *args, **options: right(to, Template.PROGRAM_DONE, *args, **options),
    ),
)
