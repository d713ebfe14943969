"""Drafts of forms."""

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import AccessEntry, record_key
from lmdb_storage.database import Part
from lmdb_storage.filing import remove_of_enrolment, save_of_enrolment
from lmdb_storage.records import add_access, find_enrolment


class LmdbDrafts(Part):
    """The drafts of forms."""

    def save_draft(self, enrolment: Enrolment, draft: Draft, access: AccessEntry) -> None:
        with self._database.writing() as transaction:
            stored = find_enrolment(transaction, enrolment.id)
            if stored is None or stored.enrolment.version != enrolment.version:
                raise Conflict("somebody else saved this enrolment first; load it and decide again")
            save_of_enrolment(transaction, enrolment.id, record_key(Draft, enrolment.id, draft.form), draft)
            add_access(transaction, (access,))

    def discard_draft(self, enrolment_id: EnrolmentId, form: str, access: AccessEntry) -> None:
        with self._database.writing() as transaction:
            remove_of_enrolment(transaction, enrolment_id, record_key(Draft, enrolment_id, form))
            add_access(transaction, (access,))
