"""People in every state, stored by a version of the package: to be carried over to later versions in tests.

This file runs under earlier versions too. Write the file of a version with the package of that version:

    PYTHONPATH=<its checkout>/src python tests/older_data.py tests/data/older/<its last revision>.sql
"""

import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from digital_painschool.adapters.memory import MemoryInbox
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.testing.environment import Environment
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import COLLEAGUE, RESERVE_NUMBER, SERIES
from digital_painschool.testing.scenario import Scenario

PEOPLE = (
    *("long_ended", "over", "fresh", "busy", "done", "kept", "kept_over", "ended", "collected", "in_doubt", "handed"),
    *("for_a_colleague", "undelivered"),
)
"""Who is stored, in the order of their ids."""
NUMBERS = dict(zip(PEOPLE, (*SERIES["personnummer"], *SERIES["samordningsnummer"][:1], RESERVE_NUMBER), strict=True))
IDS = {name: EnrolmentId(f"e-{number:04}") for number, name in enumerate(PEOPLE, start=1)}
STORED_AT = "2026-06-15 08:30"
"""When the file was left: half an hour before the run of collected notifications."""


class _Inbox(MemoryInbox):
    """An inbox whose answers are lost while it is away."""

    is_away = False

    def deliver(self, notice: Notice) -> Delivered:
        delivered = super().deliver(notice)
        if self.is_away:
            raise DeliveryError("the answer was lost")
        return delivered


def fill(url: str) -> None:
    """Let the people live on a SQLite file, and leave it in the middle of their treatments."""
    inbox = _Inbox()

    def ports(environment: Environment) -> Ports:
        return environment.ports(storage=SqlStorage(url, migrate=True), inbox=inbox)

    school = Scenario(ports)
    asks = "shortens" in signature(school.desk.maintain).parameters  # from version 0009 on
    longer: dict[str, Any] = {"shortens": True} if asks else {}
    _start(school)
    _treat(school, longer)
    school.at("2026-06-14 20:00")
    school.deliver()
    _leave(school, longer)
    school.at(STORED_AT)
    inbox.is_away = True
    school.deliver()
    school.close()


def _start(school: Scenario) -> None:
    school.at("2015-03-02 08:00")
    for name in PEOPLE:
        if name == "over":
            school.at("2025-05-02 08:00")
        if name == "fresh":
            school.at("2026-03-02 08:00")
        therapist = COLLEAGUE.hsa_id if name == "for_a_colleague" else None
        id_ = school.desk.start(NUMBERS[name], program="smartskola", therapist=therapist).id
        assert id_ == IDS[name]
        if name == "long_ended":
            school.desk.end(id_, reason="klar")


def _treat(school: Scenario, longer: Mapping[str, Any]) -> None:
    desk, busy, room = school.desk, IDS["busy"], school.school.patient(NUMBERS["busy"])
    room.read_page(busy, 1, 1)
    room.open_module(busy, 3)
    room.save_form(busy, PAIN, {"smarta": 3})
    desk.mark_read(busy, PAIN, opened=True)
    school.advance(days=3)
    room.save_form(busy, PAIN, {"smarta": 9})
    room.save_form(busy, DAILY, {"hemma": "bra", "fritext": "Å 🙂"})
    room.save_draft(busy, PAIN, {"smarta": 1})
    room.write(busy, "Får jag fråga en sak?")
    desk.review(busy, once="the review's key")
    desk.receive_notifications(email=True)
    school.deliver()
    school.complete(IDS["kept"], 1, 2)
    desk.maintain(IDS["kept_over"], days=1, modules=(1,), **longer)
    school.school.patient(NUMBERS["ended"]).save_form(IDS["ended"], PAIN, {"smarta": 5})
    desk.end(IDS["ended"], reason="avbruten")
    school.school.patient(NUMBERS["handed"]).write(IDS["handed"], "Hej!")
    school.coordinator.hand_over(IDS["handed"], COLLEAGUE.hsa_id)
    desk.start_conversation(IDS["undelivered"], "Välkommen!", notify=Notify.DIRECT)


def _leave(school: Scenario, longer: Mapping[str, Any]) -> None:
    plan = school.office.plan_purge()
    with TemporaryDirectory() as folder:
        school.office.export(folder)
    school.office.approve(plan, decision="RS 2026-1")
    school.complete(IDS["done"], 1, 2, 3)
    school.desk.maintain(IDS["kept"], days=30, modules=(1, 2), **longer)
    school.desk.start_conversation(IDS["collected"], "Hur går det?", notify=Notify.COLLECTED)
    school.desk.start_conversation(IDS["in_doubt"], "Ring mig.", notify=Notify.DIRECT)


def _write(path: Path) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "school.db"
        fill(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as connection:
            path.write_text("\n".join(connection.iterdump()) + "\n", "utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
