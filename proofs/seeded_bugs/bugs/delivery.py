"""Bugs in which notifications are asked for, when they go, and how they are handed over."""

from proofs.seeded_bugs.bug import Bug, Catcher

_KIT = "proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_messages_usual"
LAW_5 = Catcher(_KIT, "Law 5")


def _model(limits: str) -> Catcher:
    """Return the model that walks every interleaving within some limits."""
    return Catcher(
        f"proofs/digests/test_model.py::test_every_interleaving_holds_the_invariants[{limits}]", "interleaving"
    )


def _rule(test: str) -> Catcher:
    """Return a test of the rules of digests."""
    return Catcher(f"tests/rules/test_digests.py::test_{test}")


def _example(file: str, test: str) -> Catcher:
    """Return an example of the worker through the desks."""
    return Catcher(f"tests/delivery/{file}.py::test_{test}")


BUGS = (
    Bug(
        name="notices-in-the-library-s-language",
        harm="the patients of a unit that chose English would be written to in Swedish",
        module="delivery.dispatch",
        old="        language=policy.language,\n",
        new="",
        caught_by=_example("test_language", "each_unit_s_patients_and_staff_are_written_to_in_its_language"),
    ),
    Bug(
        name="a-failed-attempt-is-not-counted",
        harm="what cannot be delivered would be tried for ever, and no flag come",
        module="delivery.results",
        old=", attempted=frozenset(made),",
        new=",",
        caught_by=_example(
            "test_failures", "a_failing_inbox_is_tried_again_after_each_wait_and_then_given_up_with_a_flag"
        ),
    ),
    Bug(
        name="at-nine-sharp-goes-today",
        harm="a patient would be told twice on one day",
        module="rules.notifications",
        old="    return run if at < run else",
        new="    return run if at <= run else",
        caught_by=LAW_5,
    ),
    Bug(
        name="the-run-in-greenwich",
        harm="the forenoon would be another one in summer than in winter",
        module="rules.notifications",
        old="    run = local_time(day, policy.collected_at, policy.zone)",
        new="    run = local_time(day, policy.collected_at, __import__('datetime').UTC)",
        caught_by=LAW_5,
    ),
    Bug(
        name="nobody-is-told-of-the-done",
        harm="a therapist who asked to be told would not be",
        module="domain.raised_flags",
        old="        ProgramDone: FlagKind.PROGRAM_DONE,\n",
        new="",
        caught_by=Catcher(
            "tests/rules/test_notifications.py::test_only_the_program_done_is_on_offer_and_it_goes_by_e_mail_to_who_ticked_the_box"
        ),
    ),
    Bug(
        name="everybody-is-told",
        harm="a therapist who did not ask would be told",
        module="rules.notifications",
        old="        if flag in profile.wants(channel):",
        new="        if flag:",
        caught_by=LAW_5,
    ),
    Bug(
        name="a-batch-of-today-is-joined",
        harm="a patient would be told twice on one day",
        module="rules.digests",
        old="(True, Doubt.TODAY, True): Action.REPEAT",
        new="(True, Doubt.TODAY, True): Action.SEND",
        caught_by=_model("plain"),
    ),
    Bug(
        name="a-batch-in-doubt-waits",
        harm="a worker's death would leave a patient untold",
        module="rules.digests",
        old="(True, Doubt.EARLIER, False): Action.REPEAT",
        new="(True, Doubt.EARLIER, False): Action.WAIT",
        caught_by=_model("plain"),
    ),
    Bug(
        name="the-new-ones-alone",
        harm="what a worker was lost with would never be told",
        module="rules.digests",
        old="batch.notifications | due",
        new="due",
        caught_by=_rule("every_situation_is_decided_as_the_table_says"),
    ),
    Bug(
        name="told-today-and-told-again",
        harm="a patient would be told twice on one day",
        module="rules.digests",
        old="told_on is not None and told_on >= day",
        new="told_on is not None and told_on > day",
        caught_by=_model("plain"),
    ),
    Bug(
        name="a-missed-run-goes-at-night",
        harm="a telephone would ring at night",
        module="rules.digests",
        old="return now if now < ends else",
        new="return now if now < ends or ends else",
        caught_by=_rule("a_collected_digest_goes_in_the_forenoon"),
    ),
    Bug(
        name="the-run-begins-an-hour-early",
        harm="a patient would be told before nine",
        module="rules.digests",
        old="    if now < opens:\n        return opens\n",
        new="",
        caught_by=_model("plain"),
    ),
    Bug(
        name="what-was-dropped-told-nobody",
        harm="a patient would be told twice on one day",
        module="rules.digests",
        old="return max(filter(None, days), default=None)",
        new="return min(filter(None, days), default=None)",
        caught_by=_rule("the_latest_day_is_of_all_that_are_known"),
    ),
    Bug(
        name="a-day-that-comes-twice",
        harm="a patient would be told twice on one day when a unit's zone moves west",
        module="rules.digests",
        old="batch.attempted_on < day",
        new="batch.attempted_on != day",
        caught_by=_rule("a_day_that_comes_twice_is_one_day"),
    ),
    Bug(
        name="an-old-one-gives-up-beside-a-fresh-one",
        harm="a flag would say undelivered of a patient who is told five minutes later",
        module="rules.digests",
        old="allowed * _JOINT_ATTEMPTS if fresh else allowed",
        new="allowed",
        caught_by=_example(
            "test_failures", "after_an_outage_yesterday_s_and_today_s_go_together_and_no_flag_says_undelivered"
        ),
    ),
    Bug(
        name="an-old-one-rides-for-ever",
        harm="a therapist would write to somebody who is never told",
        module="rules.digests",
        old="if made >= most)",
        new="if made >= most and not fresh)",
        caught_by=_example("test_failures", "who_is_never_reached_and_is_written_to_every_day_gives_a_flag"),
    ),
    Bug(
        name="tried-for-ever",
        harm="a notification that ends every worker would end each of them, and nobody would learn of it",
        module="rules.digests",
        old="return lost > len(",
        new="return lost > 1000 * len(",
        caught_by=_example(
            "test_failures", "a_collected_notification_that_ends_every_worker_is_given_up_after_days_too"
        ),
    ),
    Bug(
        name="the-next-day-forgives-lost-workers",
        harm="a notification that ends every worker would end some each forenoon, and nobody would learn of it",
        module="delivery.sending",
        old="decision.day), next_at=next_at, lost=claim.lost)",
        new="decision.day), next_at=next_at)",
        caught_by=_example(
            "test_failures", "a_collected_notification_that_ends_every_worker_is_given_up_after_days_too"
        ),
    ),
    Bug(
        name="one-damaged-row-counts-with-its-siblings",
        harm="a patient would count as told of a message in a record that nobody can read",
        module="delivery.sending",
        old="notifications=decision.notifications - waits)",
        new="notifications=decision.notifications | waits)",
        caught_by=_example("test_failures", "an_enrolment_that_cannot_be_read_holds_up_no_other_of_its_patient"),
    ),
    Bug(
        name="the-later-day-is-forgotten",
        harm="a patient would be told twice on one day when a unit's zone moves west by a day",
        module="rules.digests",
        old="        day = max(day, believable_day(batch.attempted_on, day) or day)\n",
        new="",
        caught_by=_example("test_times", "where_the_zone_moves_west_by_a_day_what_is_tried_again_keeps_its_later_day"),
    ),
    Bug(
        name="one-key-for-all",
        harm="a message would count as told of with one that was there before it",
        module="domain.digest",
        old='    return f"{digest_id}.{hashlib',
        new='    return digest_id or f"{digest_id}.{hashlib',
        caught_by=_model("plain"),
    ),
    Bug(
        name="read-messages-are-told-of",
        harm="a patient would be sent to something that is read already",
        module="rules.notifications",
        old="return _is_read(notification, enrolment, Author.PATIENT) or not",
        new="return not",
        caught_by=LAW_5,
    ),
    Bug(
        name="one-read-message-drops-the-others",
        harm="a message would be lost in silence",
        module="rules.notifications",
        old="conversation.read(reader) >= trigger.number",
        new="conversation.read(reader) > 0",
        caught_by=LAW_5,
    ),
    Bug(
        name="the-settled-flag-is-told-of",
        harm="a therapist would be called to what is dealt with",
        module="rules.notifications",
        old="    return is_settled(notification.flag, notification, enrolment, policy, now)",
        new="    return False",
        caught_by=_example("test_staff", "a_staff_notification_whose_flag_is_settled_before_it_goes_is_dropped"),
    ),
    Bug(
        name="one-obsolete-one-drops-the-others",
        harm="a message would be lost in silence",
        module="delivery.sending",
        old="any(of_unreadable) and len(obsolete) == len(theirs):",
        new="any(of_unreadable) and obsolete:",
        caught_by=LAW_5,
    ),
    Bug(
        name="dropped-without-a-word",
        harm="the timeline would not say why nobody was told",
        module="delivery.worker",
        old="                if not self._notes.note_ended_notifications():\n                    break\n",
        new="",
        caught_by=LAW_5,
    ),
    Bug(
        name="dropped-after-it-was-sent",
        harm="a patient would be told twice on one day",
        module="delivery.sending",
        old="Status.DROPPED)\n            return result(settled=settled, told_on=latest_day(digest.told_on, batched))",
        new="Status.DROPPED)\n            return result(settled=settled)",
        caught_by=_example("test_drops", "who_may_have_been_told_of_what_is_dropped_is_told_again_tomorrow"),
    ),
    Bug(
        name="sent-after-the-lease",
        harm="a patient would be told of what another worker has dealt with",
        module="delivery.sending",
        old=" and self._executor.now() < until",
        new="",
        caught_by=_example("test_leases", "a_worker_whose_lease_ran_out_sends_nothing_more_and_is_not_believed"),
    ),
    Bug(
        name="a-batch-goes-on-into-the-night",
        harm="a telephone would ring at night",
        module="delivery.sending",
        old="        if digest.collected and (opens",
        new="        if not digest.unit and (opens",
        caught_by=_example("test_leases", "an_inbox_so_slow_that_noon_comes_is_given_nothing_more_that_day"),
    ),
    Bug(
        name="sent-without-a-line",
        harm="nobody could tell who sent a notice",
        module="delivery.sending",
        old="self._executor.storage.complete(results, access)",
        new="self._executor.storage.complete(results)",
        caught_by=_example("test_what_leaves", "each_enrolment_that_is_told_of_has_a_line_in_the_access_log"),
    ),
    Bug(
        name="a-forgotten-line-of-the-settings-is-for-good",
        harm="one run without the messenger would give up the notifications of everybody",
        module="delivery.dispatch",
        old='is set up; correct the settings")',
        new='is set up; correct the settings", permanent=True)',
        caught_by=_example("test_staff", "a_channel_that_has_lost_its_messenger_gives_a_flag_in_the_end"),
    ),
    Bug(
        name="a-strange-error-stops-the-run",
        harm="what an inbox of another make cannot send would never be given up, and no therapist would learn of it",
        module="delivery.dispatch",
        old="    except Exception as error:",
        new="    except ValueError as error:",
        caught_by=_example("test_failures", "an_adapter_may_raise_anything_and_the_others_still_go"),
    ),
    Bug(
        name="who-cannot-be-reached-is-delivered",
        harm="a therapist would think that a patient was told",
        module="delivery.dispatch",
        old="if not ports.inbox.reach(person).reachable:",
        new="if ports.inbox is None:",
        caught_by=LAW_5,
    ),
    Bug(
        name="the-ending-cancels-nothing",
        harm="the patient would be told after the end",
        module="application.executor",
        old="and event.notification not in noted",
        new="and event.notification in noted",
        caught_by=LAW_5,
    ),
)
