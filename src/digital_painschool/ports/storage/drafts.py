"""Drafts: forms that patients have begun to fill in, apart from everything that staff see. Rule: D-14a."""

from abc import abstractmethod
from typing import Protocol

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.ports.storage.access_log import AccessEntry


class Drafts(Protocol):
    """The drafts of forms, at most one of each form in an enrolment. `Change.discarded_drafts` says when they go."""

    @abstractmethod
    def save_draft(self, enrolment: Enrolment, form: str, draft: Draft | None, access: AccessEntry) -> None:
        """Save a draft in place of the form's earlier one, or delete that, and log it, in one transaction, durably.

        Args:
            enrolment: The state that the draft was permitted in.
            form: The key of the form.
            draft: The draft; None to delete the one that is stored.
            access: The entry for the access log.

        Contract:
            * **optimistic**: the draft is saved only while the stored version is `enrolment.version`. So no draft
              outlives a change that discards it.
            * **discarded**: with None, the draft of the form is deleted where there is one, whatever the version is.
            * **apart**: state, timeline, documents, caseload and notifications stay as they are.

        Raises:
            Conflict: Somebody has changed the enrolment, or the enrolment does not exist. Nothing was changed.
        """
        ...
