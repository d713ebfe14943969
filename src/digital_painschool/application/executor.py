"""The executor, where rules and ports meet: load, permission, rule, fold, notifications, save, observers."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from random import uniform
from time import sleep
from typing import TypeVar, overload

from digital_painschool.application.access_control import AccessControl, access_entry
from digital_painschool.application.commands import Command, CommandResult, Rule, folded
from digital_painschool.application.enrolment_loading import is_id, load
from digital_painschool.application.observing import notify_observers
from digital_painschool.application.once import Once, conflict_if_completed
from digital_painschool.application.person_lookup import PersonLookup
from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.application.program_terms import ProgramTerms
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event, NotificationDropped, NotificationResolved
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.local_time import utc
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import Actor, AnyActor, HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports import Clock, Ports
from digital_painschool.ports.guarded import guarded, guarded_call
from digital_painschool.ports.storage import AccessEntry, Change, CompletedCall, load_profile, readable
from digital_painschool.rules.drafts import discarded_drafts
from digital_painschool.rules.flags import caseload_counts
from digital_painschool.rules.lifecycle import start
from digital_painschool.rules.notifications import flags_raised_by, notifications_for
from digital_painschool.rules.permissions import Action

_T = TypeVar("_T")

ATTEMPTS = 10
_NO_PREFERENCES = Profile()
_log = logging.getLogger(__name__)


class Executor:
    """An executor of commands and of reads, for whoever may; the desks and the delivery use it.

    Args:
        ports: The adapters.
        catalogue: Programs and policies.
        clock: Returns the present instant.
        new_id: Makes an opaque id; takes the instant, so that ids can rise with time.
        attempts: How many times a step is tried against others that save first.
    """

    def __init__(
        self,
        ports: Ports,
        catalogue: Catalogue,
        clock: Clock,
        new_id: Callable[[datetime], str],
        *,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.attempts = attempts
        self.ports = guarded(ports)
        self.storage = self.ports.storage
        self.catalogue = catalogue
        self.new_id = guarded_call(new_id, "the maker of ids", is_right=is_id)
        self.now = guarded_call(lambda: utc(clock()), "the clock")
        self.access = AccessControl(self.storage, self.now)
        self.terms = ProgramTerms(self.storage, catalogue)
        self.persons = PersonLookup(self.ports.identity, self.storage, catalogue, self.access, self.now)

    def policy(self, unit: HsaId) -> Policy:
        """Return the policy that holds for a unit."""
        return self.catalogue.policy_of(unit)

    def execute(
        self,
        action: Action,
        by: AnyActor,
        enrolment_id: EnrolmentId,
        command: Command,
        *,
        at: datetime | None = None,
        noted: tuple[NotificationId, ...] = (),
        once: Once | None = None,
    ) -> Enrolment:
        """Execute a command on an enrolment, for someone who may, and return the state after it.

        After a conflict the rule decides again, on the fresh state. A call that was completed under its key before
        changes nothing, and the state of that time is returned. Rule: D-24a.

        Args:
            action: The action's name in the permission table and in the access log.
            by: Who acts.
            enrolment_id: The enrolment.
            command: The rule with its arguments filled in.
            at: The instant for the access log; left out, the present one.
            noted: The ids of the notifications whose end the command notes, with or without an entry of the timeline.
            once: The host's key for the call, with its arguments; None makes the call as often as it comes.

        Raises:
            NotFound: There is no such enrolment.
            NotPermitted: The permission table does not grant the action.
            RuleViolation: The rule refused, or the key was used for a call with other arguments; nothing was changed.
            Conflict: Others saved first each time, or have written the note; nothing was changed.
        """
        at = at or self.now()
        tried: int | None = None
        for attempt in range(self.attempts):
            before = load(self.storage, enrolment_id)
            if tried == before.version and noted:
                raise Conflict("somebody else has written the note")
            tried = before.version
            self.access.permit(action, by, before)
            entry = access_entry(action, by, at, before)
            find: Callable[[], Enrolment | None] | None = None
            if once is not None:
                # Looked for after the state was loaded: a call that is completed meanwhile is a conflict at the save.
                find = partial(once.first_state, self.storage, action, by, unit=before.unit, enrolment_id=before.id)
                first = self.access.judge(action, by, find, before, at=at)
                if first is not None:
                    self.storage.log((entry,))
                    return first
            terms = self.terms.of(before)
            decide = partial(conflict_if_completed, partial(command, before, terms), find)
            try:
                result = self.access.judge(action, by, decide, before, at=at)
                if not (result.events or once or noted):
                    self.storage.log((entry,))
                    return before
                after = folded(before, result.events)
                completed = None if once is None else once.completed(action, by, after)
                discarded = discarded_drafts(result.events, terms.program)
                self.storage.save(self._change(before.version, after, result, entry, noted, discarded, completed))
            except Conflict:
                back_off(attempt)
                continue
            if result.events:
                self._notify_observers(after, result.events)
            return after
        raise Conflict("the step could not be taken: others changed the enrolment at the same time; try again")

    def execute_rule(
        self, action: Action, by: AnyActor, enrolment_id: EnrolmentId, rule: Rule, *, once: Once | None = None
    ) -> Enrolment:
        """Execute a rule that keeps no text and no answers, at the present instant, as `execute` does.

        Args:
            action: The action's name in the permission table and in the access log.
            by: Who acts.
            enrolment_id: The enrolment.
            rule: The rule with its arguments filled in, but for the instant.
            once: The host's key for the call, with its arguments, or None.
        """
        at = self.now()
        return self.execute(
            action, by, enrolment_id, lambda e, terms: CommandResult(rule(e, terms, at)), at=at, once=once
        )

    def _started(self, once: Once | None, by: Actor) -> Enrolment | None:
        """Return the state after the start that was made under a key, and log the access; None when none was."""
        if once is None:
            return None
        if (first := once.first_state(self.storage, Action.START, by, unit=by.unit)) is not None:
            self.storage.log((access_entry(Action.START, by, self.now(), first),))
        return first

    def start(
        self, person: PersonId, choose: Callable[[], tuple[Program, HsaId]], *, by: Actor, once: Once | None = None
    ) -> Enrolment:
        """Start an enrolment for a person who was identified for it. Rule: M-07, D-05c, D-07a, D-24a.

        Args:
            person: The person.
            choose: Returns the program and the therapist, or raises; not called for a start that was made before.
            by: Who starts it.
            once: The host's key for the call, with its arguments, or None.

        Raises:
            RuleViolation: The person has an open one already.
            InvalidProgram: The program's content was changed without a new version.
        """
        for attempt in range(self.attempts):
            at = self.now()
            earlier = self._earlier(person, by)
            # Looked for after the earlier ones were: so the first start under the key is not taken for another.
            first = self._started(once, by)
            if first is not None:
                return first
            program, therapist = choose()
            terms = self.terms.save(by.unit, program)
            events = start(
                terms,
                person,
                earlier,
                enrolment_id=EnrolmentId(self.new_id(at)),
                unit=by.unit,
                therapist=therapist,
                by=by,
                at=at,
            )
            enrolment = folded(None, events)
            entry = access_entry(Action.START, by, at, enrolment)
            completed = None if once is None else once.completed(Action.START, by, enrolment)
            try:
                self.storage.save(self._change(0, enrolment, CommandResult(events), entry, completed=completed))
            except Conflict:
                back_off(attempt)
                continue
            self._notify_observers(enrolment, events)
            return enrolment
        raise Conflict("the enrolment could not be started: too many others at the same time; try again")

    @overload
    def read(self, action: Action, by: AnyActor, enrolment_id: EnrolmentId) -> Enrolment: ...
    @overload
    def read(self, action: Action, by: AnyActor, enrolment_id: EnrolmentId, rule: Callable[[Enrolment], _T]) -> _T: ...
    def read(
        self, action: Action, by: AnyActor, enrolment_id: EnrolmentId, rule: Callable[[Enrolment], _T] | None = None
    ) -> Enrolment | _T:
        """Return what a rule finds in an enrolment's state, to someone who may see it; log the access or its refusal.

        Args:
            action: The action's name in the permission table and in the access log.
            by: Who reads.
            enrolment_id: The enrolment.
            rule: Returns what is read, or raises; left out, the state itself is returned.

        Raises:
            NotFound: There is no such enrolment.
            NotPermitted: The permission table does not grant the action.
            RuleViolation: The rule refused.
        """
        enrolment = load(self.storage, enrolment_id)
        self.access.permit(action, by, enrolment)
        found = enrolment if rule is None else self.access.judge(action, by, partial(rule, enrolment), enrolment)
        self.storage.log((access_entry(action, by, self.now(), enrolment),))
        return found

    def _earlier(self, person: PersonId, by: Actor) -> list[Enrolment]:
        found = self.storage.find_by_person(person)
        if hidden := [e for e in found if isinstance(e, UnreadableEnrolment) and e.unit == by.unit]:
            why = "; whether the person has an open one cannot be told until then"
            self.access.refuse_unreadable(Action.START, by, person, hidden, why)
        return [enrolment for enrolment in readable(found) if enrolment.unit == by.unit]

    def _change(
        self,
        before: int,
        after: Enrolment,
        result: CommandResult,
        access: AccessEntry,
        noted: tuple[NotificationId, ...] = (),
        discarded: frozenset[str] = frozenset(),
        completed: CompletedCall | None = None,
    ) -> Change:
        policy = self.policy(after.unit)
        profile = result.profile
        if profile is None:
            is_raised = not flags_raised_by(result.events).isdisjoint(policy.staff_flags)
            is_notified = is_raised or bool(result.superseded)
            profile = self.preferences(after, after.therapist) if is_notified else _NO_PREFERENCES
        return Change(
            before=before,
            enrolment=after,
            events=result.events,
            documents={before + 1 + position: content for position, content in result.documents.items()},
            counts=caseload_counts(after),
            access=access,
            notifications=tuple(notifications_for(result.events, after, policy, profile, result.superseded)),
            cancelled=tuple(
                event.notification
                for event in result.events
                if isinstance(event, NotificationDropped) and event.notification not in noted
            ),
            noted=noted,
            resolved={e.notification: e.status for e in result.events if isinstance(e, NotificationResolved)},
            discarded_drafts=discarded,
            completed=completed,
        )

    def preferences(self, enrolment: Enrolment, therapist: HsaId) -> Profile:
        """Return the profile of an enrolment's therapist, or of a new one; an empty one when it cannot be read."""
        try:
            return load_profile(self.storage, enrolment.unit, therapist)
        except StorageError as failure:
            # A damaged profile of a member of staff must not stop the patient; a failing storage refuses the save.
            _log.error("nobody is notified of a flag of enrolment %s: %s", enrolment.id, failure)
            return _NO_PREFERENCES

    def _notify_observers(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        notify_observers(self.ports.observers, enrolment, events)


def back_off(attempt: int) -> None:
    """Wait after a conflict: up to 4 ms, doubled with each attempt, by chance: so two do not collide a second time."""
    sleep(uniform(0, 0.004 * 2**attempt))  # noqa: S311 - nothing is kept secret by it
