"""The one path where rules and ports meet: load, permission, rule, fold, notifications, save, tell."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from random import uniform
from time import sleep
from typing import TypeVar

from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event, NotificationDropped
from digital_painschool.domain.fold import apply
from digital_painschool.domain.local_time import utc
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import Actor, AnyActor, HsaId, Patient, PersonId, SystemActor
from digital_painschool.domain.policy import Policy, Terms
from digital_painschool.domain.program import Program
from digital_painschool.errors import (
    Conflict,
    InvalidIdentity,
    InvalidProgram,
    InvalidValue,
    NotFound,
    NotPermitted,
    RuleViolation,
    StorageError,
)
from digital_painschool.ports import Clock, Ports
from digital_painschool.ports.guarded import guarded, guarded_call
from digital_painschool.ports.storage import AccessEntry, Activity, Change, Content, readable, unreadable
from digital_painschool.rules.flags import caseload_counts
from digital_painschool.rules.lifecycle import start
from digital_painschool.rules.notifications import flags_raised_by, notifications_for
from digital_painschool.rules.permissions import Action, allowed

Command = Callable[[Enrolment, Terms], tuple[Event, ...]]
"""A rule with its arguments filled in: what it says to a state under its terms."""

Check = Callable[[Enrolment, Terms], object]
"""A rule that a look must pass: it raises, or lets it pass."""

_T = TypeVar("_T")

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


class Executor:
    """Takes steps and looks, for whoever may; used by the desks and by the delivery.

    Args:
        ports: The adapters.
        catalogue: Programs and policies.
        clock: Gives the present instant.
        new_id: Makes an opaque id; given the instant, so that ids can rise with time.
    """

    def __init__(self, ports: Ports, catalogue: Catalogue, clock: Clock, new_id: Callable[[datetime], str]) -> None:
        self.ports = guarded(ports)
        self.storage = self.ports.storage
        self.catalogue = catalogue
        self.new_id = guarded_call(new_id, "the maker of ids", is_right=_is_id)
        self._clock = clock
        self._present = guarded_call(lambda: utc(self._clock()), "the clock")
        self._terms: dict[tuple[HsaId, str, str], Terms] = {}
        self._kept: dict[tuple[HsaId, str, str], Program] = {}

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return self._present()

    def policy(self, unit: HsaId) -> Policy:
        """Return the policy that holds for a unit."""
        return self.catalogue.policy_of(unit)

    def terms(self, enrolment: Enrolment) -> Terms:
        """Return what an enrolment runs under: the program version that it was started with (D-05c), and the policy."""
        key = (enrolment.unit, enrolment.program, enrolment.program_version)
        terms = self._terms.get(key)
        if terms is None:
            program = self.storage.program(*key)
            if program is None:
                # Not by its key: what stands in a damaged state may be anything.
                raise NotFound(f"program version of enrolment {enrolment.id} in the storage")
            terms = self._terms[key] = Terms(program, self.policy(enrolment.unit))
        return terms

    def person(self, number: str | PersonId, unit: HsaId | None = None) -> PersonId:
        """Read an identity number on the local day of a unit, or of the common policy. Rule: M-07, D-07a.

        Raises:
            InvalidIdentity: It is no number of an accepted scheme.
            TypeError: It is no `str`, and no `PersonId`.
        """
        policy = self.catalogue.policy if unit is None else self.policy(unit)
        today = self.now().astimezone(policy.zone).date()
        if not isinstance(number, PersonId):
            if not isinstance(number, str):
                raise TypeError(f"an identity number is text (str), not {type(number).__name__}")
            return self.ports.identity.parse(number, today=today)
        if self.ports.identity.parse(number.value, today=today) != number:
            raise InvalidIdentity("the number is of another scheme than the one that it is given with")
        return number

    def is_identity_number(self, word: str) -> bool:
        """Return whether a word is an identity number of an accepted scheme, on the local day of the common policy."""
        try:
            self.person(word)
        except InvalidIdentity:
            return False
        return True

    def start(self, program: Program, person: PersonId, *, therapist: HsaId, by: Actor) -> Enrolment:
        """Start an enrolment for someone who was identified for it. Rule: M-07, D-05c, D-07a.

        Raises:
            RuleViolation: The person has an open one already.
            InvalidProgram: The program's content was changed without a new version.
        """
        self._keep(by.unit, program)
        terms = Terms(program, self.policy(by.unit))
        for attempt in range(_ATTEMPTS):
            at = self.now()
            found = self.storage.find_by_person(person)
            if hidden := [e.enrolment_id for e in found if isinstance(e, UnreadableEnrolment) and e.unit == by.unit]:
                raise StorageError(f"{_named(hidden)}; whether the person has an open one cannot be told until then")
            earlier = [enrolment for enrolment in readable(found) if enrolment.unit == by.unit]
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
            enrolment = _fold(None, events)
            try:
                self.storage.save(self._change(Action.START, by, at, 0, enrolment, events, terms, {}))
            except Conflict:
                _wait_a_little(attempt)
                continue
            self._tell(enrolment, events)
            return enrolment
        raise Conflict("the enrolment could not be started: too many others at the same time; try again")

    def execute(
        self,
        action: Action,
        by: AnyActor,
        enrolment_id: str,
        step: Command,
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
            RuleViolation: The rule refused; nothing was changed.
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
            events = self.judge(action, by, partial(step, before, terms), before, at=at)
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

    def read(self, action: Action, by: AnyActor, enrolment_id: str, rule: Check | None = None) -> Enrolment:
        """Return an enrolment's state to someone who may see it, and log the access or its refusal.

        Args:
            action: What the permission table and the access log call it.
            by: Who.
            enrolment_id: Which enrolment.
            rule: What a rule says to the look; left out, no rule refuses it.

        Raises:
            NotFound: There is no such enrolment.
            NotPermitted: By the table.
            RuleViolation: The rule refused.
        """
        enrolment = self._load(enrolment_id)
        self.permit(action, by, enrolment)
        if rule is not None:
            self.judge(action, by, lambda: rule(enrolment, self.terms(enrolment)), enrolment)
        self.storage.log((self.access_entry(action, by, self.now(), enrolment),))
        return enrolment

    def identified(self, action: Action, by: Actor, number: str | PersonId) -> PersonId:
        """Read the identity number of somebody that a member of staff may do something with.

        A refusal by the table is logged with the person, where the number is one.

        Raises:
            InvalidIdentity: It is no number of an accepted scheme.
            NotPermitted: By the table, whatever the number is.
        """
        refused: InvalidIdentity | None = None
        person: PersonId | None = None
        try:
            person = self.person(number, by.unit)
        except InvalidIdentity as invalid:
            refused = invalid
        self.permit(action, by, person=person)
        if person is None:
            assert refused is not None
            raise refused
        return person

    def judge(
        self,
        action: Action,
        by: AnyActor,
        rule: Callable[[], _T],
        enrolment: Enrolment | None = None,
        *,
        person: PersonId | None = None,
        at: datetime | None = None,
    ) -> _T:
        """Return what a rule says; a refusal is logged before anybody hears of it. Rule: M-06, D-21c.

        A refusal tells something of the person, such as that there is a treatment: whoever asks for it leaves a trace.
        What the worker is refused concerns what others did meanwhile, and tells nobody anything.

        Raises:
            RuleViolation: The rule refused.
            InvalidValue: No rule needs to look at it.
            NotFound: There is nothing by that id or key.
            StorageError: The refusal could not be logged; nothing is told of it.
        """
        try:
            return rule()
        except (RuleViolation, InvalidValue, NotFound) as error:
            refusal = error
        # Out here, so that an error of the log tells nothing of the refusal.
        if not isinstance(by, SystemActor):
            entry = self.access_entry(action, by, at or self.now(), enrolment, person=person, granted=False)
            self.storage.log((entry,))
        try:
            raise refusal
        finally:
            del refusal

    def given(self, action: Action, by: AnyActor, enrolment_id: str, read: Callable[[], _T]) -> _T:
        """Return the arguments of a call about an enrolment, as `read` gives them; a refusal is logged there.

        Raises:
            InvalidValue: What `read` says of them, to someone who may do it.
            NotFound: There is no such enrolment.
            NotPermitted: By the table.
        """
        try:
            return read()
        except InvalidValue as error:
            refusal = error

        def refuse() -> _T:
            raise refusal

        enrolment = self._load(enrolment_id)
        self.permit(action, by, enrolment)
        return self.judge(action, by, refuse, enrolment)

    def find(self, by: Actor, person: PersonId) -> tuple[Enrolment, ...]:
        """Return a person's enrolments that a member of staff may see, and log for each that it was seen."""
        found = tuple(e for e in self.find_by_person(person) if allowed(Action.SEE_ENROLMENT, by, e))
        at = self.now()
        entries = [self.access_entry(Action.SEE_ENROLMENT, by, at, enrolment) for enrolment in found]
        self.storage.log(entries or (self.access_entry(Action.SEE_ENROLMENT, by, at, person=person, granted=False),))
        return found

    def find_by_person(self, person: PersonId) -> tuple[Enrolment, ...]:
        """Return a person's enrolments; a log line names those that cannot be read.

        Raises:
            StorageError: None of them can be read: it must not look as if there were none.
        """
        found = self.storage.find_by_person(person)
        hidden = unreadable(found)
        if hidden and len(hidden) == len(found):
            raise StorageError(_named(hidden))
        if hidden:
            _log.error("%s", _named(hidden))
        return readable(found)

    def load_each(self, enrolment_ids: Collection[str]) -> tuple[Mapping[str, Enrolment], frozenset[str]]:
        """Return the states of some enrolments by id, and the ids of those that cannot be read."""
        try:
            return self.storage.load_many(enrolment_ids), frozenset()
        except StorageError:
            pass
        found: dict[str, Enrolment] = {}
        hidden: set[str] = set()
        for enrolment_id in sorted(enrolment_ids):
            try:
                found |= self.storage.load_many([enrolment_id])
            except StorageError as failure:
                _log.error("enrolment %s waits until it is repaired: %s", enrolment_id, failure)
                hidden.add(enrolment_id)
        return found, frozenset(hidden)

    def permit(
        self, action: Action, by: AnyActor, enrolment: Enrolment | None = None, *, person: PersonId | None = None
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
        by: AnyActor,
        at: datetime,
        enrolment: Enrolment | None = None,
        *,
        person: PersonId | None = None,
        granted: bool = True,
    ) -> AccessEntry:
        """Return the line that the access log gets. Rule: M-06, D-21c.

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
        enrolment = self.storage.load(enrolment_id) if _is_id(enrolment_id) else None
        if enrolment is None:
            raise NotFound("enrolment")
        return enrolment

    def _keep(self, unit: HsaId, program: Program) -> None:
        name = (unit, program.key, program.version)
        kept = self._kept.get(name) or self.storage.save_program(unit, program)
        if kept is not program and kept != program:
            raise InvalidProgram(
                f"program {program.key!r}",
                [f"version: {program.version!r} stood for other content before; give the new content a new one"],
            )
        self._kept[name] = program

    def _change(
        self,
        action: Action,
        by: AnyActor,
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
            counts=caseload_counts(after),
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
        if flags_raised_by(events).isdisjoint(policy.staff_flags):
            return _NOBODY
        try:
            return self.storage.profile(enrolment.unit, enrolment.therapist)
        except StorageError as failure:
            # The patient's step must not wait for the row of a member of staff; if it is the storage, saving says so.
            _log.error("nobody is notified of a flag of enrolment %s: %s", enrolment.id, failure)
            return _NOBODY

    def _tell(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        for observer in self.ports.observers:
            try:
                observer.notice(enrolment, events)
            except Exception as error:  # noqa: BLE001 - an observer of any make must stop nothing
                _log.error("observer %s raised %s", type(observer).__name__, type(error).__name__)


def _is_id(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _ID_LENGTH and text.isascii() and text.isprintable()


def _named(hidden: Collection[str]) -> str:
    return f"enrolment {', '.join(hidden)} cannot be read; it is to be repaired first"


def _wait_a_little(attempt: int) -> None:
    # By chance, so that those who met do not meet again: up to four milliseconds first, then twice as long each time.
    sleep(uniform(0, 0.004 * 2**attempt))  # noqa: S311 - nothing is kept secret by it


def _fold(enrolment: Enrolment | None, events: tuple[Event, ...]) -> Enrolment:
    for event in events:
        enrolment = apply(enrolment, event)
    assert enrolment is not None
    return enrolment
