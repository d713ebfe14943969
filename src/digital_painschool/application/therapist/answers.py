"""The answers to forms, and marking them as read."""

from digital_painschool.application.executor import Executor
from digital_painschool.application.form_answers import FormAnswers, form_answers, require_form
from digital_painschool.application.once import once_of
from digital_painschool.application.patient_head import patient_head
from digital_painschool.application.views import Submission
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor
from digital_painschool.rules import flags
from digital_painschool.rules.permissions import Action


class Answers:
    """The answers to forms. Rule: M-14 to M-16, D-15a."""

    _executor: Executor
    _actor: Actor

    def open_form(self, enrolment_id: EnrolmentId, form: str) -> tuple[Submission, ...]:
        """Return all submissions of a form, oldest first, and mark them as read. Rule: M-15, M-16.

        A submission that the patient saves meanwhile stays unread.
        """
        found = self.answers(enrolment_id, form)
        self.mark_read(enrolment_id, form, up_to=len(found), opened=True)
        return found

    def answers(self, enrolment_id: EnrolmentId, form: str) -> tuple[Submission, ...]:
        """Return all submissions of a form, oldest first; marks nothing. Rule: M-16."""
        return self.form_answers(enrolment_id, form).submissions

    def form_answers(self, enrolment_id: EnrolmentId, form: str) -> FormAnswers:
        """Return a form's answers with its questions, ready for a table or a plot; marks nothing. Rule: M-15, M-16."""

        def found(enrolment: Enrolment) -> Enrolment:
            require_form(self._executor, "M-15", enrolment, form)
            return enrolment

        enrolment = self._executor.read(Action.READ_ANSWERS, self._actor, enrolment_id, found)
        head = patient_head(enrolment, self._executor.terms.of(enrolment), self._executor.now())
        return form_answers(self._executor, enrolment, form, head=head)

    def mark_read(
        self,
        enrolment_id: EnrolmentId,
        form: str,
        *,
        up_to: int | None = None,
        opened: bool = False,
        once: str | None = None,
    ) -> Enrolment:
        """Mark a form as read ("the small box"). Rule: M-15, D-15a.

        Args:
            enrolment_id: The enrolment.
            form: The form's key.
            up_to: The ordinal of the last submission to mark: the `total` of the view in which it was marked. A later
                one stays unread. Left out, all that are saved now.
            opened: True when the answers were shown.
            once: The host's key for the call.
        """
        return self._executor.execute_rule(
            Action.MARK_FORM_READ,
            self._actor,
            enrolment_id,
            lambda e, terms, at: flags.mark_read(e, terms, form, up_to, opened=opened, by=self._actor, at=at),
            once=once_of(once, "mark_read", form=form, up_to=up_to, opened=opened),
        )
