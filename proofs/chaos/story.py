"""A short story without any chaos in it, journaled like chaos: what the audit is tried on."""

from itertools import count
from pathlib import Path
from random import Random

from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor
from digital_painschool.testing.environment import INSTANT, local
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, NURSE, RESERVE_NUMBER
from proofs.chaos.calls import Visit
from proofs.chaos.cast import HOUSES, opened
from proofs.chaos.clock import SteppingClock
from proofs.chaos.deliverer import passed, quiet_passes, save_profiles, school_of
from proofs.chaos.journal import Journal
from proofs.chaos.setting import Setting
from proofs.chaos.trouble import NONE, TAKEN_AND_FAILS
from proofs.chaos.web import started, visited

_WEB, _WORKER = 1, 2
KEY = "a double click"
"""The key under which the story repeats a call."""


class Story:
    """People at the first unit, and a delivery worker with an inbox that can be told to go wrong.

    Args:
        url: The database, with its schema.
        folder: Where the journals go.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.setting = Setting(url=url, folder=folder, seconds=0)
        save_profiles(url)
        self._now = local("2026-03-02 08:00")
        self._journal = Journal(folder, _WEB, "web")
        self._worker = Journal(folder, _WORKER, "delivering")
        ids = count(1)
        self._school = opened(self.setting, lambda: self._now, new_id=lambda _: f"e{next(ids)}")

    def at(self, text: str) -> None:
        """Set the clock to a local time."""
        self._now = local(text)

    def start(self, number: str = ANNA, key: str = "smartskola", therapist: Actor = NURSE) -> Enrolment:
        """Start an enrolment."""
        self._now += INSTANT
        came = started(self._journal, self._school, HOUSES[0], number, key, therapist=therapist, at=self._now)
        assert isinstance(came, Enrolment)
        return came

    def do(self, name: str, enrolment: Enrolment, notify: Notify = Notify.NONE, once: str | None = None) -> object:
        """Do one of the things that people do, under a key perhaps; gives the answer, or the error."""
        self._now += INSTANT
        visit = Visit(
            school=self._school,
            random=Random(0),
            house=HOUSES[0],
            enrolment=enrolment,
            text=once or f"{name} {self._now:%j%H%M%S%f}",
            notify=notify,
            once=once,
        )
        return visited(self._journal, name, visit, at=self._now)

    def deliver(self, trouble: str = NONE) -> None:
        """Make a pass, with one trouble at every send."""
        clock = SteppingClock(self._now)
        with school_of(self.setting, self._worker, Random(0), clock.draw, trouble) as school:
            passed(self._worker, school.delivery(batch=self.setting.batch, lease=self.setting.lease))
        self._now = clock.now

    def over(self) -> Setting:
        """Make the quiet passes; gives what was run."""
        self._school.close()
        quiet_passes(self.setting, self._now)
        return self.setting


def tell(url: str, folder: Path) -> Setting:
    """Tell a story in which there is a notification of every fate."""
    story = Story(url, folder)
    anna, annas_sleep = story.start(), story.start(key="somnskola")
    bo, unreachable = story.start(BO, therapist=COLLEAGUE), story.start(RESERVE_NUMBER)
    story.do("save_form", anna)
    story.do("therapist_begins", anna, Notify.COLLECTED)
    story.do("therapist_begins", annas_sleep, Notify.COLLECTED)  # the two are one notification
    story.do("therapist_begins", unreachable, Notify.DIRECT)
    story.do("therapist_begins", bo, Notify.COLLECTED)
    story.do("patient_begins", bo)
    story.do("open_module", anna)
    story.do("complete_module", anna)
    story.do("therapist_writes", evolve(anna, conversations=()), Notify.DIRECT)
    story.do("patient_reads", bo)  # its notification is going to be dropped
    story.at("2026-03-02 09:00")
    story.deliver(TAKEN_AND_FAILS)
    story.at("2026-03-02 13:00")
    story.do("therapist_writes", anna, Notify.COLLECTED)  # of the same lane, and the one before it has gone
    for _ in range(2):
        story.do("hand_over", anna, once=KEY)
    story.do("therapist_writes", anna)  # by the wrong one
    story.at("2026-03-03 10:00")
    story.deliver()
    story.do("therapist_begins", bo, Notify.COLLECTED)
    story.do("end", bo)  # and drops it
    story.do("save_form", bo)  # too late
    story.do("open_form", annas_sleep)
    story.at("2026-03-03 13:00")
    story.do("therapist_writes", annas_sleep, Notify.COLLECTED)
    story.at("2026-03-04 13:00")
    story.do("therapist_writes", annas_sleep, Notify.COLLECTED)  # two of one lane, so that one stands for both
    return story.over()
