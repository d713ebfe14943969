"""Bugs in the summaries of members of staff, and in what is passed on after a hand-over."""

from proofs.seeded_bugs.bug import Bug, Catcher


def _example(test: str) -> Catcher:
    """Return an example of the worker through the desks."""
    return Catcher(f"tests/delivery/test_summaries.py::test_{test}")


BUGS = (
    Bug(
        name="a-summary-holds-what-is-settled",
        harm="a therapist would be called to what was dealt with, and the timeline say that they were told of it",
        module="rules.digests",
        old="    return waiting.intersection(obsolete)",
        new="    return waiting - waiting",
        caught_by=_example("a_flag_that_is_settled_is_left_out_and_an_empty_summary_does_not_go"),
    ),
    Bug(
        name="a-summary-forgets-what-may-have-been-sent",
        harm="a summary whose answer was lost would go a second time on one day, under another key",
        module="rules.digests",
        old="    waiting = frozenset(record.notification.id for record in digest.waiting())",
        new="    waiting = frozenset(record.notification.id for record in digest.pending)",
        caught_by=_example("a_summary_whose_answer_was_lost_is_sent_again_under_its_key_with_all_that_was_in_it"),
    ),
    Bug(
        name="a-summary-for-everybody",
        harm="who chose a mail for each flag would be told of it the next day",
        module="rules.notifications",
        old="    collected = profile.summary and not",
        new="    collected = not",
        caught_by=Catcher(
            "tests/delivery/test_staff.py"
            "::test_a_therapist_is_told_that_a_patient_is_done_by_the_ways_that_were_ticked[True-False]"
        ),
    ),
    Bug(
        name="an-alert-waits-for-the-summary",
        harm="an alert would wait overnight where the unit relies on it",
        module="rules.notifications",
        old="(policy.alerts_at_once and _has_alert(trigger, enrolment))",
        new="(not policy.alerts_at_once and _has_alert(trigger, enrolment))",
        caught_by=_example("an_alert_goes_at_once_unless_the_unit_decides_otherwise[True]"),
    ),
    Bug(
        name="a-drop-after-a-hand-over-tells-nobody",
        harm="a mail server that was away at the wrong minute would cost the new therapist what waits",
        module="delivery.notes",
        old="CommandResult(events, superseded=passed_on, profile=profile)",
        new="CommandResult(events)",
        caught_by=_example("after_a_failed_attempt_a_hand_over_still_has_the_new_therapist_told_once[False-False]"),
    ),
    Bug(
        name="a-drop-over-each-channel-tells-twice",
        harm="the new therapist would get one mail for each way in which the former one was to be told",
        module="rules.passed_on",
        old="    return () if flag is None or is_known or",
        new="    return () if flag is None or",
        caught_by=_example("after_a_failed_attempt_a_hand_over_still_has_the_new_therapist_told_once[False-True]"),
    ),
)
