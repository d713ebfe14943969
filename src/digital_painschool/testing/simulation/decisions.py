"""What a therapist decides: at a review whether to go on, what comes next, and what becomes of it in the end."""

from datetime import time
from typing import TYPE_CHECKING

from digital_painschool.domain.program import Ordering
from digital_painschool.errors import Reason
from digital_painschool.ports.storage import find_cancellable
from digital_painschool.testing.simulation.audit import check_state
from digital_painschool.testing.simulation.days import DAY, instant
from digital_painschool.testing.simulation.findings import Law
from digital_painschool.testing.simulation.reference_model import Account, Stage

if TYPE_CHECKING:
    from digital_painschool.testing.simulation.therapists import TherapistLife


class Decisions:
    """Reviews, releases, maintenances and ends of one therapist.

    Args:
        life: Whose.
    """

    def __init__(self, life: "TherapistLife") -> None:
        self.life = life
        self._scene = life.scene
        self._chance = life.chance
        self._habits = life.habits

    def review(self, account: Account) -> None:
        """Review a patient's progress: look, write perhaps, end it perhaps when the patient is silent."""
        refusal = self.life.shut(account, after_end=True)
        state = self.life.ask("look at an enrolment", lambda: self.life.desk.enrolment(account.id), account, refusal)
        if state is not None:
            check_state(self._scene, account, state)
        done = self.life.ask("review", lambda: self.life.desk.review(account.id), account, self.life.shut(account))
        if done is None:
            return
        account.reviewed = self._scene.now
        account.enter(self._scene.now)
        self.release(account)
        if self._chance.happens(self._habits.writes_at_review):
            conversation = self._chance.whole(1, len(account.talks)) if account.talks else None
            self.life.write(account, self.life.notify(), conversation)
        if account.done and account.stage is Stage.ACTIVE and self._chance.happens(self._habits.maintains_early):
            self._maintain(account)
        silent = self._scene.now - (account.seen or account.started) > self._habits.silent_days * DAY
        if silent and account.stage is Stage.ACTIVE and self._chance.happens(self._habits.ends_silent):
            if self._chance.happens(self._habits.says_goodbye):
                self.life.write(account, self.life.notify())
            self._end(account, -2)

    def decide(self, account: Account) -> None:
        """See to an enrolment whose time is over: maintain it, or end it."""
        if account.stage is Stage.ACTIVE and self._chance.happens(self._habits.maintains):
            self._maintain(account)
        else:
            self._end(account, 0)

    def _maintain(self, account: Account) -> None:
        now, policy = self._scene.now, self._scene.unit.policy
        days = self._chance.whole(*self._habits.maintained_days)
        modules = {self._chance.pick(account.treatment.modules) for _ in range(3)}
        fewest, most = policy.maintenance_days
        if self._chance.happens(self._habits.maintains_too_long):
            days = most + 1
        refusal = self.life.shut(account) or (None if fewest <= days <= most else Reason.DAYS_OUT_OF_RANGE)
        done = self.life.ask(
            "maintain", lambda: self.life.desk.maintain(account.id, days=days, modules=modules), account, refusal
        )
        if done is None:
            return
        account.stage = Stage.MAINTENANCE
        account.maintained = frozenset(modules)
        account.access_until = instant(self._scene.tellings.day(now) + (days + 1) * DAY, time(0), policy.zone)
        account.enter(now)
        self._scene.access_moved(account)

    def _end(self, account: Account, reason: int) -> None:
        key = account.treatment.program.end_reasons[reason].key
        for _ in range(1 + self._chance.happens(self._habits.double_click)):
            done = self.life.ask(
                "end", lambda: self.life.desk.end(account.id, reason=key), account, self.life.shut(account)
            )
            if done is not None:
                account.stage = Stage.ENDED
                account.ended = self._scene.now
                account.enter(self._scene.now)
                self._check_nothing_waits(account)
                self._scene.ended(account)

    def _check_nothing_waits(self, account: Account) -> None:
        if find_cancellable(self._scene.storage, account.id):
            self._scene.find(
                Law.TOLD_ONCE_IN_TIME, account.id, "ended, and a notification that nobody tried still waits"
            )

    def release(self, account: Account) -> None:
        """Let the patient open what comes after the last completed module, where that is the therapist's to do."""
        treatment = account.treatment
        if treatment.program.ordering is not Ordering.RELEASED or account.stage is not Stage.ACTIVE:
            return
        following = next((n for n in treatment.order[1:] if n not in account.released), None)
        if following is None or treatment.order[treatment.order.index(following) - 1] not in account.completed:
            return
        refusal = self.life.shut(account)
        done = self.life.ask(
            "release a module", lambda: self.life.desk.release_module(account.id, following), account, refusal
        )
        if done is not None:
            account.released.add(following)
            account.enter(self._scene.now)
