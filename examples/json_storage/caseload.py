"""The list of patients."""

from digital_painschool.ports.storage import CaseQuery, CaseRow, case_row
from json_storage.folder import Folder
from json_storage.stored import all_enrolments


class JsonCaseload:
    """The list of patients, ranked anew for each page."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow, ...]:
        with self._folder.transaction() as transaction:
            rows = [
                case_row(one.enrolment, one.counts, query.now)
                for one in all_enrolments(transaction)
                if one.is_open
                and one.enrolment.unit == query.unit
                and query.therapist in {None, one.enrolment.therapist}
            ]
        rows.sort(key=lambda row: row.key)
        return tuple([row for row in rows if query.after is None or row.key > query.after][: query.limit])
