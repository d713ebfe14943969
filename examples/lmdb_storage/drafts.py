"""Drafts of forms."""

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import AccessEntry, CompletedCall, RecordKey, record_key, require_tag
from lmdb_storage.database import Part, Transaction
from lmdb_storage.filing import add_call, find_record, remove_of_enrolment, save_of_enrolment
from lmdb_storage.records import add_access, find_enrolment


class LmdbDrafts(Part):
    """The drafts of forms."""

    def save_draft(
        self,
        enrolment: Enrolment,
        form: str,
        draft: Draft | None,
        access: AccessEntry,
        *,
        replaces: str | None = None,
        completed: CompletedCall | None = None,
    ) -> None:
        key = record_key(Draft, enrolment.id, form)
        with self._database.writing() as transaction:
            if replaces is not None:
                require_tag(_find_draft(transaction, key), replaces)
            add_call(transaction, completed)
            add_access(transaction, (access,))
            if draft is None:
                return remove_of_enrolment(transaction, enrolment.id, key)
            stored = find_enrolment(transaction, enrolment.id)
            if stored is None or stored.enrolment.version != enrolment.version:
                raise Conflict("somebody else saved this enrolment first; load it and decide again")
            return save_of_enrolment(transaction, enrolment.id, key, draft)


def _find_draft(transaction: Transaction, key: RecordKey) -> Draft | None:
    found = find_record(transaction, key)
    return found if isinstance(found, Draft) else None
