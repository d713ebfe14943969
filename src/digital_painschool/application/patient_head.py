"""The head of each tab of a patient: who it is, where the treatment stands, and what waits. Rule: M-08, D-08a."""

from datetime import date, datetime, time

from attrs import frozen

from digital_painschool.domain.enrolment import OPEN_PHASES, CaseloadCounts, Enrolment, Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.local_time import last_day, time_of_end
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import Terms
from digital_painschool.rules import flags
from digital_painschool.rules.access import Access, access
from digital_painschool.rules.attention import attention_limits


@frozen(kw_only=True)
class PatientHead:
    """The head of a tab: "Hantera", "Meddelande", "Tidslinje", a form's answers. Rule: M-08, D-08a.

    It is of the same state as the tab, before the tab marked anything as read, and leaves no log line of its own.

    Args:
        enrolment_id: The enrolment.
        version: The number of timeline entries that the tab was drawn from: the `expected` of a step from it.
        drawn_at: The instant at which flags are judged, UTC.
        person: The patient; the `repr` is masked.
        therapist: The present therapist.
        program: The program's key.
        title: The program's title.
        phase: The phase of the life cycle.
        access: What the patient may do now: nothing when the access is over (D-05a); then staff cannot write either.
        started_at: When the enrolment began, UTC.
        last_day: The last local day on which the patient has access.
        last_time: The local time of day at which the access ends on that day: a year after its start it is the start's.
            None for the whole day (M-05, D-18a).
        ended_at: When the enrolment ended, UTC; None while it is open.
        to_handle: The number of lines in the box of current events, for the badge of "Hantera" (M-15).
        counts: The counts of the box, as the caseload shows them.
        silent_since: When a silent patient last did something, or else the start, UTC; None for one who is not silent
            (D-17b).
        ends_on: The last local day of an access that ends soon; None for one that does not (D-17b).
    """

    enrolment_id: EnrolmentId
    version: int
    drawn_at: datetime
    person: PersonId
    therapist: HsaId
    program: str
    title: str
    phase: Phase
    access: Access
    started_at: datetime
    last_day: date
    last_time: time | None
    ended_at: datetime | None
    to_handle: int
    counts: CaseloadCounts
    silent_since: datetime | None
    ends_on: date | None

    @property
    def is_open(self) -> bool:
        """True until the enrolment has ended or was withdrawn."""
        return self.phase in OPEN_PHASES


def patient_head(enrolment: Enrolment, terms: Terms, now: datetime) -> PatientHead:
    """Return the head of an enrolment as it is at an instant. Rule: M-08, D-08a.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        now: The instant at which flags are judged, an aware time.
    """
    limits = attention_limits(terms.policy, now)
    day = last_day(enrolment.access_until, terms.policy.zone)
    return PatientHead(
        enrolment_id=enrolment.id,
        version=enrolment.version,
        drawn_at=now,
        person=enrolment.person,
        therapist=enrolment.therapist,
        program=terms.program.key,
        title=terms.program.title,
        phase=enrolment.phase,
        access=access(enrolment, terms.policy, now),
        started_at=enrolment.started_at,
        last_day=day,
        last_time=time_of_end(enrolment.access_until, terms.policy.zone),
        ended_at=enrolment.ended_at,
        to_handle=len(flags.to_handle(enrolment, now)),
        counts=flags.caseload_counts(enrolment),
        silent_since=limits.silent_since(enrolment, now),
        ends_on=day if limits.ends_soon(enrolment, now) else None,
    )
