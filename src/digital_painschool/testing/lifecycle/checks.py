"""What a school shows and stores, compared with the model of a run: each check yields the violations of a law."""

from collections.abc import Iterator

from digital_painschool.application.caseload import CaseSelection
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Author, HsaId, Role
from digital_painschool.errors import NotFound
from digital_painschool.ports.storage import Storage, find_cancellable, load_enrolment, load_timeline
from digital_painschool.testing.lifecycle.model import RunModel
from digital_painschool.testing.people import staff
from digital_painschool.testing.reference import checks
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal, unless, violation
from digital_painschool.testing.reference.pages import page_violations
from digital_painschool.testing.scenario import Scenario


def enrolment_violations(school: Scenario, model: RunModel, one: ReferenceEnrolment) -> Iterator[LawViolation]:
    """Check the state and the timeline of an enrolment, and what its therapist and its patient see."""
    id_, storage, now = one.id, school.storage, school.now
    state = load_enrolment(storage, id_)
    if state is None:
        yield violation(Law.STORAGES_AGREE, "not stored any more, and nobody purged it", id_)
        return
    timeline = load_timeline(storage, id_)
    yield from checks.timeline_violations(one, state, timeline)
    yield from checks.state_violations(one, state)
    yield from checks.draft_violations(one, storage)
    desk = school.school.therapist(one.therapist_actor)
    yield from checks.flag_violations(one, desk.to_handle(id_), now)
    yield from checks.conversation_violations(one, desk.conversations(id_), Author.THERAPIST)
    if one.is_withdrawn:
        yield from _hidden_violations(school, one)
    else:
        yield from checks.overview_violations(one, school.school.patient(one.number).overview(id_), now)
    yield from page_violations(one, desk.patient_page(id_))
    if not one.is_open and id_ not in model.ended_in_a_pass:
        # An ending drops the notifications that wait and that nobody has tried to send (D-19a).
        what = "the enrolment has ended, and notifications of it still wait"
        # One in doubt waits for the run that drops it, also when the inbox has forgotten its key meanwhile (D-07b).
        waiting = [n for n in find_cancellable(storage, id_) if not (one.is_withdrawn and model.oracle.is_tried(n))]
        yield from unequal(Law.NOTIFIED_ONCE_IN_TIME, [], waiting, what, id_)
    yield from checks.entry_violations(one, timeline)


def _hidden_violations(school: Scenario, one: ReferenceEnrolment) -> Iterator[LawViolation]:
    """Check that a withdrawn enrolment is in the person's room and in no list of staff (D-07b)."""
    room, desk = school.school.patient(one.number), school.school.therapist(one.therapist_actor)
    coordinator = school.school.therapist(staff(3, Role.PATIENT_ADMINISTRATOR, unit=one.unit))
    ended = CaseSelection(ended=True)
    shown = {
        "the person's room": [seen.enrolment_id for seen in room.enrolments()],
        "the therapist's search": [found.id for found in desk.find(one.number)],
        "the list of ended patients": [row.enrolment_id for row in coordinator.unit_caseload(show=ended).rows],
    }
    for where, ids in shown.items():
        yield from unless(one.id not in ids, Law.ACCESS_FOLLOWS_THE_TABLE, f"withdrawn, and in {where}", one.id)
    try:
        room.overview(one.id)
    except NotFound:
        return
    yield violation(Law.ACCESS_FOLLOWS_THE_TABLE, "withdrawn, and the person can open it by its id", one.id)


def caseload_violations(school: Scenario, model: RunModel) -> Iterator[LawViolation]:
    """Check the therapists' lists and the units' lists: the rows, their order, their counts and their totals."""
    open_ones = [one for one in model.school.stored() if one.is_open]
    for unit in {one.unit for one in model.school.enrolments}:
        here = [one for one in open_ones if one.unit == unit]
        coordinator = school.school.therapist(staff(3, Role.PATIENT_ADMINISTRATOR, unit=unit))
        yield from checks.row_violations(here, coordinator.unit_caseload(limit=500).rows, school.now, f"list of {unit}")
        yield from checks.totals_violations(here, coordinator.unit_counts(), school.now, f"list of {unit}")
        for therapist in {one.therapist for one in here}:
            own = [one for one in here if one.therapist == therapist]
            desk = school.school.therapist(own[0].therapist_actor)
            yield from checks.row_violations(own, desk.caseload(limit=500).rows, school.now, f"list of {therapist}")
            yield from checks.totals_violations(own, desk.counts(), school.now, f"list of {therapist}")


def log_violations(storage: Storage, unit: HsaId, enrolment_id: EnrolmentId) -> Iterator[LawViolation]:
    """Check that the access log still has the start and the purge of a purged enrolment."""
    log = storage.access_entries(unit, limit=1_000_000)
    actions = {entry.action for _, entry in log if entry.enrolment_id == enrolment_id}
    what = "purged, and the access log does not have its start and its purge any more"
    yield from unless({"start", "purge"} <= actions, Law.PURGE_TAKES_WHAT_IT_MAY, what, enrolment_id)
