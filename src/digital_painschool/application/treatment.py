"""The steps of a therapist or a patient administrator in an enrolment, also those that follow from a view."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from digital_painschool.application.commands import Rule
from digital_painschool.application.executor import Executor
from digital_painschool.application.once import once_of
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import find_cancellable, load_timeline
from digital_painschool.rules import flags, lifecycle, old_views, ordering
from digital_painschool.rules.permissions import Action


class Treatment:
    """The steps of one member of staff.

    Of each method, `once` is the host's idempotency key for the call (D-24a), and `expected` the version of the state
    that the view was drawn from (D-19b); None leaves them out.

    Args:
        executor: Executes the commands.
        actor: The member of staff.
    """

    def __init__(self, executor: Executor, actor: Actor) -> None:
        self._executor = executor
        self._actor = actor

    def start(self, number: str, program: str, therapist: str | None, once: str | None) -> Enrolment:
        """Start a program for a patient. Rule: M-07, D-05c, D-07a."""
        executor, actor = self._executor, self._actor
        person = executor.persons.identify(Action.START, actor, number)
        whom = {"scheme": person.scheme, "number": person.value}
        asked = once_of(once, "start", **whom, program=program, therapist=therapist)

        def started() -> Enrolment:
            first = executor.started(asked, actor)
            if first is not None:
                return first
            if therapist is None and Role.THERAPIST not in actor.roles:
                raise InvalidValue("name the therapist who gets the patient: the actor is none")
            chosen = executor.catalogue.program(actor.unit, plain_text(program, "a program's key"))
            whose = actor.hsa_id if therapist is None else HsaId(therapist)
            return executor.start(chosen, person, therapist=whose, by=actor, once=asked)

        return executor.access.judge(Action.START, actor, started, person=person)

    def mark_read(
        self, enrolment_id: EnrolmentId, form: str, up_to: int | None, once: str | None, *, opened: bool
    ) -> Enrolment:
        """Mark a form as read up to a submission. Rule: M-15, D-15a."""
        return self._executor.execute_rule(
            Action.MARK_FORM_READ,
            self._actor,
            enrolment_id,
            lambda e, terms, at: flags.mark_read(e, terms, form, up_to, opened=opened, by=self._actor, at=at),
            once=once_of(once, "mark_read", form=form, up_to=up_to, opened=opened),
        )

    def mark_handled(
        self, enrolment_id: EnrolmentId, flag: FlagKind, expected: int | None, once: str | None
    ) -> Enrolment:
        """Settle a flag up to what the view showed. Rule: D-15b, D-17a, D-19b."""
        return self._executor.execute_rule(
            Action.MARK_FLAG_HANDLED,
            self._actor,
            enrolment_id,
            lambda e, terms, at: flags.mark_handled(
                e, terms, flag, self._events_since(e, expected), by=self._actor, at=at
            ),
            once=once_of(once, "mark_handled", flag=flag, expected=expected),
        )

    def review(self, enrolment_id: EnrolmentId, once: str | None) -> Enrolment:
        """Record a review. Rule: M-09."""
        return self._executor.execute_rule(
            Action.REVIEW,
            self._actor,
            enrolment_id,
            lambda e, terms, at: lifecycle.review(e, terms, by=self._actor, at=at),
            once=once_of(once, "review"),
        )

    def release_module(self, enrolment_id: EnrolmentId, module: int, once: str | None) -> Enrolment:
        """Release the next module. Rule: D-04a."""
        return self._executor.execute_rule(
            Action.RELEASE_MODULE,
            self._actor,
            enrolment_id,
            lambda e, terms, at: ordering.release_module(e, terms, module, by=self._actor, at=at),
            once=once_of(once, "release_module", module=module),
        )

    def hand_over(self, enrolment_id: EnrolmentId, therapist: str, expected: int | None, once: str | None) -> Enrolment:
        """Hand the patient over. Rule: D-09a, D-19b."""
        return self._executor.execute_rule(
            Action.HAND_OVER,
            self._actor,
            enrolment_id,
            self._from_view(
                expected,
                lambda e, terms, at: lifecycle.hand_over(e, terms, HsaId(therapist), by=self._actor, at=at),
            ),
            once=once_of(once, "hand_over", therapist=therapist, expected=expected),
        )

    def maintain(
        self,
        enrolment_id: EnrolmentId,
        days: int,
        modules: Collection[int],
        expected: int | None,
        once: str | None,
    ) -> Enrolment:
        """Begin or renew the maintenance. Rule: M-18, D-18a, D-19b."""
        return self._executor.execute_rule(
            Action.MAINTAIN,
            self._actor,
            enrolment_id,
            self._from_view(
                expected,
                lambda e, terms, at: lifecycle.maintain(e, terms, days, modules, by=self._actor, at=at),
            ),
            once=once_of(once, "maintain", days=days, modules=modules, expected=expected),
        )

    def end(self, enrolment_id: EnrolmentId, reason: str, expected: int | None, once: str | None) -> Enrolment:
        """End the enrolment, and drop its pending notifications. Rule: M-19, D-19a, D-19b."""
        cancellable = partial(find_cancellable, self._executor.storage)
        return self._executor.execute_rule(
            Action.END,
            self._actor,
            enrolment_id,
            self._from_view(
                expected,
                lambda e, terms, at: lifecycle.end(e, terms, reason, cancellable(e.id), by=self._actor, at=at),
            ),
            once=once_of(once, "end", reason=reason, expected=expected),
        )

    def _from_view(self, expected: int | None, rule: Rule) -> Rule:
        """Return a rule that is also refused when something came since the view that raises a flag."""

        def checked(enrolment: Enrolment, terms: Terms, at: datetime) -> tuple[Event, ...]:
            since = self._events_since(enrolment, expected)
            events = rule(enrolment, terms, at)
            old_views.require_no_new_flag(since)
            return events

        return checked

    def _events_since(self, enrolment: Enrolment, expected: int | None) -> tuple[Event, ...]:
        """Return the events up to a state that came after a view of an earlier one; none without a view."""
        if expected is None:
            return ()
        shown = old_views.require_version(enrolment, expected)
        entries = load_timeline(self._executor.storage, enrolment.id)
        return tuple(entry.event for entry in entries if shown < entry.seq <= enrolment.version)
