"""Drafts: forms that patients have begun to fill in, apart from everything that staff see. Rule: D-14a."""

from abc import abstractmethod
from typing import Protocol

from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage.access_log import AccessEntry
from digital_painschool.ports.storage.completed_calls import CompletedCall


class Drafts(Protocol):
    """The drafts of forms, at most one of each form in an enrolment. `Change.discarded_drafts` says when they go."""

    @abstractmethod
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
        """Save a draft in place of the form's earlier one, or delete that, and log it, in one transaction, durably.

        Args:
            enrolment: The state that the draft was permitted in.
            form: The key of the form.
            draft: The draft; None to delete the one that is stored.
            access: The entry for the access log.
            replaces: The `draft_tag` of the draft that must be stored; the tag of None where there must be none. None
                for any draft, also one that is unreadable.
            completed: The idempotency key of the call, with what is needed to know it again; None without a key.

        Contract:
            * **optimistic**: the draft is saved only while the stored version is `enrolment.version`. So no draft
              outlives a change that discards it.
            * **replaces**: with a tag, the draft is saved or deleted only while the stored draft has this tag. The
              transaction asks for it itself, as `require_tag` does: of several calls that would replace one draft, the
              first wins.
            * **discarded**: with None, the draft of the form is deleted where there is one, whatever the version is.
            * **apart**: state, timeline, documents, caseload and notifications stay as they are.

        Raises:
            Conflict: Somebody has changed the enrolment, it does not exist, another draft is stored than the one to
                replace, or a call was completed under the key. Nothing was changed.
            StorageError: Also when a draft is to be replaced by its tag, and is unreadable.
        """
        ...


def require_tag(stored: Draft | None, replaces: str | None) -> None:
    """Refuse to replace another draft than the one that a page has shown.

    Args:
        stored: The draft that is stored, or None.
        replaces: The tag of the draft that is to be replaced; None for any.

    Raises:
        Conflict: The stored draft is another one.
    """
    if replaces is not None and replaces != draft_tag(stored):
        raise Conflict("another draft is stored than the one to replace; load it and decide again")
