"""How people behave, and what goes wrong: every number that the simulation assumes, with what it means.

They are estimates, made to reach every corner of the library and not to forecast a clinic. A share is of the cases in
which the thing could happen; a pair is the least and the most.
"""

from datetime import time, timedelta

from attrs import frozen


@frozen(kw_only=True)
class PatientHabits:
    """What patients do.

    Args:
        first_visit_days: Days from the start until the first visit.
        paces: The share of quick, steady and slow patients, each with the days between two visits.
        weekdays: The weight of each day, Monday first: bursts after the weekend and on Sundays.
        evening: The share of visits from 17 to 23, local time.
        night: The share of visits from 23 to 7; what is left falls in the daytime.
        leaves_early: The share who stop coming after a few visits.
        leaves_later: The share who stop coming some months on.
        visits_before_leaving: The visits of those who leave early.
        days_before_leaving: The days that those who leave later stay.
        returns: The share of those who left who come back.
        returns_after_days: After so many days.
        never_reads: The share who never open a conversation.
        reads: The share of visits at which the others read what is new.
        out_of_order: The share of visits that go to another module than the recommended one.
        goes_on: The share of visits at which a module is opened or taken up again.
        skips: The share of visits at which a module is completed without a look at it.
        completes: The share of such visits at which it is completed.
        fills_in: The share of a module's forms that are filled in at a visit to it.
        fills_in_again: The share of visits at which a form of before is filled in once more.
        pain: How strong the pain is at first, of 10; answers to scales and choices follow it.
        eases: The share of fillings-in before which it has become less; else it goes up and down by one at most.
        optional_answers: The share of the questions that need no answer and get one.
        wrong_answers: The share of fillings-in with an answer missing or wrong, which are refused.
        writes: The share of visits with a message to the therapist.
        begins_anew: The share of messages that begin a conversation.
        renames: The share of visits at which a conversation gets another heading.
        double_click: The share of steps that are taken twice.
        rests_weeks: Weeks between visits once the reading order is completed.
        knocks: The share of those without access who try all the same.
        knocks_days: Days between such tries.
        reserve_numbers: The share known by a reserve number, whom the inbox cannot reach.
        coordination_numbers: The share known by a samordningsnummer.
        second_program: The share who also get the unit's other program.
        second_after_days: So many days after the first.
        comes_again: The share of ended ones who are started again later.
        comes_again_after_days: So many days after the end.
    """

    first_visit_days: tuple[int, int] = (0, 4)
    paces: tuple[tuple[tuple[int, int], float], ...] = (((1, 4), 0.2), ((2, 8), 0.55), ((5, 16), 0.25))
    weekdays: tuple[float, ...] = (1.0, 0.8, 0.7, 0.6, 0.4, 0.35, 0.95)
    evening: float = 0.55
    night: float = 0.06
    leaves_early: float = 0.14
    leaves_later: float = 0.16
    visits_before_leaving: tuple[int, int] = (1, 5)
    days_before_leaving: tuple[int, int] = (40, 240)
    returns: float = 0.35
    returns_after_days: tuple[int, int] = (21, 160)
    never_reads: float = 0.05
    reads: float = 0.8
    out_of_order: float = 0.08
    goes_on: float = 0.75
    skips: float = 0.02
    completes: float = 0.5
    fills_in: float = 0.6
    fills_in_again: float = 0.06
    pain: tuple[int, int] = (3, 8)
    eases: float = 0.1
    optional_answers: float = 0.7
    wrong_answers: float = 0.02
    writes: float = 0.12
    begins_anew: float = 0.15
    renames: float = 0.01
    double_click: float = 0.01
    rests_weeks: tuple[int, int] = (3, 8)
    knocks: float = 0.3
    knocks_days: tuple[int, int] = (30, 90)
    reserve_numbers: float = 0.02
    coordination_numbers: float = 0.03
    second_program: float = 0.05
    second_after_days: tuple[int, int] = (30, 200)
    comes_again: float = 0.05
    comes_again_after_days: tuple[int, int] = (20, 120)


@frozen(kw_only=True)
class StaffHabits:
    """What therapists and administrators do.

    Args:
        begins: The hours at which a working day begins.
        looks_hours: The hours after that at which "Mina" is looked through.
        off_sick: The share of working days away without notice.
        summer_weeks: The weeks of summer leave.
        summer_from: The earliest and the latest start of it, as days from 15 June.
        handled_at_once: How many patients with flags are seen to at a time.
        leaves_for_later: The share of flags that are left for another day.
        small_box: The share of forms that are marked as read without being opened.
        saves_meanwhile: The share of forms marked that way that the patient saves again after the list was drawn.
        answers: The share of a patient's messages that get an answer.
        not_told: The share of messages to patients without a notification.
        told_directly: The share with a direct one; what is left is collected.
        writes_again: The share of messages that another one follows on the next day, at the same patient.
        reviewed_at_once: How many due reviews are done at a time.
        writes_at_review: The share of reviews with a message to the patient.
        silent_days: A patient who has not been seen for so many days is silent.
        ends_silent: The share of reviews of silent patients at which the enrolment is ended.
        says_goodbye: The share of those ends that come straight after a last message.
        maintains_early: The share of reviews of those who are done that end their year with a maintenance.
        maintains: The share of enrolments at the end of their time that are maintained first.
        maintained_days: For so many days.
        maintains_too_long: The share of maintenances with more days than there may be at first, which is refused.
        starts_alone: The share of patients whom their therapist starts; the others are started by the coordinator.
        welcomes: The share of new patients who are written to on the first day.
        wants_email: The share of therapists who tick e-mail on "Min profil".
        wants_sms: The share who tick SMS.
        mistypes: The share of starts with a mistyped number first.
        hands_over: The share of units that hand patients over for the summer.
        hands_back: The share of such hand-overs that are taken back after the summer.
        unknown_in_directory: The share of therapists whom the staff directory has no address of.
        double_click: The share of endings and hand-overs that are confirmed twice.
        cares_for_retention: The share of units that export before they purge.
        about_clock_changes: The share of the odd hours about a change of the clocks at which a therapist writes.
        on_the_stroke: The share of working days with a message at the very instant of the run, or just before.
    """

    begins: tuple[int, int] = (7, 9)
    looks_hours: tuple[int, ...] = (0, 5)
    off_sick: float = 0.03
    summer_weeks: tuple[int, int] = (3, 5)
    summer_from: tuple[int, int] = (0, 30)
    handled_at_once: int = 12
    leaves_for_later: float = 0.15
    small_box: float = 0.15
    saves_meanwhile: float = 0.1
    answers: float = 0.7
    not_told: float = 0.2
    told_directly: float = 0.25
    writes_again: float = 0.1
    reviewed_at_once: int = 4
    writes_at_review: float = 0.4
    silent_days: int = 75
    ends_silent: float = 0.25
    says_goodbye: float = 0.5
    maintains_early: float = 0.02
    maintains: float = 0.4
    maintained_days: tuple[int, int] = (14, 120)
    maintains_too_long: float = 0.05
    starts_alone: float = 0.7
    welcomes: float = 0.8
    wants_email: float = 0.5
    wants_sms: float = 0.2
    mistypes: float = 0.03
    hands_over: float = 0.6
    hands_back: float = 0.8
    unknown_in_directory: float = 0.1
    double_click: float = 0.03
    cares_for_retention: float = 0.8
    about_clock_changes: float = 0.1
    on_the_stroke: float = 0.02


@frozen(kw_only=True)
class Mishaps:
    """What goes wrong around the school.

    Args:
        worker_away: The share of days on which no delivery worker runs at all, in the whole region.
        pass_missed: The share of passes that cron skips.
        inbox_outages: The share of days on which the national inbox begins to be down, in the whole region.
        outage: How long it is down then.
        long_outage: The share of outages that last longer.
        long: How long those last.
        killed: The share of passes in which the worker's process dies.
        slow: The share of passes in which the inbox gives no answer for a while, and life goes on meanwhile.
        slowness: For how long; a lease is a quarter of an hour.
        overlaps: The share of passes that another worker makes at the same time.
        directory_gaps: The share of days on which the staff directory knows nothing of a therapist.
        restart_days: Days between two restarts of the school.
        strangers: The share of a unit's days on which somebody tries what is not theirs.
        strange_patients: The share of such tries that a patient makes, with another's enrolment.
        strange_officers: The share of the others that are about what is the data administrator's alone.
        strange_readers: The share of the rest that are about what the unit's patient administrator may do too.
        fixed_passes: Local times at which a pass is made whether something is due or not.
        dense_days: The share of days with every pass of the day, due or not.
    """

    worker_away: float = 0.01
    pass_missed: float = 0.02
    inbox_outages: float = 0.03
    outage: tuple[timedelta, timedelta] = (timedelta(hours=1), timedelta(hours=10))
    long_outage: float = 0.06
    long: tuple[timedelta, timedelta] = (timedelta(hours=30), timedelta(hours=60))
    killed: float = 0.008
    slow: float = 0.004
    slowness: tuple[timedelta, timedelta] = (timedelta(minutes=1), timedelta(minutes=25))
    overlaps: float = 0.02
    directory_gaps: float = 0.01
    restart_days: int = 28
    strangers: float = 0.3
    strange_patients: float = 0.25
    strange_officers: float = 0.25
    strange_readers: float = 0.5
    fixed_passes: tuple[time, ...] = (time(3), time(7), time(8, 45), time(13), time(19))
    dense_days: float = 0.02


@frozen(kw_only=True)
class Habits:
    """All that is assumed: of patients, of staff, and of what goes wrong."""

    patients: PatientHabits = PatientHabits()
    staff: StaffHabits = StaffHabits()
    mishaps: Mishaps = Mishaps()
