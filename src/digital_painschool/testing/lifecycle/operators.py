"""The rules of what was given up: operators send it again or drop it, and gateways report it after the send."""

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.notification import (
    RESOLUTIONS,
    FailureReason,
    NotificationRecord,
    Notify,
    ResolutionReason,
    Status,
)
from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.errors import Conflict, InvalidValue, PainSchoolError, Reason
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing import history as h
from digital_painschool.testing.lifecycle.base import ENROLMENT, during, message
from digital_painschool.testing.lifecycle.desk_calls import RepeatedDeskCalls
from digital_painschool.testing.lifecycle.lists import walked
from digital_painschool.testing.lifecycle.model import RunModel
from digital_painschool.testing.people import OTHER_UNIT, UNIT, staff
from digital_painschool.testing.reference import refusals
from digital_painschool.testing.reference.expectations import ExpectedNotification
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unequal, unless
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.scenario import Scenario

_LAW = Law.NOTIFIED_ONCE_IN_TIME
_CALLS: Mapping[Status, str] = MappingProxyType({Status.PENDING: "send_again", Status.DROPPED: "drop"})
_STATUS = st.sampled_from([Status.PENDING, Status.PENDING, Status.DROPPED])
_ACTS: Mapping[str, h.EnrolmentStep] = MappingProxyType({"reads": h.PatientReads(), "ends": h.End()})


def operator_at(unit: HsaId) -> Actor:
    """Return the operator of a unit."""
    return staff(7, Role.OPERATOR, unit=unit)


def dead_letter_violations(school: Scenario, model: RunModel, limit: int = 50) -> Iterator[LawViolation]:
    """Check the operators' lists: each dead letter of the unit once, the newest first, and why it was given up."""
    for unit in (UNIT, OTHER_UNIT):
        letters = walked(partial(school.school.operator(operator_at(unit)).dead_letters, limit=limit))
        dead = {one.key: one for one in model.oracle.expected.values() if one.is_dead_letter}
        expected = sorted(key for key, one in dead.items() if one.enrolment.unit == unit)
        found = [(one.enrolment_id, _seq(one.notification_id), one.channel) for one in letters]
        what = f"the dead letters of {unit}"
        yield from unequal(_LAW, repr(expected), repr(sorted(found)), what)
        places = [(one.given_up_at, one.notification_id) for one in letters]
        yield from unequal(_LAW, sorted(places, reverse=True), places, f"{what}: the order")
        for key, letter in zip(found, letters, strict=True):
            one = dead[key]
            reasons = (one.is_reported, one.status is Status.UNREACHABLE)
            shown = (letter.reason is FailureReason.REPORTED, letter.reason is FailureReason.UNREACHABLE)
            yield from unequal(_LAW, reasons, shown, f"{one}: given up as {letter.reason}", one.enrolment.id)


def _seq(notification_id: str) -> int:
    return int(notification_id.split(".")[1])


class Operators(RepeatedDeskCalls):
    """Dead letters, and reports of gateways."""

    @rule(limit=st.sampled_from([1, 50]))
    @during("messages", "records")
    @precondition(lambda self: self.model.oracle.expected)
    def list_dead_letters(self, limit: int) -> None:
        """Read the lists of the operators, page by page."""
        require(dead_letter_violations(self.school, self.model, limit))

    @rule(which=st.integers(0, 9), dead=st.booleans(), status=_STATUS, reason=st.sampled_from(ResolutionReason))
    @during("messages", "records")
    @precondition(lambda self: self.model.oracle.expected)
    def resolve(self, which: int, dead: bool, status: Status, reason: ResolutionReason) -> None:  # noqa: FBT001
        """Send a notification again or drop it, one that was given up or any other, for a reason that may not fit."""
        expected = [*self.model.oracle.expected.values()]
        letters = [one for one in expected if one.is_dead_letter]
        chosen = letters if dead and letters else expected
        self._resolve(chosen[which % len(chosen)], status, reason)

    @rule(which=st.integers(0, 9))
    @during("messages", "records")
    @precondition(lambda self: self.asked.recordings[0].arrivals)
    def report(self, which: int) -> None:
        """Report that what was sent under a key did not arrive; what was reported before may be reported again."""
        arrivals = self.asked.recordings[0].arrivals
        self._report(arrivals[-1 - which % len(arrivals)].key)

    @rule(
        enrolment=ENROLMENT,
        notify=st.sampled_from([Notify.DIRECT, Notify.COLLECTED]),
        goes=st.sampled_from(["refused for good", "reported", "reported", "reported early"]),
        status=_STATUS,
        act=st.sampled_from(["none", "none", "none", *_ACTS]),
        days=st.integers(0, 2),
        again=st.sampled_from(["none", "refused for good", "reported", "dies", "another worker"]),
        twice=st.booleans(),
    )
    @during("messages")
    def a_dead_letter(
        self,
        enrolment: int,
        notify: Notify,
        goes: str,
        status: Status,
        act: str,
        days: int,
        again: str,
        twice: bool,  # noqa: FBT001
    ) -> None:
        """Write to a patient whose notice is given up, or reported later; resolve it; and look what becomes of it.

        Args:
            enrolment: Whose patient.
            notify: How the patient is notified.
            goes: How the first notice goes.
            status: What the operator does.
            act: What the patient or the therapist does afterwards.
            days: After so many days the next run is made.
            again: How that goes.
            twice: Whether the operator's call comes twice.
        """
        of = self.nth(enrolment)
        if not self.take(of, message(of, 1, notify)):
            return
        if notify is Notify.COLLECTED:
            self.move(self.next_time())
        self._send(goes)
        asked = [one for one in self.model.oracle.expected.values() if one.enrolment is of]
        for reason in sorted(RESOLUTIONS[status], key=str)[: 1 + bool(days)]:
            self._resolve(asked[-1], status, reason)
        if twice and self.desk_calls:
            self.repeat_a_desk_call(0)
        if act in _ACTS:
            self.take(of, _ACTS[act])
        self.move(self.next_time(days=days - 1) if days else self.now)
        self._send(again)
        self.list_dead_letters(1)

    another_dead_letter = a_dead_letter
    """The same, so that it comes twice as often."""

    def _send(self, goes: str) -> None:
        """Run a pass in which the first notice goes in some way, and another one after a report of a gateway."""
        recording = self.asked.recordings[0]
        before = len(recording.arrivals)
        self.make_pass({"reported": [], "reported early": ["dies"]}.get(goes, [goes]))
        if goes.startswith("reported") and len(recording.arrivals) > before:
            self._report(recording.arrivals[-1].key)
        if goes == "reported":
            self.make_pass()

    def _records(self, one: ExpectedNotification, place: int = 0) -> Mapping[str, NotificationRecord]:
        """Return what is stored of a notification, by its id; nothing when it was purged."""
        found = load_notifications(self.asked.all[place].storage, one.enrolment.id)
        mine = (
            record for record in found if (record.notification.trigger.seq, record.notification.channel) == one.key[1:]
        )
        return {record.notification.id: record for record in mine}

    def _resolve(self, one: ExpectedNotification, status: Status, reason: ResolutionReason) -> None:
        of = one.enrolment
        actor, id_ = operator_at(of.unit), next(iter(self._records(one)), "unknown")
        if self.ask_under_key(
            _LAW,
            f"an operator's {_CALLS[status]} of {one} for {reason.value}",
            lambda s, key: getattr(s.school.operator(actor), _CALLS[status])(of.id, id_, reason=reason, once=key),
            refusal=_refusal(one, status, reason),
            by=actor.hsa_id,
            about=None if of.purged else of,
        ):
            of.resolve_dead_letter(self.now)
            self.model.read_timeline(of)
            if status is Status.PENDING:
                self.model.oracle.send_again(one, self.now)
            else:
                one.status = Status.DROPPED
            require(dead_letter_violations(self.school, self.model))

    def _report(self, key: str) -> None:
        """Report a key in every school, and check that what was delivered under it is given up, and nothing else."""
        oracle = self.model.oracle
        self.touched.update(one.enrolment for one in oracle.expected.values())
        delivered = [one for one in oracle.expected.values() if one.is_delivered_under(key)]
        first = oracle.expectation(key)
        stored = [one for one in oracle.waiting.values() if not one.enrolment.purged]
        theirs = [one for one in stored if first is not None and one.digest == first.digest]
        is_in_doubt = any(not one.is_owed for one in theirs)
        # A direct one that no operator has sent again has one key. The other keys may be superseded.
        must_wait = any(not (one.collected or one.is_owed or one.is_sent_again) for one in theirs)
        before = [{k: self._records(one) for k, one in oracle.expected.items()}]
        answers = [self._reject(school, key) for school in self.asked.all]
        for other in answers[1:]:
            require(unequal(Law.STORAGES_AGREE, other, answers[0], f"the report of {key} at the reference"))
        after = {k: self._records(one) for k, one in oracle.expected.items()}
        failed = [one for one in delivered if before[0][one.key] != after[one.key]]
        # What a withdrawal has made the inbox forget is known under no key any more.
        require(unless(answers[0] is None or not must_wait, _LAW, f"the report of {key}: lost before the result"))
        if answers[0] is None:
            require(unless(is_in_doubt and not failed, _LAW, f"the report of {key}: refused, and all is settled"))
        else:
            owed = [one for one in delivered if one not in failed and not one.enrolment.is_withdrawn]
            require(unless(not owed, _LAW, f"the report of {key}: it counts as delivered as before"))
            require(unequal(_LAW, len(failed), answers[0], f"the report of {key}: so many are given up"))
        changed = [k for k in after if before[0][k] != after[k]]
        require(unequal(_LAW, [one.key for one in failed], changed, f"the report of {key}: what it changed"))
        for one in failed:
            [record] = after[one.key].values()
            found = (record.status, record.reason, record.settled_at)
            expected = (Status.FAILED, FailureReason.REPORTED, self.now)
            require(unequal(_LAW, expected, found, f"{one}: reported", one.enrolment.id))
            oracle.report(one)

    def _reject(self, school: Scenario, key: str) -> int | None:
        try:
            return school.school.delivery().reject(key)
        except Conflict:
            return None


def _refusal(one: ExpectedNotification, status: Status, reason: ResolutionReason) -> Refusal | None:
    """Return why a notification is not resolved, or None."""
    if one.enrolment.purged:
        return PainSchoolError
    if reason not in RESOLUTIONS[status]:
        return InvalidValue
    return refusals.closed(one.enrolment) or (None if one.is_dead_letter else Reason.NO_DEAD_LETTER)
