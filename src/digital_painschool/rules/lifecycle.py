"""The lifecycle of an enrolment: start, hand over, review, maintain, reactivate, note the end of access, end.

Rule: M-05, M-07, M-09, M-17 to M-19, D-05a, D-05c, D-05d, D-07a, D-09a, D-18a, D-18b, D-19a.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    Event,
    HandedOver,
    Maintained,
    Reactivated,
    Reviewed,
    Started,
)
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.local_time import end_of_day, last_day, months_later
from digital_painschool.domain.notification import Notification
from digital_painschool.domain.people import AnyActor, HsaId, PersonId
from digital_painschool.domain.policy import Policy, Terms, YearEnd
from digital_painschool.domain.validation import module_numbers, truth_value, whole_number
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.rules.access import closed_refusal, is_open_ended
from digital_painschool.rules.transitions import dropped, is_allowed, require_transition


def _year_end(started_at: datetime, terms: Terms) -> datetime:
    return months_later(started_at, terms.program.access_months, terms.policy.zone)


def start(
    terms: Terms,
    person: PersonId,
    earlier: Iterable[Enrolment],
    *,
    enrolment_id: EnrolmentId,
    unit: HsaId,
    therapist: HsaId,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Start a program for a person.

    Rule: M-05, M-07, D-05c, D-07a, D-09b. A therapist for whom somebody else starts it has a flag of it.

    Args:
        terms: The program and the unit's policy.
        person: The patient.
        earlier: The person's enrolments at the unit, open and closed.
        enrolment_id: The new enrolment's id.
        unit: The unit that gives the treatment.
        therapist: The therapist of the patient.
        by: The author.
        at: The instant, an aware time.

    Raises:
        RuleViolation: `ALREADY_OPEN`: the person has an open enrolment in the program at the unit. The facts name its
            therapist, whom to ask (D-09b).
    """
    for enrolment in earlier:
        if enrolment.is_open and (enrolment.program, enrolment.unit) == (terms.program.key, unit):
            whom = str(enrolment.therapist)
            raise RuleViolation("D-07a", Reason.ALREADY_OPEN, program=terms.program.key, therapist=whom)
    return (
        Started(
            at=at,
            by=by.signature,
            enrolment_id=enrolment_id,
            person=person,
            unit=unit,
            therapist=therapist,
            program=terms.program.key,
            program_version=terms.program.version,
            access_until=_year_end(at, terms),
            flagged=therapist != by.signature,
        ),
    )


def hand_over(
    enrolment: Enrolment,
    terms: Terms,
    therapist: HsaId,
    superseded: Iterable[Notification] = (),
    *,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Hand the patient over to another therapist, who has a flag of it unless they do it themselves.

    Rule: D-09a, D-09b, D-23b.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        therapist: The new therapist.
        superseded: The pending notifications that the hand-over drops: see `superseded_by_hand_over`.
        by: The author.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The enrolment has ended, or the therapist already has the patient.
    """
    require_transition("hand_over", enrolment)
    if therapist == enrolment.therapist:
        raise RuleViolation("D-09a", Reason.SAME_THERAPIST)
    signature = by.signature
    return (
        HandedOver(at=at, by=signature, therapist=therapist, flagged=therapist != signature),
        *dropped(superseded, by=signature, at=at),
    )


def require_colleague(*, works_at_unit: bool | None) -> None:
    """Refuse to give a patient to somebody else than the actor who is not known at the unit. Rule: D-09b.

    Args:
        works_at_unit: The answer of the staff directory about the new therapist; None when it did not answer.

    Raises:
        RuleViolation: The directory says no, or did not answer.
    """
    if works_at_unit is None:
        raise RuleViolation("D-09b", Reason.DIRECTORY_UNAVAILABLE)
    if not works_at_unit:
        raise RuleViolation("D-09b", Reason.THERAPIST_NOT_AT_UNIT)


def review(enrolment: Enrolment, terms: Terms, *, by: AnyActor, at: datetime) -> tuple[Event, ...]:
    """Record that the patient's progress has been reviewed. Rule: M-09.

    Raises:
        RuleViolation: The enrolment has ended.
    """
    require_transition("review", enrolment)
    return (Reviewed(at=at, by=by.signature),)


def is_review_due(last: datetime, now: datetime, policy: Policy) -> bool:
    """Return whether the last review, or the start without one, is more than the policy's days ago. Rule: M-09."""
    return now - last > timedelta(days=policy.review_after_days)


def maintain(
    enrolment: Enrolment,
    terms: Terms,
    days: int,
    modules: Collection[int],
    *,
    shortens: bool = False,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Begin or renew the maintenance: chosen modules stay readable for a number of days.

    Rule: M-18, D-18a, D-18b. The days are whole local days after the local day of the confirmation. Access is over at
    the local midnight that ends the last day.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        days: The number of days, within the policy's limits.
        modules: The numbers of the modules that stay readable.
        shortens: True when the therapist confirms that the maintenance takes time away.
        by: The author.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The enrolment has ended, the days are out of range, a module does not exist, none is chosen, or
            the patient has access until a later day, or without a last day (D-05d), and nobody confirmed that the
            maintenance shortens it.
        InvalidValue: `days` or a module is not a whole number, or `shortens` is not True or False.
    """
    require_transition("maintain", enrolment)
    truth_value(shortens, "shortens")
    fewest, most = terms.policy.maintenance_days
    if not fewest <= whole_number(days, "days") <= most:
        raise RuleViolation("D-18a", Reason.DAYS_OUT_OF_RANGE, fewest=fewest, most=most)
    chosen = module_numbers(modules)
    if not chosen:
        raise RuleViolation("M-18", Reason.NO_MODULES_CHOSEN)
    for module in sorted(chosen):
        if terms.program.module(module) is None:
            raise RuleViolation("M-18", Reason.UNKNOWN_MODULE, module=module)
    zone = terms.policy.zone
    until = end_of_day(at, days, zone)
    if not shortens:
        _require_no_loss(enrolment, until, terms, at)
    return (Maintained(at=at, by=by.signature, days=days, modules=chosen, access_until=until),)


def _require_no_loss(enrolment: Enrolment, until: datetime, terms: Terms, at: datetime) -> None:
    """Refuse a new end of the access that takes time away from the patient. Rule: D-05d, D-18b."""
    new, present = (last_day(end, terms.policy.zone) for end in (until, enrolment.access_until))
    if at >= enrolment.access_until and is_open_ended(enrolment, terms.policy):
        raise RuleViolation("D-18b", Reason.ACCESS_WOULD_END, last_day=new)
    if until < enrolment.access_until:
        raise RuleViolation("D-18b", Reason.SHORTENS_ACCESS, last_day=new, present_last_day=present)


def reactivation_refusal(enrolment: Enrolment, terms: Terms, now: datetime) -> RuleViolation | None:
    """Return the violation for an enrolment that cannot go back to active at an instant, or None.

    Rule: D-05d, D-18b. Where the year's end closes nothing, there is a way back after it as well.
    """
    if not enrolment.is_open:
        return closed_refusal(enrolment, command="reactivate")
    if not is_allowed("reactivate", enrolment.phase):
        return RuleViolation("D-18b", Reason.NOT_IN_MAINTENANCE)
    until = _year_end(enrolment.started_at, terms)
    if now >= until and terms.policy.year_end is YearEnd.CLOSES:
        return RuleViolation("D-18b", Reason.FIRST_YEAR_OVER, last_day=last_day(until, terms.policy.zone))
    return None


def reactivate(
    enrolment: Enrolment, terms: Terms, *, shortens: bool = False, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """End the maintenance: the enrolment is active again, until the end of its first year.

    Rule: M-05, D-05d, D-18b. All modules are open again by the program's ordering, and forms can be filled in. Where
    the year's end closes nothing, the patient then has access until the therapist maintains or ends.

    Args:
        enrolment: The state.
        terms: Its terms.
        shortens: True when the therapist confirms that a maintenance beyond the first year loses that time.
        by: The therapist.
        at: The instant, UTC.

    Raises:
        RuleViolation: The enrolment has ended, is not in maintenance, or its first year is over and closed it; or the
            maintenance lasts longer than the first year, and nobody confirmed that the way back shortens it.
        InvalidValue: `shortens` is not True or False.
    """
    truth_value(shortens, "shortens")
    why = reactivation_refusal(enrolment, terms, at)
    if why is not None:
        raise why
    until = _year_end(enrolment.started_at, terms)
    if not shortens and terms.policy.year_end is YearEnd.CLOSES:
        _require_no_loss(enrolment, until, terms, at)
    return (Reactivated(at=at, by=by.signature, access_until=until),)


def note_access_end(enrolment: Enrolment, terms: Terms, *, by: AnyActor, at: datetime) -> tuple[Event, ...]:
    """Record the end of the patient's access on the timeline, once for each `access_until`.

    Rule: M-17, D-05a, D-05d, D-18a. The flag does not depend on this event: it follows from the time.

    Raises:
        RuleViolation: The enrolment has ended.
    """
    require_transition("note_access_end", enrolment)
    if at < enrolment.access_until or enrolment.noted_end == enrolment.access_until:
        return ()
    kept = is_open_ended(enrolment, terms.policy)
    return (AccessEnded(at=at, by=by.signature, access_until=enrolment.access_until, kept=kept),)


def end(
    enrolment: Enrolment, terms: Terms, reason: str, pending: Iterable[Notification] = (), *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """End the enrolment, for good. Rule: M-19, D-13b, D-19a.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        reason: The key of a reason from `terms.end_reasons`.
        pending: The enrolment's pending notifications; they are dropped with it.
        by: The author.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The enrolment has ended already, or the reason is not on the list.
    """
    require_transition("end", enrolment)
    choices = tuple(choice.key for choice in terms.end_reasons)
    chosen = next((key for key in choices if key == reason), None)
    if chosen is None:
        raise RuleViolation("M-19", Reason.UNKNOWN_END_REASON, choices=choices)
    signature = by.signature
    return (
        Ended(at=at, by=signature, reason=chosen),
        *dropped(pending, by=signature, at=at),
    )
