"""The drafts of the memory storage; the storage holds the lock."""

from collections.abc import Iterable

from attrs import evolve

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.ids import EnrolmentId


class MemoryDrafts:
    """The drafts of forms, by enrolment and form."""

    def __init__(self) -> None:
        self._drafts: dict[EnrolmentId, dict[str, Draft]] = {}

    def save(self, enrolment_id: EnrolmentId, draft: Draft) -> None:
        """Save a draft in place of the form's earlier one."""
        self._drafts.setdefault(enrolment_id, {})[draft.form] = _copy_of(draft)

    def find(self, enrolment_id: EnrolmentId, form: str) -> Draft | None:
        """Return the draft of a form, or None."""
        draft = self._drafts.get(enrolment_id, {}).get(form)
        return None if draft is None else _copy_of(draft)

    def discard(self, enrolment_id: EnrolmentId, forms: Iterable[str]) -> None:
        """Delete the drafts of some forms."""
        drafts = self._drafts.get(enrolment_id, {})
        for form in forms:
            drafts.pop(form, None)

    def delete(self, enrolment_id: EnrolmentId) -> None:
        """Delete every draft of an enrolment."""
        self._drafts.pop(enrolment_id, None)


def _copy_of(draft: Draft) -> Draft:
    return evolve(draft, answers=dict(draft.answers))
