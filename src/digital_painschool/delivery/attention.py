"""The delivery's notes of what lists point out: silent patients, and accesses that end soon. Rule: D-17b."""

from collections.abc import Iterable, Iterator
from threading import Event

from attrs import evolve

from digital_painschool.application.commands import CommandResult
from digital_painschool.application.executor import Executor
from digital_painschool.delivery.notes import WORKER, write_note
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import POINTED_OUT, FlagKind, Policy, Terms
from digital_painschool.ports.storage import CaseQuery, CaseSort, readable
from digital_painschool.rules.attention import attention_limits, note_attention

_PAGE = 1000


class AttentionNotes:
    """The writer of the notes of D-17b. Each note is idempotent, so any worker can finish what another began.

    Only for a unit that offers its staff to be notified: for others nothing is asked, and nothing is written.

    Args:
        executor: Executes the commands.
        stop: An event after which no further note is written; a later run writes the others.
    """

    def __init__(self, executor: Executor, stop: Event) -> None:
        self._executor = executor
        self._stop = stop

    def note(self) -> int:
        """Note each silence and each coming end that is not noted yet; return of how many enrolments. Rule: D-17b."""
        return sum(map(self._note_in, self._units()))

    def _units(self) -> Iterable[HsaId]:
        known = self._executor.catalogue.units_with(_is_offered)
        if known is not None:
            return known
        units = self._executor.storage.open_units()
        return (unit for unit in units if _is_offered(self._executor.policy(unit)))

    def _note_in(self, unit: HsaId) -> int:
        policy, now, noted = self._executor.policy(unit), self._executor.now(), 0

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            return CommandResult(note_attention(enrolment, terms.policy, by=WORKER, at=now))

        limits = attention_limits(policy, now)
        wanted = CaseQuery(unit=unit, therapist=None, now=now, limit=_PAGE, sort=CaseSort.ID, limits=limits)
        silent, ends_soon = evolve(wanted, silent=True), evolve(wanted, ends_soon=True)
        for kind, query in ((FlagKind.SILENT, silent), (FlagKind.ENDS_SOON, ends_soon)):
            for enrolment in self._listed(query) if kind in policy.staff_flags else ():
                if self._stop.is_set():
                    return noted
                if note_attention(enrolment, policy, by=WORKER, at=now):
                    noted += write_note(self._executor, enrolment.id, command, now)
        return noted

    def _listed(self, query: CaseQuery) -> Iterator[Enrolment]:
        """Yield the enrolments that a query wants, as they are now, without unreadable ones."""
        storage = self._executor.storage
        while rows := storage.list_caseload(query):
            yield from readable(storage.load_many([row.enrolment_id for row in rows]).values())
            query = evolve(query, after=rows[-1].key)


def _is_offered(policy: Policy) -> bool:
    return not POINTED_OUT.isdisjoint(policy.staff_flags)
