"""The delivery's notes of what lists point out: silent patients, and accesses that end soon. Rule: D-17b."""

from collections.abc import Iterable
from threading import Event

from digital_painschool.application.commands import CommandResult
from digital_painschool.application.executor import Executor
from digital_painschool.application.unit_records import batches
from digital_painschool.delivery.notes import WORKER, write_note
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import POINTED_OUT, Policy, Terms
from digital_painschool.ports.storage import readable
from digital_painschool.rules.attention import limits_of_notes, note_attention


class AttentionNotes:
    """The writer of the notes of D-17b. Each note is idempotent, so any worker can finish what another began.

    Only for a unit that offers its staff to be notified: for others nothing is asked, and nothing is written. The
    storage returns what has no note yet: what was noted before costs a run no load, and no decision.

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
        storage, policy, now, noted = self._executor.storage, self._executor.policy(unit), self._executor.now(), 0

        def command(enrolment: Enrolment, terms: Terms) -> CommandResult:
            return CommandResult(note_attention(enrolment, terms.policy, by=WORKER, at=now))

        for ids in batches(storage.unnoted_attention(unit, now, limits_of_notes(policy, now))):
            for enrolment in readable(storage.load_many(ids).values()):
                if self._stop.is_set():
                    return noted
                if note_attention(enrolment, policy, by=WORKER, at=now):
                    noted += write_note(self._executor, enrolment.id, command, now)
        return noted


def _is_offered(policy: Policy) -> bool:
    return not POINTED_OUT.isdisjoint(policy.staff_flags)
