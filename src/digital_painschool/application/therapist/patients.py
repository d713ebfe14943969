"""The lists of patients ("Mina"), and the start of a program ("Starta nytt moment")."""

from functools import partial

from digital_painschool.application.caseload import OPEN_CASES, CasePage, CaseSelection, case_page, case_totals
from digital_painschool.application.colleagues import UnitStaff, colleague_check, unit_staff
from digital_painschool.application.executor import Executor
from digital_painschool.application.input_limits import InputLimits, input_limits
from digital_painschool.application.once import once_of
from digital_painschool.application.withdrawable import WithdrawableStart, withdrawable_starts
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import plain_text
from digital_painschool.ports.storage import CaseTotals
from digital_painschool.rules.permissions import Action


class PatientLists:
    """The lists of patients, and the start of a program. Rule: M-07 to M-09, D-09a."""

    _executor: Executor
    _actor: Actor

    def programs(self) -> tuple[Program, ...]:
        """Return the list "Moment": the programs that can be started at the unit. Rule: M-07."""
        self._executor.access.permit(Action.SEE_PROGRAM, self._actor)
        return self._executor.catalogue.offered(self._actor.unit)

    def limits(self) -> InputLimits:
        """Return what may be typed at the unit: days of maintenance, lengths of texts. Rule: M-10, M-11, D-18a."""
        self._executor.access.permit(Action.SEE_PROGRAM, self._actor)
        return input_limits(self._executor.policy(self._actor.unit))

    def identify(self, number: str) -> PersonId:
        """Return the person of an identity number, to be shown in full: ten digits can be ambiguous. Rule: D-07a.

        Raises:
            InvalidIdentity: The number is of no accepted scheme.
        """
        return self._executor.persons.identify(Action.START, self._actor, number)

    def start(self, number: str, *, program: str, therapist: str | None = None, once: str | None = None) -> Enrolment:
        """Start a program for a patient ("Starta nytt moment"). Rule: M-07, D-05c, D-07a, D-09b.

        Args:
            number: The identity number, in any accepted spelling.
            program: The program's key on the unit's list.
            therapist: The HSA-id of the one who gets the patient, known to the staff directory at the unit; left out,
                the actor, who must then be a therapist.
            once: The host's key for the call.

        Raises:
            InvalidIdentity: The number is not one.
            NotFound: The program is not on the unit's list.
        """
        person = self.identify(number)
        asked = once_of(once, "start", scheme=person.scheme, number=person.value, program=program, therapist=therapist)

        def choose() -> tuple[Program, HsaId]:
            chosen = self._executor.catalogue.program(self._actor.unit, plain_text(program, "a program's key"))
            whose = self._actor.hsa_id if therapist is None else HsaId(therapist)
            colleague_check(self._executor, self._actor)(whose)
            return chosen, whose

        start = partial(self._executor.start, person, choose, by=self._actor, once=asked)
        return self._executor.access.judge(Action.START, self._actor, start, person=person)

    def staff(self) -> UnitStaff:
        """Return the unit's staff by name, of whom a therapist can be chosen. Rule: D-09a, D-09b."""
        return unit_staff(self._executor, self._actor)

    def find(self, number: str) -> tuple[Enrolment, ...]:
        """Return a person's enrolments that the actor may see, open and ended, oldest first. Rule: M-08, D-09a.

        An unreadable one is left out, and a log line names it, as in the list of patients.

        Raises:
            StorageError: None of them can be read.
            InvalidIdentity: The number is of no accepted scheme.
            NotPermitted: No role of the actor may see any enrolment.
        """
        return self._executor.persons.find(self._actor, number)

    def find_withdrawable(self, number: str) -> tuple[WithdrawableStart, ...]:
        """Return a person's starts that the actor may withdraw, made for a colleague too, oldest first. Rule: D-07b.

        Raises:
            StorageError: None of the person's enrolments can be read.
            InvalidIdentity: The number is of no accepted scheme.
            NotPermitted: No role of the actor may withdraw a start.
        """
        return withdrawable_starts(self._executor, self._actor, number)

    def caseload(self, after: str | None = None, *, limit: int = 50, show: CaseSelection = OPEN_CASES) -> CasePage:
        """Return a page of "Mina": the therapist's own patients with flags. Rule: M-08, M-09, D-15b, D-17b."""
        return case_page(self._executor, self._actor, Action.LIST_OWN_PATIENTS, show, after=after, limit=limit)

    def unit_caseload(self, after: str | None = None, *, limit: int = 50, show: CaseSelection = OPEN_CASES) -> CasePage:
        """Return a page of all the unit's patients, so that no flag is lost when a therapist is away. Rule: D-09a."""
        return case_page(self._executor, self._actor, Action.LIST_UNIT, show, after=after, limit=limit)

    def counts(self) -> CaseTotals:
        """Return the totals of "Mina", for a badge: own patients, those with flags, and what waits. Rule: M-08."""
        return case_totals(self._executor, self._actor, Action.COUNT_OWN_PATIENTS)

    def unit_counts(self) -> CaseTotals:
        """Return the totals of the unit's list. Rule: D-09a."""
        return case_totals(self._executor, self._actor, Action.COUNT_UNIT)
