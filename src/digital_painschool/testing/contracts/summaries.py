"""The contract of the storage port: the summary of a member of staff, which several patients share."""

from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId, NotificationId, PlanId
from digital_painschool.domain.notification import Channel, Notification, Template, TriggeringEntry
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Program
from digital_painschool.ports.storage import Enrolments, Storage, load_notifications
from digital_painschool.rules.lifecycle import review
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    LEASE,
    MORNING,
    OTHER_PERSON,
    RUN,
    B,
    begin,
    finish,
    saved,
    step,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.outbox import owners
from digital_painschool.testing.contracts.purges import assert_gone, kept_plan
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import NURSE, PERSON, UNIT


def summarised(
    storage: Enrolments,
    enrolment_id: str,
    person: PersonId,
    *,
    channel: Channel = Channel.EMAIL,
    program: Program = PROGRAM,
) -> Enrolment:
    """Save an enrolment with an entry that is in its therapist's summary of the day."""
    change = step(saved(storage, begin(enrolment_id, person, program=program)), review, at=MORNING)
    asked = Notification(
        id=NotificationId(f"{enrolment_id}.2.{channel.value}"),
        unit=UNIT,
        channel=channel,
        recipient=NURSE.hsa_id,
        template=Template.SUMMARY,
        due_at=RUN,
        trigger=TriggeringEntry(enrolment_id=EnrolmentId(enrolment_id), seq=2, flag=FlagKind.PROGRAM_DONE),
        collected=True,
    )
    return saved(storage, evolve(change, notifications=(asked,)))


class SummaryContract(StorageOpening):
    """The summaries of members of staff, in every storage. Rule: D-23b."""

    @proves("Change.notifications")
    def test_a_member_of_staff_has_one_summary_of_all_patients_over_each_channel(self, storage: Storage) -> None:
        """Otherwise a therapist would be told of each patient alone, or of a flag that nobody can find (D-23b)."""
        for id_, person in (("a", PERSON), ("b", OTHER_PERSON)):
            summarised(storage, id_, person)
        summarised(storage, "c", PERSON, channel=Channel.SMS, program=SLEEP)
        claims = storage.claim(RUN, 10, LEASE)
        assert [["a", "b"], ["c"]] == owners(claims)
        assert [(Channel.EMAIL, NURSE.hsa_id, True), (Channel.SMS, NURSE.hsa_id, True)] == [
            (claim.digest.channel, claim.digest.recipient, claim.digest.collected) for claim in claims
        ]
        asked = [record.notification for claim in claims for record in claim.digest.pending]
        told = {(one.template, one.flag, one.trigger.flag) for one in asked}
        assert {(Template.SUMMARY, FlagKind.PROGRAM_DONE, FlagKind.PROGRAM_DONE)} == told

    @proves("Retention.purge: nothing left")
    def test_a_summary_stays_with_what_another_patient_has_in_it(self, storage: Storage) -> None:
        """Otherwise the purge of one patient would silence what a therapist is to be told of the others (D-23b)."""
        first, _ = summarised(storage, "a", PERSON), summarised(storage, "b", OTHER_PERSON)
        first = saved(storage, finish(first, at=MORNING))
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        assert_gone(storage, first)
        [claim] = storage.claim(RUN, 10, LEASE)
        assert (load_notifications(storage, B), None) == (claim.digest.pending, claim.digest.batch)
