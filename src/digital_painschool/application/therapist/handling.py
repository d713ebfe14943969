"""The page "Hantera" and the steps that the therapist takes from it, "Vidmakthåll" and "Avsluta" among them."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from digital_painschool.application.colleagues import colleague_check
from digital_painschool.application.commands import CommandResult, Rule
from digital_painschool.application.executor import Executor
from digital_painschool.application.from_view import events_since, from_view
from digital_painschool.application.once import Once, once_of
from digital_painschool.application.patient_page import PatientPage, patient_page
from digital_painschool.domain.enrolment import Enrolment, WithdrawalReason
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.program import EndReason, Module, Program
from digital_painschool.ports.storage import find_cancellable
from digital_painschool.rules import flags, lifecycle, ordering, withdrawal
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.notifications import superseded_by_hand_over
from digital_painschool.rules.permissions import Action


class Handling:
    """The page "Hantera" and the steps from it. Rule: M-08, M-09, M-15, M-18, M-19, D-08a."""

    _executor: Executor
    _actor: Actor

    def patient_page(self, enrolment_id: EnrolmentId) -> PatientPage:
        """Return the page "Hantera": box, counts, progress, dates, what may be done, from one state. Rule: D-08a."""
        enrolment = self.enrolment(enrolment_id)
        return patient_page(enrolment, self._executor.terms.of(enrolment), self._executor.now(), by=self._actor)

    def enrolment(self, enrolment_id: EnrolmentId) -> Enrolment:
        """Return an enrolment's state: progress, counts, dates. Rule: M-08."""
        return self._executor.read(Action.SEE_ENROLMENT, self._actor, enrolment_id)

    def program(self, enrolment_id: EnrolmentId) -> Program:
        """Return the program version that an enrolment runs, with all its pages. Rule: M-01, D-05c."""
        return self._executor.terms.of(self.enrolment(enrolment_id)).program

    def module(self, enrolment_id: EnrolmentId, module: int) -> Module:
        """Return a module with its pages as the patient reads it; nothing is recorded as read. Rule: M-01, D-05c."""
        terms_of = self._executor.terms.of
        return self._executor.read(
            Action.SEE_ENROLMENT, self._actor, enrolment_id, lambda e: ordering.find_module(terms_of(e).program, module)
        )

    def end_reasons(self, enrolment_id: EnrolmentId) -> tuple[EndReason, ...]:
        """Return the reasons to choose from when ending. Rule: M-19, D-19a."""
        return self._executor.terms.of(self.enrolment(enrolment_id)).end_reasons

    def next_module(self, enrolment_id: EnrolmentId) -> int | None:
        """Return the module that is recommended to the patient next; None when all are completed. Rule: M-04, D-04a."""
        enrolment = self.enrolment(enrolment_id)
        return ordering.next_module(enrolment, self._executor.terms.of(enrolment).program)

    def to_handle(self, enrolment_id: EnrolmentId) -> tuple[Flag, ...]:
        """Return the flags of the box of current events, each once, with its counts. Rule: M-15, D-15a, D-17a."""
        return flags.to_handle(self._executor.read(Action.SEE_FLAGS, self._actor, enrolment_id), self._executor.now())

    def mark_handled(
        self, enrolment_id: EnrolmentId, flag: FlagKind, *, expected: int | None = None, once: str | None = None
    ) -> Enrolment:
        """Settle a flag that nothing else settles: the program done, or notifications not delivered.

        Rule: D-17a, D-19b. With `expected`, what came after the view goes on waiting, and refuses nothing.
        """
        since = partial(events_since, self._executor.storage, expected=expected)
        return self._execute(
            Action.MARK_FLAG_HANDLED,
            enrolment_id,
            lambda e, terms, at: flags.mark_handled(e, terms, flag, since(e), by=self._actor, at=at),
            once_of(once, "mark_handled", flag=flag, expected=expected),
        )

    def review(self, enrolment_id: EnrolmentId, *, once: str | None = None) -> Enrolment:
        """Record that the patient's progress has been reviewed. Rule: M-09."""
        return self._execute(
            Action.REVIEW,
            enrolment_id,
            lambda e, terms, at: lifecycle.review(e, terms, by=self._actor, at=at),
            once_of(once, "review"),
        )

    def hand_over(
        self, enrolment_id: EnrolmentId, therapist: str, *, expected: int | None = None, once: str | None = None
    ) -> Enrolment:
        """Hand a patient over to another therapist of the unit; for patient administrators.

        Rule: D-09a, D-09b, D-19b. The staff directory must know the new therapist at the unit. Staff notifications that
        wait go to the new therapist instead, by that person's own choices.
        """
        executor, at = self._executor, self._executor.now()
        check_colleague = colleague_check(executor, self._actor)

        def handed_over(enrolment: Enrolment, terms: Terms) -> CommandResult:
            to = HsaId(therapist)
            profile = executor.preferences(enrolment, to)
            pending = find_cancellable(executor.storage, enrolment.id)
            superseded = superseded_by_hand_over(pending, enrolment, to, terms.policy, profile, at)

            def rule(enrolment: Enrolment, terms: Terms, at: datetime) -> tuple[Event, ...]:
                events = lifecycle.hand_over(enrolment, terms, to, superseded, by=self._actor, at=at)
                check_colleague(to)
                return events

            events = self._from_view(expected, rule)(enrolment, terms, at)
            return CommandResult(events, superseded=superseded, profile=profile)

        called = once_of(once, "hand_over", therapist=therapist, expected=expected)
        return executor.execute(Action.HAND_OVER, self._actor, enrolment_id, handed_over, at=at, once=called)

    def release_module(
        self, enrolment_id: EnrolmentId, module: int, *, out_of_order: bool = False, once: str | None = None
    ) -> Enrolment:
        """Release the next module to the patient, where the program is released module by module. Rule: D-04a.

        With `out_of_order` another module of the reading order can be released before its turn.
        """
        # Left out when False: a key of an earlier version is for a call without it.
        early = {} if out_of_order is False else {"out_of_order": out_of_order}
        return self._execute(
            Action.RELEASE_MODULE,
            enrolment_id,
            lambda e, terms, at: ordering.release_module(
                e, terms, module, out_of_order=out_of_order, by=self._actor, at=at
            ),
            once_of(once, "release_module", module=module, **early),
        )

    def maintain(
        self,
        enrolment_id: EnrolmentId,
        *,
        days: int,
        modules: Collection[int],
        shortens: bool = False,
        expected: int | None = None,
        once: str | None = None,
    ) -> Enrolment:
        """Maintain an enrolment: some modules stay readable ("Vidmakthåll"); also renews.

        Rule: M-18, D-18a, D-18b, D-19b.

        Args:
            enrolment_id: The enrolment.
            days: The number of days, within the policy's limits.
            modules: The numbers of the modules that stay readable.
            shortens: True confirms that the maintenance may take time away: without it one is refused whose last day
                would be before the last day of the present access. True is harmless where nothing is taken away.
            expected: The version that the view was drawn from.
            once: The host's key for the call.
        """
        # Left out when False: a key of an earlier version is for a call without it.
        confirmed = {} if shortens is False else {"shortens": shortens}
        return self._execute(
            Action.MAINTAIN,
            enrolment_id,
            self._from_view(
                expected,
                lambda e, terms, at: lifecycle.maintain(
                    e, terms, days, modules, shortens=shortens, by=self._actor, at=at
                ),
            ),
            once_of(once, "maintain", days=days, modules=modules, expected=expected, **confirmed),
        )

    def reactivate(
        self,
        enrolment_id: EnrolmentId,
        *,
        shortens: bool = False,
        expected: int | None = None,
        once: str | None = None,
    ) -> Enrolment:
        """Make an enrolment active again that is in maintenance, while its first year lasts. Rule: D-18b, D-19b.

        A maintenance that lasts longer than the first year is refused without `shortens`, which confirms that the
        patient loses that time.
        """
        return self._execute(
            Action.REACTIVATE,
            enrolment_id,
            self._from_view(
                expected,
                lambda e, terms, at: lifecycle.reactivate(e, terms, shortens=shortens, by=self._actor, at=at),
            ),
            once_of(once, "reactivate", shortens=shortens, expected=expected),
        )

    def end(
        self, enrolment_id: EnrolmentId, *, reason: str, expected: int | None = None, once: str | None = None
    ) -> Enrolment:
        """End an enrolment, for good ("Avsluta"); drops its pending notifications with it.

        Rule: M-19, D-19a, D-19b.
        """
        cancellable = partial(find_cancellable, self._executor.storage)
        return self._execute(
            Action.END,
            enrolment_id,
            self._from_view(
                expected,
                lambda e, terms, at: lifecycle.end(e, terms, reason, cancellable(e.id), by=self._actor, at=at),
            ),
            once_of(once, "end", reason=reason, expected=expected),
        )

    def withdraw(
        self,
        enrolment_id: EnrolmentId,
        reason: WithdrawalReason | str,
        *,
        expected: int | None = None,
        once: str | None = None,
    ) -> Enrolment:
        """Withdraw a start that was entered in error ("Dra tillbaka"); drops its pending notifications with it.

        Rule: D-07b, D-19b. For the one who started it, and for patient administrators. It leaves the person's room and
        every list, stays in the access log, and may be purged at once.

        Args:
            enrolment_id: The enrolment.
            reason: A `WithdrawalReason`, or its code.
            expected: The version of the view that the step follows from.
            once: The host's key for the call.

        Raises:
            RuleViolation: Also when the patient has written something.
        """
        storage = self._executor.storage
        return self._execute(
            Action.WITHDRAW,
            enrolment_id,
            self._from_view(
                expected,
                lambda e, terms, at: withdrawal.withdraw(
                    e, terms, reason, find_cancellable(storage, e.id), by=self._actor, at=at
                ),
            ),
            once_of(once, "withdraw", reason=reason, expected=expected),
        )

    def _from_view(self, expected: int | None, rule: Rule) -> Rule:
        return from_view(self._executor.storage, expected, rule)

    def _execute(self, action: Action, enrolment_id: EnrolmentId, rule: Rule, once: Once | None) -> Enrolment:
        return self._executor.execute_rule(action, self._actor, enrolment_id, rule, once=once)
