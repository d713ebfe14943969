"""The one path where rules and ports meet: load, permission, rule, fold, notifications, save, tell."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from random import uniform
from time import sleep

from digital_painschool.catalogue import Catalogue
from digital_painschool.enrolment import Enrolment, apply
from digital_painschool.errors import (
    Conflict,
    InvalidIdentity,
    InvalidProgram,
    InvalidValue,
    NotFound,
    NotPermitted,
    RuleBroken,
)
from digital_painschool.events import Event, NotificationDropped
from digital_painschool.instants import utc
from digital_painschool.notification import Profile
from digital_painschool.people import Actor, By, HsaId, Patient, PersonId
from digital_painschool.policy import Policy, Terms
from digital_painschool.ports import Clock, Ports
from digital_painschool.ports.storage import AccessEntry, Activity, Change, Content
from digital_painschool.program import Program
from digital_painschool.rules.flags import tally
from digital_painschool.rules.lifecycle import start
from digital_painschool.rules.notifications import notifications_for, raised_by
from digital_painschool.rules.permissions import Action, allowed

Step = Callable[[Enrolment, Terms], tuple[Event, ...]]
"""A rule with its arguments filled in: what it says to a state under its terms."""

_ATTEMPTS = 10
_ID_LENGTH = 100
_NOBODY = Profile()
_READING = frozenset(
    {
        Action.LIST_OWN_PATIENTS,
        Action.LIST_UNIT,
        Action.SEE_ENROLMENT,
        Action.SEE_FLAGS,
        Action.SEE_TIMELINE,
        Action.SEE_NOTIFICATIONS,
        Action.SEE_PROGRAM,
        Action.READ_ANSWERS,
        Action.READ_CONVERSATION,
        Action.SEE_ACCESS_LOG,
        Action.PLAN_PURGE,
    }
)
_ACTIVITY: Mapping[Action, Activity] = {
    **dict.fromkeys(Action, Activity.WRITE),
    **dict.fromkeys(_READING, Activity.READ),
    Action.EXPORT: Activity.PRINT,
    Action.PURGE: Activity.DELETE,
}
_log = logging.getLogger(__name__)


class Steps:
    """Takes steps and looks, for whoever may; used by the desks and by the delivery.

    Args:
        ports: The adapters.
        catalogue: Programs and policies.
        clock: Gives the present instant.
        new_id: Makes an opaque id; given the instant, so that ids can rise with time.
    """

    def __init__(self, ports: Ports, catalogue: Catalogue, clock: Clock, new_id: Callable[[datetime], str]) -> None:
        self.ports = ports
        self.storage = ports.storage
        self.catalogue = catalogue
        self.new_id = new_id
        self._clock = clock
        self._terms: dict[tuple[HsaId, str, str], Terms] = {}
        self._kept: dict[tuple[HsaId, str, str], Program] = {}

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return utc(self._clock())

    def policy(self, unit: HsaId) -> Policy:
        """Give the policy that holds for a unit."""
        return self.catalogue.policy_of(unit)

    def terms(self, enrolment: Enrolment) -> Terms:
        """Give what an enrolment runs under: the program version that it was started with (D-05c), and the policy."""
        key = (enrolment.unit, enrolment.program, enrolment.program_version)
        terms = self._terms.get(key)
        if terms is None:
            program = self.storage.program(*key)
            if program is None:
                raise NotFound(f"program {enrolment.program!r} version {enrolment.program_version!r} in the storage")
            terms = self._terms[key] = Terms(program, self.policy(enrolment.unit))
        return terms

    def person(self, number: str | PersonId, unit: HsaId | None = None) -> PersonId:
        """Read an identity number on the local day of a unit, or of the common policy. Rule: M-07, D-07a.

        Raises:
            InvalidIdentity: It is no number of an accepted scheme.
        """
        policy = self.catalogue.policy if unit is None else self.policy(unit)
        today = self.now().astimezone(policy.zone).date()
        if not isinstance(number, PersonId):
            return self.ports.identity.parse(number, today=today)
        if self.ports.identity.parse(number.value, today=today) != number:
            raise InvalidIdentity("the number is of another scheme than the one that it is given with")
        return number

    def holds_number(self, text: str) -> bool:
        """Tell whether a word of a text is an identity number, which must not be where it would outlive a purge."""
        for word in text.split():
            try:
                self.person(word.strip(".,;:()"))
            except InvalidIdentity:
                continue
            return True
        return False

    def start(self, program: Program, person: PersonId, *, therapist: HsaId, by: Actor) -> Enrolment:
        """Start an enrolment for someone who may. Rule: M-07, D-05c, D-07a.

        Raises:
            NotPermitted: By the table.
            RuleBroken: The person has an open one already.
            InvalidProgram: The program's content was changed without a new version.
        """
        self.permit(Action.START, by, person=person)
        self._keep(by.unit, program)
        terms = Terms(program, self.policy(by.unit))
        for attempt in range(_ATTEMPTS):
            at = self.now()
            earlier = [enrolment for enrolment in self.storage.of_person(person) if enrolment.unit == by.unit]
            try:
                events = start(
                    terms,
                    person,
                    earlier,
                    enrolment_id=self.new_id(at),
                    unit=by.unit,
                    therapist=therapist,
                    by=by,
                    at=at,
                )
            except RuleBroken:
                # The refusal tells that the person is in treatment: whoever asks for it leaves a trace.
                self.storage.log((self.access_entry(Action.START, by, at, person=person, granted=False),))
                raise
            enrolment = _fold(None, events)
            try:
                self.storage.save(self._change(Action.START, by, at, 0, enrolment, events, terms, {}))
            except Conflict:
                _wait_a_little(attempt)
                continue
            self._tell(enrolment, events)
            return enrolment
        raise Conflict("the enrolment could not be started: too many others at the same time; try again")

    def take(
        self,
        action: Action,
        by: By,
        enrolment_id: str,
        step: Step,
        *,
        at: datetime | None = None,
        documents: Mapping[type[Event], Content] | None = None,
        noted: tuple[str, ...] = (),
    ) -> Enrolment:
        """Take one step with an enrolment, for someone who may.

        When somebody else was faster, the rule is asked again on the fresh state.

        Args:
            action: What the permission table and the access log call it.
            by: Who.
            enrolment_id: With which enrolment.
            step: What the rule says to a state.
            at: When, for the access log; the clock's present when left out.
            documents: What people wrote, by the type of the event that it belongs to.
            noted: The notifications whose end the step writes on the timeline.

        Returns:
            The state after the step.

        Raises:
            NotFound: There is no such enrolment.
            NotPermitted: By the table.
            RuleBroken: The rule refused; nothing was changed.
            Conflict: Others were faster, again and again, or have written the note; nothing was changed.
        """
        at = at or self.now()
        tried: int | None = None
        for attempt in range(_ATTEMPTS):
            before = self._load(enrolment_id)
            if tried == before.version and noted:
                raise Conflict("somebody else has written the note")
            tried = before.version
            self.permit(action, by, before)
            terms = self.terms(before)
            events = step(before, terms)
            if not events:
                self.storage.log((self.access_entry(action, by, at, before),))
                return before
            after = _fold(before, events)
            change = self._change(action, by, at, before.version, after, events, terms, documents or {}, noted)
            try:
                self.storage.save(change)
            except Conflict:
                _wait_a_little(attempt)
                continue
            self._tell(after, events)
            return after
        raise Conflict("the step could not be taken: others changed the enrolment at the same time; try again")

    def look(self, action: Action, by: By, enrolment_id: str) -> Enrolment:
        """Give an enrolment's state to someone who may see it, and log that.

        Raises:
            NotFound: There is no such enrolment.
            NotPermitted: By the table.
        """
        enrolment = self._load(enrolment_id)
        self.permit(action, by, enrolment)
        self.storage.log((self.access_entry(action, by, self.now(), enrolment),))
        return enrolment

    def find(self, by: Actor, person: PersonId) -> tuple[Enrolment, ...]:
        """Give a person's enrolments that a member of staff may see, and log for each that it was seen."""
        found = tuple(e for e in self.storage.of_person(person) if allowed(Action.SEE_ENROLMENT, by, e))
        at = self.now()
        entries = [self.access_entry(Action.SEE_ENROLMENT, by, at, enrolment) for enrolment in found]
        self.storage.log(entries or (self.access_entry(Action.SEE_ENROLMENT, by, at, person=person, granted=False),))
        return found

    def permit(
        self, action: Action, by: By, enrolment: Enrolment | None = None, *, person: PersonId | None = None
    ) -> None:
        """Refuse, and log the refusal, what the permission table does not give.

        Raises:
            NotPermitted: By the table.
        """
        if not allowed(action, by, enrolment):
            entry = self.access_entry(action, by, self.now(), enrolment, person=person, granted=False)
            self.storage.log((entry,))
            raise NotPermitted(action.value)

    def access_entry(
        self,
        action: Action,
        by: By,
        at: datetime,
        enrolment: Enrolment | None = None,
        *,
        person: PersonId | None = None,
        granted: bool = True,
    ) -> AccessEntry:
        """Give the line that the access log gets. Rule: M-06, D-21c.

        The unit is the enrolment's, so that an attempt from outside stands where the record is kept; without an
        enrolment, the one that a member of staff acts for. The person is the enrolment's; where a patient was refused,
        the one who tried.
        """
        if enrolment is not None:
            unit = enrolment.unit
            person = by.person if isinstance(by, Patient) and not granted else enrolment.person
        else:
            assert isinstance(by, Actor), "only staff act for a unit as a whole"
            unit = by.unit
        return AccessEntry(
            at=at,
            by=by.signature,
            unit=unit,
            action=action.value,
            activity=_ACTIVITY[action],
            enrolment_id=None if enrolment is None else enrolment.id,
            person=person,
            granted=granted,
        )

    def _load(self, enrolment_id: str) -> Enrolment:
        if not isinstance(enrolment_id, str):
            raise InvalidValue(f"an enrolment's id is a str, not {type(enrolment_id).__name__}")
        known = len(enrolment_id) <= _ID_LENGTH and enrolment_id.isascii() and enrolment_id.isprintable()
        enrolment = self.storage.load(enrolment_id) if known else None
        if enrolment is None:
            raise NotFound("enrolment")
        return enrolment

    def _keep(self, unit: HsaId, program: Program) -> None:
        name = (unit, program.key, program.version)
        kept = self._kept.get(name) or self.storage.keep_program(unit, program)
        if kept is not program and kept != program:
            raise InvalidProgram(
                f"program {program.key!r}",
                [f"version: {program.version!r} stood for other content before; give the new content a new one"],
            )
        self._kept[name] = program

    def _change(
        self,
        action: Action,
        by: By,
        at: datetime,
        before: int,
        after: Enrolment,
        events: tuple[Event, ...],
        terms: Terms,
        documents: Mapping[type[Event], Content],
        noted: tuple[str, ...] = (),
    ) -> Change:
        profile = self._profile(events, after, terms.policy)
        return Change(
            before=before,
            enrolment=after,
            events=events,
            documents={
                seq: documents[type(event)]
                for seq, event in enumerate(events, start=before + 1)
                if type(event) in documents
            },
            tally=tally(after),
            access=self.access_entry(action, by, at, after),
            notifications=tuple(notifications_for(events, after, terms.policy, profile)),
            cancelled=tuple(
                event.notification
                for event in events
                if isinstance(event, NotificationDropped) and event.notification not in noted
            ),
            noted=noted,
        )

    def _profile(self, events: Iterable[Event], enrolment: Enrolment, policy: Policy) -> Profile:
        if raised_by(events).isdisjoint(policy.staff_flags):
            return _NOBODY
        return self.storage.profile(enrolment.unit, enrolment.therapist)

    def _tell(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        for observer in self.ports.observers:
            try:
                observer.notice(enrolment, events)
            except Exception as error:  # noqa: BLE001 - an observer of any make must stop nothing
                _log.error("observer %s raised %s", type(observer).__name__, type(error).__name__)


def _wait_a_little(attempt: int) -> None:
    # By chance, so that those who met do not meet again: up to four milliseconds first, then twice as long each time.
    sleep(uniform(0, 0.004 * 2**attempt))  # noqa: S311 - nothing is kept secret by it


def _fold(enrolment: Enrolment | None, events: tuple[Event, ...]) -> Enrolment:
    for event in events:
        enrolment = apply(enrolment, event)
    assert enrolment is not None
    return enrolment
