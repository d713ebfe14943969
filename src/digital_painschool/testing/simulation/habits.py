"""How people behave, and what goes wrong: every number that the simulation assumes, with its meaning beside it.

They are estimates, made to reach every corner of the library and not to forecast a clinic. A `float` is a share of the
cases in which the thing can happen; a pair is the least and the most.
"""

from datetime import time, timedelta

from attrs import frozen

Days = tuple[int, int]
Span = tuple[timedelta, timedelta]
_QUICK, _STEADY, _SLOW = (1, 4), (2, 8), (5, 16)


@frozen(kw_only=True)
class PatientHabits:
    """The habits of patients. Most shares are of the patients or of their visits."""

    first_visit_days: Days = (0, 4)  # from the start until the first visit
    paces: tuple[tuple[Days, float], ...] = ((_QUICK, 0.2), (_STEADY, 0.55), (_SLOW, 0.25))  # days between two visits
    weekdays: tuple[float, ...] = (1.0, 0.8, 0.7, 0.6, 0.4, 0.35, 0.95)  # weights, Monday first: bursts after weekends
    evening: float = 0.55  # of visits, from 17 to 23 local time
    night: float = 0.06  # of visits, from 23 to 7; the rest falls in the daytime
    leaves_early: float = 0.14  # of patients, after a few visits
    leaves_later: float = 0.16  # of patients, after some months
    visits_before_leaving: Days = (1, 5)  # visits of a patient who leaves early
    days_before_leaving: Days = (40, 240)  # days of a patient who leaves later
    returns: float = 0.35  # of patients who left
    returns_after_days: Days = (21, 160)
    never_reads: float = 0.05  # of patients: they open no conversation
    reads: float = 0.8  # of the others' visits: everything new is read
    out_of_order: float = 0.08  # of visits: another module than the recommended one
    goes_on: float = 0.75  # of visits: a module is opened or taken up again
    skips: float = 0.02  # of visits: a module is opened and completed without a look at its pages
    reads_page: float = 0.8  # of the unread pages of a module that is worked with
    completes: float = 0.5  # of the modules that are worked with
    fills_in: float = 0.6  # of the forms of a module that is worked with
    fills_in_again: float = 0.06  # of visits: an earlier form is submitted once more
    pain: tuple[int, int] = (3, 8)  # of 10, at first; answers follow it
    eases: float = 0.1  # of submissions: the pain has become less; else it moves by one at most
    optional_answers: float = 0.7  # of the questions that need no answer
    drafts: float = 0.1  # of submissions: a draft comes first, and is taken up again later
    draft_waits: Span = (timedelta(minutes=5), timedelta(days=3))  # until then
    discards: float = 0.2  # of drafts that are taken up again; the rest are filled in and sent
    wrong_answers: float = 0.02  # of submissions: an answer is missing or wrong, and refused
    writes: float = 0.12  # of visits: a message to the therapist
    begins_anew: float = 0.15  # of messages: they begin a conversation
    renames: float = 0.01  # of visits: a conversation gets another heading
    double_click: float = 0.01  # of steps: they are taken twice
    rests_weeks: tuple[int, int] = (3, 8)  # between visits, once the reading order is completed
    knocks: float = 0.3  # of patients without access: they try all the same
    knocks_days: Days = (30, 90)  # between such tries
    reserve_numbers: float = 0.02  # of patients: the inbox cannot reach them
    coordination_numbers: float = 0.03  # of patients
    second_program: float = 0.05  # of patients: they get the unit's other program too
    second_after_days: Days = (30, 200)
    comes_again: float = 0.05  # of ended enrolments: the patient is started again later
    comes_again_after_days: Days = (20, 120)


@frozen(kw_only=True)
class StaffHabits:
    """The habits of therapists and administrators."""

    begins: tuple[int, int] = (7, 9)  # the hour at which a working day begins
    looks_hours: tuple[int, ...] = (0, 5)  # the hours after that at which "Mina" is looked through
    off_sick: float = 0.03  # of working days
    summer_weeks: tuple[int, int] = (3, 5)  # of summer leave
    summer_from: Days = (0, 30)  # its start, in days from 15 June
    handled_at_once: int = 12  # patients with flags that are seen to after one look
    leaves_for_later: float = 0.15  # of flags without an alert
    small_box: float = 0.15  # of forms: marked as read without being opened
    saves_meanwhile: float = 0.1  # of those: the patient submits again after the list was drawn
    answers: float = 0.7  # of patients' messages
    not_told: float = 0.2  # of messages to patients: no notification
    told_directly: float = 0.25  # of messages to patients: a direct one; the rest is collected
    writes_again: float = 0.1  # of messages to patients: another one follows on the next day
    reviewed_at_once: int = 4  # due reviews that are done after one look
    writes_at_review: float = 0.4  # of reviews
    silent_days: int = 75  # a patient who has not been seen for longer is silent
    ends_silent: float = 0.25  # of reviews of silent patients
    says_goodbye: float = 0.5  # of those ends: straight after a last message
    maintains_early: float = 0.02  # of reviews of patients who are done
    maintains: float = 0.4  # of enrolments whose time is over; the rest is ended
    maintained_days: Days = (14, 120)
    confirms: float = 0.5  # of maintenances that would take time away: the therapist confirms it
    goes_back: float = 0.3  # of those: the patient is active again some days later
    goes_back_after_days: Days = (1, 20)
    maintains_too_long: float = 0.05  # of maintenances: more days than the unit allows at first, and refused
    starts_alone: float = 0.7  # of starts: by the therapist; the rest by the patient administrator
    welcomes: float = 0.8  # of new patients: a message on the first day
    wants_email: float = 0.5  # of therapists: e-mail is ticked on "Min profil"
    wants_sms: float = 0.2  # of therapists: SMS is ticked
    wants_summary: float = 0.2  # of therapists with a tick: one summary a day
    slips: float = 0.01  # of starts: the wrong person or program, withdrawn a few minutes later
    mistypes: float = 0.03  # of starts: a wrong number first, or the right one twice
    hands_over: float = 0.6  # of units: patients are handed over for the summer
    hands_back: float = 0.8  # of those: and back after it
    unknown_in_directory: float = 0.1  # of therapists: the staff directory has no entry
    double_click: float = 0.03  # of ends and hand-overs
    cares_for_retention: float = 0.8  # of units: they export before they purge
    about_clock_changes: float = 0.1  # of the odd hours about a change of the clocks: a message
    on_the_stroke: float = 0.02  # of working days: a message at the very instant of the run, or just before


@frozen(kw_only=True)
class Mishaps:
    """The faults around the school, and who tries to get in."""

    worker_away: float = 0.01  # of days: no delivery worker runs in the whole region
    pass_missed: float = 0.02  # of runs: cron skips them
    answers_lost: float = 0.01  # of steps: the host loses the answer, and makes the call again under its key
    inbox_outages: float = 0.03  # of days: an outage of the national inbox begins
    outage: Span = (timedelta(hours=1), timedelta(hours=10))
    long_outage: float = 0.06  # of outages
    long: Span = (timedelta(hours=30), timedelta(hours=60))
    killed: float = 0.008  # of runs: the worker's process crashes
    slow: float = 0.004  # of runs: the inbox gives no answer for a while
    slowness: Span = (timedelta(minutes=1), timedelta(minutes=25))  # a lease is a quarter of an hour
    overlaps: float = 0.02  # of runs: another worker runs at the same time
    directory_gaps: float = 0.01  # of days: the staff directory does not know a therapist
    restart_days: int = 28  # between two restarts of the school
    intrusions: float = 0.3  # of a unit's days: somebody tries what is not theirs
    by_patients: float = 0.25  # of those: a patient, with another's enrolment
    on_records: float = 0.25  # of the others: a method of the data administrator; the rest is about a patient
    fixed_passes: tuple[time, ...] = (time(3), time(7), time(8, 45), time(13), time(19))  # local times of runs
    dense_days: float = 0.02  # of days: every run of the day takes place, due or not


@frozen(kw_only=True)
class Habits:
    """Everything that is assumed of patients, of staff, and of the faults around them."""

    patients: PatientHabits = PatientHabits()
    staff: StaffHabits = StaffHabits()
    mishaps: Mishaps = Mishaps()
