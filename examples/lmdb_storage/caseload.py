"""The list of patients."""

from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.ports.storage import CaseQuery, CaseRow, UnreadableCase, case_row
from lmdb_storage.database import Database
from lmdb_storage.records import find_each_enrolment, ids
from lmdb_storage.tables import Table


class LmdbCaseload:
    """The list of patients. The open enrolments of one unit are read, and ranked anew for each page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        with self._database.reading() as transaction:
            found = find_each_enrolment(transaction, ids(transaction.scan(Table.OPEN, query.unit)))
        rows: list[CaseRow | UnreadableCase] = []
        for one in found:
            if isinstance(one, UnreadableEnrolment):  # whose patient it is cannot be told: the unit's staff all see it
                rows.append(UnreadableCase(enrolment_id=one.enrolment_id, key=(2, one.enrolment_id)))
            elif query.therapist in {None, one.enrolment.therapist}:
                rows.append(case_row(one.enrolment, one.counts, query.now))
        rows.sort(key=lambda row: row.key)
        return tuple([row for row in rows if query.after is None or row.key > query.after][: query.limit])
