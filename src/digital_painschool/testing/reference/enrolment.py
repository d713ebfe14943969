"""The reference model of an enrolment, in counters and sets: it knows no rule and no `apply` of the library.

A step of the model is called when the desk has done it: `refusals` says whether it should.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from attrs import define

from digital_painschool.domain.enrolment import Phase, WithdrawalReason
from digital_painschool.domain.people import Author, HsaId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.testing.reference.calendar import midnight_after
from digital_painschool.testing.reference.counts import Backlog, Reached, ReferenceConversation
from digital_painschool.testing.reference.state import ReferenceState
from digital_painschool.testing.reference.texts import answers_as_read, text_as_read


@define(eq=False, repr=False, kw_only=True)
class ReferenceEnrolment(ReferenceState):
    """One enrolment as the model has it, and the steps that change it."""

    def _enter(self, now: datetime, entries: int = 1, *, by: Author = Author.THERAPIST) -> None:
        self.entries += entries
        self.last_entry_at = max(self.last_entry_at, now)
        if by is Author.PATIENT and entries:
            self.last_seen_at = now

    def open_module(self, module: int, now: datetime) -> None:
        """Open a module; one out of order is marked in the active phase. Opening it again changes nothing."""
        if module in self.opened:
            return
        if self.phase is Phase.ACTIVE and self.incomplete_before(module):
            self.out_of_order.add(module)
        self.opened.add(module)
        self._enter(now, by=Author.PATIENT)

    def read_page(self, module: int, page: int, now: datetime) -> None:
        """Read a page, which opens its module; reading it again changes nothing."""
        self.open_module(module, now)
        if page not in self.pages_read.get(module, set()):
            self.pages_read[module] = self.pages_read.pop(module, set()) | {page}  # the last module now
            self._enter(now, by=Author.PATIENT)

    def complete_module(self, module: int, now: datetime) -> bool:
        """Complete a module; return whether that completes the program."""
        if module in self.completed:
            return False
        self.completed.add(module)
        is_done = self.done_at is None and self.completed.issuperset(self.program.required)
        if is_done:
            self.done_at = now
        self._enter(now, 1 + is_done, by=Author.PATIENT)
        if is_done:
            self.raised.add(self.version, "program-done")
        return is_done

    def release_module(self, module: int, now: datetime) -> None:
        """Release a module; releasing it again changes nothing."""
        if module not in self.released:
            self.released.add(module)
            self._enter(now)

    def save_form(self, form: str, answers: Mapping[str, object], now: datetime, *, reached: Iterable[Reached]) -> int:
        """Save a submission; return its ordinal."""
        self.answers[form] = answers_as_read(answers)
        self.drafts.pop(form, None)
        self._enter(now, by=Author.PATIENT)
        self.raised.add(self.version, "form-saved")
        return self.forms.setdefault(form, Backlog()).add(now, reached=reached)

    def save_draft(self, form: str, answers: Mapping[str, object], now: datetime) -> None:
        """Save a draft: no entry of the timeline, and nothing that staff see."""
        self.drafts[form] = (now, answers_as_read(answers))

    def discard_draft(self, form: str) -> None:
        """Remove the draft of a form, if there is one."""
        self.drafts.pop(form, None)

    def mark_read(self, form: str, up_to: int, now: datetime) -> datetime | None:
        """Mark a form as read up to a submission; return since when the oldest of them waited.

        Nothing changes after the end, or when all of them were read before: then None is returned.
        """
        since = self.submissions(form).mark_read(up_to, now) if self.is_open else None
        if since is not None:
            self._enter(now)
        return since

    def write(self, conversation: int, author: Author, now: datetime) -> int:
        """Write a message in a conversation, or in a new one (0); return its ordinal."""
        if not conversation:
            self.conversations.append(ReferenceConversation(self.policy.heading))
        self._enter(now, 1 if conversation else 2, by=author)
        if author is Author.PATIENT:
            self.raised.add(self.version, "message-received")
        return self.conversations[conversation - 1].sent_by(author).add(now)

    def read(self, conversation: int, reader: Author, now: datetime) -> datetime | None:
        """Read a conversation; return since when the oldest unread message waited, or None when nothing changes."""
        other = Author.THERAPIST if reader is Author.PATIENT else Author.PATIENT
        messages = self.conversations[conversation - 1].sent_by(other)
        since = messages.mark_read(messages.sent, now) if self.is_open else None
        if since is not None:
            self._enter(now, by=reader)
        return since

    def rename(self, conversation: int, heading: str, author: Author, now: datetime) -> None:
        """Change a conversation's heading."""
        self.conversations[conversation - 1].heading = text_as_read(heading)
        self.is_renamed_by_patient |= author is Author.PATIENT
        self._enter(now, by=author)

    def lose(self, notification: str, seq: int, now: datetime) -> None:
        """Note that a notification could not be delivered; one that is flagged already is no second one."""
        self.raised.add(seq, "undelivered")
        if notification not in self.undelivered:
            self.undelivered.append(notification)
            self.lost_at[notification] = seq, now

    def resolve_dead_letter(self, now: datetime) -> None:
        """Send a notification again that was given up, or drop it: the flag stays."""
        self._enter(now)

    def mark_handled(self, kind: FlagKind, now: datetime, view: int | None = None) -> None:
        """Mark the completed program, a new patient or undelivered notifications as handled: what the view showed."""
        if not self.is_open:
            return
        shown = self.version if view is None else view
        if kind is FlagKind.UNDELIVERED:
            left = [lost for lost in self.undelivered if self.lost_at[lost][0] > shown]
            is_settled, self.undelivered = len(left) < len(self.undelivered), left
        elif kind is FlagKind.HANDED_OVER:
            is_settled = self.handed_at is not None and not self.raised.after(shown, "handed-over")
            if is_settled:
                self.handed_at = self.handed_by = None
        else:
            is_settled = self.done_waits and not self.raised.after(shown, "program-done")
            self.done_handled |= is_settled
        if is_settled:
            self._enter(now)
            self.settled[kind] = self.version

    def review(self, now: datetime) -> None:
        """Record a review."""
        self.reviewed_at = now
        self._enter(now)

    def hand_over(self, to: HsaId, by: HsaId, now: datetime) -> None:
        """Hand the patient over to another therapist, who has a flag of it unless they do it themselves."""
        self.former_therapists.append((now, self.therapist))
        self.therapist = to
        self._enter(now)
        self.give(by, now)

    def give(self, by: HsaId, now: datetime) -> None:
        """Record the flag of a new patient, if somebody else gave the patient to the present therapist."""
        self.handed_at, self.handed_by = (None, None) if by == self.therapist else (now, by)
        self.settled[FlagKind.HANDED_OVER] = self.version
        if self.handed_at:
            self.raised.add(self.version, "handed-over")

    def maintain(self, days: int, modules: Collection[int], now: datetime) -> None:
        """Begin or renew the maintenance."""
        self.phase, self.maintained = Phase.MAINTENANCE, frozenset(modules)
        self.access_until = midnight_after(now, days, self.policy.zone)
        self.drafts.clear()
        self._enter(now)

    def reactivate(self, now: datetime) -> None:
        """Begin the active phase again, until the end of the first year."""
        self.phase, self.maintained, self.access_until = Phase.ACTIVE, frozenset(), self.year_end
        self.reactivated_at = now
        self._enter(now)

    def end(self, now: datetime, withdrawal: WithdrawalReason | None = None) -> None:
        """End the enrolment, or withdraw its start for a reason."""
        self.phase, self.ended_at = Phase.WITHDRAWN if withdrawal else Phase.ENDED, now
        self.withdrawal = withdrawal
        self.drafts.clear()
        self._enter(now)
        self.settled = dict.fromkeys(FlagKind, self.version)
