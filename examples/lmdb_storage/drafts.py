"""Drafts of forms."""

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text
from digital_painschool.serialization.values import content_from_data
from lmdb_storage.database import Part
from lmdb_storage.records import add_access, find_enrolment
from lmdb_storage.tables import Table


class LmdbDrafts(Part):
    """The drafts of forms."""

    def save_draft(self, enrolment: Enrolment, draft: Draft, access: AccessEntry) -> None:
        data = {"at": instant_to_text(draft.saved_at), "answers": dict(draft.answers)}
        with self._database.writing() as transaction:
            stored = find_enrolment(transaction, enrolment.id)
            if stored is None or stored.enrolment.version != enrolment.version:
                raise Conflict("somebody else saved this enrolment first; load it and decide again")
            transaction.put(Table.DRAFTS, data, enrolment.id, draft.form)
            add_access(transaction, (access,))

    def draft(self, enrolment_id: EnrolmentId, form: str) -> Draft | None:
        with self._database.reading() as transaction:
            data = transaction.get(Table.DRAFTS, enrolment_id, form)
            if data is None:
                return None
            answers = content_from_data(data["answers"])
            if isinstance(answers, str):
                raise TypeError("the answers of a draft are no text")
            return Draft(form=form, saved_at=instant_from_text(data["at"]), answers=answers)

    def discard_draft(self, enrolment_id: EnrolmentId, form: str, access: AccessEntry) -> None:
        with self._database.writing() as transaction:
            transaction.remove(Table.DRAFTS, enrolment_id, form)
            add_access(transaction, (access,))
