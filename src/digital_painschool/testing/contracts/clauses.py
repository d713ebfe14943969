"""Which test proves which clause: every promise of a port's docstrings, by the name that stands in them.

A clause is a method (`Enrolments.load`), a bullet under `Contract:` of a method (`Enrolments.save: optimistic`) or of
the port itself (`Storage: threads`), or what the docstring says of an argument of `Change` (`Change.cancelled`).
"""

import re
from collections.abc import Iterator, Mapping
from inspect import getdoc, isfunction
from typing import Any

from digital_painschool.ports import Directory, Identity, Inbox, Messenger, Observer
from digital_painschool.ports.storage import (
    AccessLog,
    Caseload,
    Change,
    Enrolments,
    Outbox,
    Programs,
    Retention,
    Staff,
    Storage,
)
from digital_painschool.testing.contracts.base import Contract
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.contracts.identity import IdentityContract
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.contracts.observer import ObserverContract
from digital_painschool.testing.contracts.storage import StorageContract

Proofs = Mapping[str, str]
"""By the name of a clause, the names of the tests that prove it, without their `test_`, one a line."""

PORTS: Mapping[type[Contract[Any]], tuple[type, ...]] = {
    StorageContract: (
        Change,
        Enrolments,
        Caseload,
        Outbox,
        Staff,
        AccessLog,
        Programs,
        Retention,
        Storage,
    ),
    InboxContract: (Inbox,),
    MessengerContract: (Messenger,),
    DirectoryContract: (Directory,),
    IdentityContract: (Identity,),
    ObserverContract: (Observer,),
}
"""The protocols, and the values with promises, that each contract is about."""

_BULLET = re.compile(r"^ *\* (?:\*\*(.+?)\*\*)?", re.MULTILINE)
_ARGUMENT = re.compile(r"^    (\w+): ", re.MULTILINE)


def clauses_of(contract: type[Contract[Any]]) -> Iterator[str]:
    """Name every clause of the docstrings that a contract is about; a bullet without a name is called `?`."""
    for port in PORTS[contract]:
        text = getdoc(port) or ""
        if port is Change:
            yield from (f"{port.__name__}.{name}" for name in _ARGUMENT.findall(text))
            continue
        yield from (f"{port.__name__}: {name or '?'}" for name in _BULLET.findall(text))
        for name, method in vars(port).items():
            if not name.startswith("_") and (isfunction(method) or isinstance(method, property)):
                yield f"{port.__name__}.{name}"
                yield from (f"{port.__name__}.{name}: {said or '?'}" for said in _BULLET.findall(getdoc(method) or ""))


def all_tests_of(contract: type) -> frozenset[str]:
    """Name every test of a contract."""
    return frozenset(name for name in dir(contract) if name.startswith("test_"))


def proofs_of(contract: type[Contract[Any]]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the tests that prove each clause."""
    return {clause: tuple(f"test_{name}" for name in names.split()) for clause, names in _PROOFS[contract].items()}


_STORAGE: Proofs = {
    "Change.before": """
        a_step_decided_on_an_old_version_is_a_conflict
        a_step_of_the_future_is_a_conflict
        an_id_is_given_once""",
    "Change.enrolment": "what_was_saved_is_loaded",
    "Change.events": """
        the_timeline_replays_to_the_state
        a_long_timeline_comes_back_whole_and_in_order""",
    "Change.documents": """
        documents_come_by_entry_number
        documents_of_one_enrolment_are_not_anothers""",
    "Change.counts": "a_row_tells_what_the_state_tells",
    "Change.access": "a_step_is_logged_with_it",
    "Change.notifications": """
        a_digest_is_what_was_asked_for_and_due_from_its_very_instant
        a_start_can_ask_for_a_notification
        nothing_asked_for_is_nothing_to_claim
        collected_notifications_of_a_recipient_and_unit_share_one_digest
        every_other_notification_has_a_digest_of_its_own
        messages_at_the_same_time_share_one_digest
        an_id_is_the_key_of_one_notification
        no_message_is_lost_between_saving_and_claiming""",
    "Change.cancelled": """
        what_waits_can_be_cancelled_also_while_it_is_claimed
        cancelling_what_does_not_wait_is_a_conflict""",
    "Change.noted": "what_was_not_delivered_waits_for_a_note_until_it_is_written",
    "Enrolments.load": """
        what_was_saved_is_loaded
        every_kind_of_step_comes_back_as_it_was
        an_unknown_id_gives_nothing
        ids_that_differ_in_case_or_signs_are_different""",
    "Enrolments.load_many": """
        load_many_gives_those_that_exist
        load_many_of_none_is_empty
        an_unknown_id_gives_nothing""",
    "Enrolments.find_by_person": """
        of_person_gives_all_units_and_phases_oldest_first
        of_person_takes_the_scheme_as_part_of_the_number""",
    "Enrolments.find_by_person: unreadable": "a_list_goes_on_without_a_damaged_enrolment",
    "Enrolments.save": "what_was_saved_is_loaded",
    "Enrolments.save: all or nothing": """
        a_step_that_conflicts_in_its_last_part_leaves_nothing
        a_start_that_conflicts_in_its_last_part_leaves_nothing
        nobody_sees_half_a_step
        no_process_sees_half_a_step
        a_process_that_is_killed_has_kept_all_that_it_told_of""",
    "Enrolments.save: optimistic": """
        a_step_decided_on_an_old_version_is_a_conflict
        of_many_on_the_same_version_exactly_one_wins
        of_many_processes_on_the_same_version_exactly_one_wins
        no_thread_loses_another_s_step
        no_process_loses_another_s_step
        steps_of_different_enrolments_do_not_disturb_each_other
        processes_on_different_enrolments_do_not_disturb_each_other""",
    "Enrolments.save: one open enrolment": """
        a_second_open_enrolment_is_a_conflict
        an_enrolment_in_maintenance_is_still_open
        a_new_enrolment_after_an_ended_one_is_fine
        several_ended_enrolments_are_fine
        another_person_program_or_unit_is_another_enrolment
        of_many_starts_at_the_same_time_exactly_one_wins
        of_many_processes_that_start_the_same_person_exactly_one_wins""",
    "Enrolments.save: durable": """
        everything_is_there_after_a_restart
        after_a_restart_steps_go_on_from_what_is_kept
        a_process_that_is_killed_has_kept_all_that_it_told_of""",
    "Enrolments.save: steady": "a_step_takes_no_longer_on_a_long_timeline",
    "Enrolments.timeline": """
        the_timeline_replays_to_the_state
        the_timeline_can_be_filtered
        the_timeline_holds_one_enrolment_only
        a_long_timeline_comes_back_whole_and_in_order
        an_unknown_id_gives_nothing""",
    "Enrolments.documents": """
        documents_come_by_entry_number
        documents_of_one_enrolment_are_not_anothers
        a_long_timeline_comes_back_whole_and_in_order""",
    "Enrolments.access_ended": """
        access_that_is_over_is_found_from_its_very_instant
        a_noted_end_of_access_is_not_found_again
        the_end_of_a_maintenance_is_found_again
        the_access_of_an_ended_enrolment_is_not_found
        access_that_is_over_comes_in_portions""",
    "Caseload.list_caseload": """
        an_ended_enrolment_is_not_in_the_list
        only_the_units_own_patients_are_in_the_list
        a_therapist_has_the_own_patients_and_those_handed_over
        a_row_tells_what_the_state_tells
        a_row_of_one_who_just_began_has_no_visit_and_no_review""",
    "Caseload.list_caseload: order": """
        priority_comes_first_then_flags_then_the_rest
        within_a_rank_ids_rise_by_code_point
        an_unread_form_is_a_flag_until_it_is_read
        priority_ends_when_it_is_read
        a_message_from_the_patient_is_a_flag_until_it_is_read
        a_program_that_is_done_is_a_flag_until_it_is_handled
        an_undelivered_notification_is_a_flag
        the_end_of_access_is_a_flag_from_its_very_instant""",
    "Caseload.list_caseload: unreadable": "a_list_goes_on_without_a_damaged_enrolment",
    "Caseload.list_caseload: keyset": """
        a_page_holds_no_more_than_its_limit
        pages_walk_the_whole_list_once
        pages_of_one_therapist_are_full_of_the_own_patients
        pages_walk_a_list_that_changes
        a_page_goes_on_after_a_row_that_is_gone""",
    "Outbox.claim": "a_digest_is_what_was_asked_for_and_due_from_its_very_instant",
    "Outbox.claim: due": """
        a_digest_is_what_was_asked_for_and_due_from_its_very_instant
        a_claimed_digest_is_nobody_elses_until_its_lease_is_over
        a_result_says_when_the_digest_is_due_again
        a_batch_in_doubt_is_not_brought_forward
        a_claim_outlives_a_restart""",
    "Outbox.claim: one holder": """
        a_claimed_digest_is_nobody_elses_until_its_lease_is_over
        claims_at_the_same_time_never_overlap
        no_digest_is_claimed_by_two_processes
        a_token_is_never_given_again""",
    "Outbox.claim: oldest first": "the_oldest_digest_comes_first_then_the_lower_id",
    "Outbox.claim: poison": """
        a_poison_message_is_claimed_last_and_alone
        of_those_whose_worker_was_lost_the_one_that_was_tried_least_comes_first
        a_batch_in_doubt_outlives_a_restart""",
    "Outbox.claim: unreadable": "a_damaged_notification_keeps_no_other_waiting",
    "Outbox.begin": "a_batch_is_stored_before_it_is_sent",
    "Outbox.begin: fenced": """
        a_stale_claim_begins_and_completes_nothing
        each_result_has_a_token_of_its_own
        a_token_is_never_given_again""",
    "Outbox.begin: what still waits": "what_was_cancelled_after_the_claim_is_not_begun",
    "Outbox.begin: key": """
        a_batch_is_stored_before_it_is_sent
        a_batch_goes_again_under_its_key_or_with_others_under_a_new_one""",
    "Outbox.begin: recorded": """
        a_batch_is_stored_before_it_is_sent
        a_batch_goes_again_under_its_key_or_with_others_under_a_new_one
        a_batch_in_doubt_outlives_a_restart""",
    "Outbox.complete": """
        what_is_settled_is_never_due_again
        a_batch_is_over_when_nothing_of_it_is_pending
        the_day_on_which_the_recipient_was_told_is_kept
        a_slow_worker_that_nobody_replaced_is_believed""",
    "Outbox.complete: one transaction": """
        results_are_logged_each_with_its_own_lines
        a_process_that_is_killed_has_kept_all_that_it_told_of""",
    "Outbox.complete: fenced": """
        a_stale_claim_begins_and_completes_nothing
        each_result_has_a_token_of_its_own
        what_is_settled_is_never_due_again
        results_are_logged_each_with_its_own_lines""",
    "Outbox.complete: released": """
        what_was_not_sent_still_counts_its_lost_workers
        a_poison_message_is_claimed_last_and_alone
        the_day_on_which_the_recipient_was_told_is_kept""",
    "Outbox.complete: counted": """
        an_attempt_counts_with_its_answer
        what_is_settled_without_an_attempt_has_none_more""",
    "Outbox.complete: kept": "notification_keys_are_those_that_were_sent_for_them",
    "Outbox.notifications": """
        notifications_come_in_the_order_of_the_timeline
        notifications_are_of_one_enrolment""",
    "Outbox.cancellable": """
        what_waits_can_be_cancelled_also_while_it_is_claimed
        cancelling_what_does_not_wait_is_a_conflict
        notifications_are_of_one_enrolment""",
    "Outbox.unnoted": "what_was_not_delivered_waits_for_a_note_until_it_is_written",
    "Staff.profile": """
        a_profile_that_nobody_chose_is_empty
        the_last_profile_counts
        a_profile_is_of_one_person_at_one_unit""",
    "Staff.save_profile": """
        the_last_profile_counts
        a_profile_is_logged_with_it""",
    "AccessLog.log": """
        log_entries_come_back_as_they_were
        logging_nothing_is_fine
        many_threads_lose_no_log_entry""",
    "AccessLog.access_entries": """
        the_log_goes_on_after_any_number
        log_numbers_rise_in_the_order_of_coming
        the_log_is_read_in_portions
        the_log_of_a_unit_is_its_own
        the_log_can_be_asked_for_one_person
        a_portion_of_one_person_is_full_of_that_person""",
    "Programs.save_program": """
        the_first_program_kept_under_a_version_stays
        units_have_programs_of_their_own
        another_key_or_version_is_another_program
        many_threads_keep_one_program
        many_processes_keep_one_program""",
    "Programs.program": """
        another_key_or_version_is_another_program
        a_program_that_was_not_kept_is_none
        a_program_of_old_keeps_its_key_and_comes_back_as_it_was""",
    "Retention.ended": """
        ended_gives_what_the_rules_judge_by
        ended_are_walked_in_portions_by_rising_id
        ended_of_a_unit_are_its_own""",
    "Retention.ended: unreadable": "an_export_goes_on_without_a_damaged_enrolment",
    "Retention.load_histories: unreadable": "an_export_goes_on_without_a_damaged_enrolment",
    "Retention.find_ended": """
        ended_gives_what_the_rules_judge_by
        ended_of_a_unit_are_its_own""",
    "Retention.person_ids_of": "persons_are_those_of_the_unit_s_enrolments",
    "Retention.notification_keys": "notification_keys_are_those_that_were_sent_for_them",
    "Retention.notification_keys: shared": "notification_keys_leave_out_what_an_open_enrolment_shares",
    "Retention.notification_keys: superseded": "notification_keys_are_those_that_were_sent_for_them",
    "Retention.load_histories": """
        histories_give_everything_in_the_order_asked_for
        histories_give_the_entries_of_some_kinds_alone
        histories_of_another_unit_are_left_out""",
    "Retention.save_export": """
        an_export_is_noted_with_the_version
        an_export_of_what_is_gone_leaves_nothing""",
    "Retention.save_export: as told": "an_export_counts_for_what_it_is_told_of_alone",
    "Retention.save_export: never back": "an_export_that_is_noted_late_takes_nothing_back",
    "Retention.save_plan": """
        a_plan_is_kept
        a_plan_without_enrolments_is_kept
        the_first_approval_stands
        a_plan_is_logged_with_it""",
    "Retention.plan": """
        a_plan_is_kept
        an_unknown_plan_is_none""",
    "Retention.purge": """
        what_is_not_in_the_purge_stays
        what_is_skipped_stays_and_is_named
        what_is_on_its_way_can_be_purged
        purging_nothing_is_fine""",
    "Retention.purge: nothing left": """
        nothing_is_left_of_what_is_purged
        the_access_log_outlives_the_purge
        a_batch_in_doubt_stays_with_what_another_enrolment_has_in_it
        a_batch_that_is_purged_whole_may_have_told_the_recipient
        the_person_can_start_again_after_the_purge
        what_one_opening_has_purged_is_gone_for_every_other""",
    "Retention.purge: only as planned": """
        one_that_changed_is_not_purged_but_named
        one_that_is_open_is_not_purged_but_named
        one_that_is_not_there_is_not_called_purged""",
    "Retention.purge: all or nothing": """
        a_process_that_is_killed_has_kept_all_that_it_told_of
        a_purge_that_is_killed_again_and_again_ends_like_one_that_was_not""",
    "Retention.purge: idempotent": """
        purging_twice_is_purging_once
        what_was_noted_first_stands
        an_interrupted_purge_goes_on_where_it_was
        many_threads_purge_a_plan_once
        many_processes_purge_a_plan_once""",
    "Retention.purge_progress": """
        purging_twice_is_purging_once
        plans_have_their_own_progress
        an_unknown_plan_is_none""",
    "Retention.save_receipt": "the_first_receipt_of_a_plan_stands",
    "Retention.receipt": """
        the_first_receipt_of_a_plan_stands
        an_unknown_plan_is_none""",
    "Retention.receipts": "receipts_are_the_units_own_oldest_first",
    "Retention.replay_purge": """
        after_a_backup_the_receipt_purges_again
        a_receipt_never_purges_what_is_open_or_not_named_by_it""",
    "Storage: threads": """
        of_many_on_the_same_version_exactly_one_wins
        no_thread_loses_another_s_step
        claims_at_the_same_time_never_overlap
        threads_on_two_openings_lose_nothing""",
    "Storage: processes": """
        no_process_loses_another_s_step
        no_digest_is_claimed_by_two_processes
        what_one_opening_has_saved_every_other_sees
        what_one_opening_has_purged_is_gone_for_every_other
        a_second_process_is_refused_where_one_alone_may_have_it_open""",
    "Storage: forks": "a_forked_process_keeps_what_its_parent_s_opening_acknowledges",
    "Storage: in place": "nothing_is_acknowledged_that_a_new_opening_does_not_read",
    "Storage: exact": """
        every_kind_of_step_comes_back_as_it_was
        answers_keep_their_types
        no_choice_at_all_is_kept
        texts_come_back_letter_by_letter
        instants_come_back_in_utc_to_the_microsecond
        ids_and_numbers_come_back_as_what_they_are""",
    "Storage: values": """
        what_the_caller_does_afterwards_changes_nothing
        what_was_given_back_changes_nothing
        progress_that_was_given_back_changes_nothing""",
    "Storage: refusing": """
        a_closed_storage_refuses_every_call
        an_unreadable_storage_is_refused
        an_empty_storage_takes_every_call
        no_method_of_the_port_is_forgotten""",
    "Storage: damaged": """
        a_damaged_enrolment_is_refused_alone_and_in_silence
        a_list_goes_on_without_a_damaged_enrolment
        an_export_goes_on_without_a_damaged_enrolment
        a_damaged_notification_keeps_no_other_waiting""",
    "Storage: silent": """
        no_error_says_who_or_what_it_was
        an_unreadable_storage_is_refused""",
    "Storage.close": """
        closing_again_does_nothing
        a_closed_storage_refuses_every_call""",
}

_INBOX: Proofs = {
    "Inbox: as given": """
        a_notice_arrives_as_it_was_given
        a_key_arrives_once
        a_refused_notice_arrives_nowhere""",
    "Inbox: idempotent": """
        a_notice_is_delivered_once_whatever_the_number_of_attempts
        many_threads_deliver_a_key_once
        many_processes_deliver_a_key_once
        a_key_is_known_after_a_restart
        a_process_that_is_killed_has_delivered_what_it_told_of
        keys_are_opaque_to_the_letter""",
    "Inbox: isolated": """
        a_failure_leaves_the_inbox_usable
        a_failure_is_not_remembered_as_delivered""",
    "Inbox: time-out": "a_call_returns_or_raises_in_time",
    "Inbox: threads": """
        many_threads_deliver_a_key_once
        many_threads_deliver_different_keys""",
    "Inbox: silent": """
        no_error_says_who_it_was
        an_inbox_out_of_order_says_so_and_not_for_whom""",
    "Inbox.reach": """
        reach_tells_who_can_be_reached
        reach_tells_who_cannot_be_reached
        asking_for_reach_delivers_nothing""",
    "Inbox.deliver": """
        another_key_is_another_notice
        what_cannot_be_delivered_fails_for_good
        an_inbox_out_of_order_says_so_and_not_for_whom""",
    "Inbox.forget": """
        a_forgotten_notice_is_there_no_more
        what_is_forgotten_is_gone_and_nothing_else
        an_inbox_out_of_order_says_so_and_not_for_whom""",
}

_MESSENGER: Proofs = {
    "Messenger: as given": """
        a_message_arrives_as_it_was_given
        a_key_arrives_once
        a_refused_message_arrives_nowhere""",
    "Messenger: idempotent": """
        a_message_is_sent_once_whatever_the_number_of_attempts
        many_threads_send_a_key_once
        many_processes_send_a_key_once
        a_key_is_known_after_a_restart
        keys_are_opaque_to_the_letter""",
    "Messenger: isolated": "a_failure_leaves_the_messenger_usable",
    "Messenger: time-out": "a_call_returns_or_raises_in_time",
    "Messenger: threads": """
        many_threads_send_a_key_once
        many_threads_send_different_keys""",
    "Messenger: silent": """
        no_error_says_the_address
        a_messenger_out_of_order_says_so_and_not_to_whom""",
    "Messenger.channel": "it_serves_its_channel_to_staff",
    "Messenger.send": """
        every_template_can_be_sent
        another_key_is_another_message
        a_messenger_out_of_order_says_so_and_not_to_whom""",
    "Messenger.forget": """
        a_forgotten_message_is_there_no_more
        what_is_forgotten_is_deleted_and_the_rest_stays
        what_is_not_forgotten_is_still_known""",
}

_DIRECTORY: Proofs = {
    "Directory: fresh": "it_is_asked_anew_each_time",
    "Directory: isolated": "after_an_outage_it_answers_again",
    "Directory: time-out": "a_call_returns_or_raises_in_time",
    "Directory: threads": "many_threads_get_each_their_own_answer",
    "Directory: silent": "a_directory_that_cannot_be_asked_says_so_and_not_about_whom",
    "Directory.find": """
        it_gives_the_entry_of_each_that_it_knows
        it_gives_nothing_for_one_that_it_does_not_know
        a_directory_that_cannot_be_asked_says_so_and_not_about_whom""",
}

_IDENTITY: Proofs = {
    "Identity: pure": """
        the_same_text_and_day_give_the_same_answer
        the_given_day_decides_and_no_clock
        many_threads_get_each_their_own_answer""",
    "Identity: canonical": """
        every_accepted_spelling_gives_the_one_person
        the_canonical_value_is_a_spelling_of_itself""",
    "Identity: refusing, not repairing": """
        any_text_gives_a_person_or_a_refusal_that_is_silent
        a_number_with_a_wrong_character_is_not_repaired
        blanks_around_a_number_are_dropped_or_refused
        a_blank_within_a_number_is_refused
        numbers_run_together_are_refused
        a_text_of_any_length_is_refused_at_once""",
    "Identity: silent": """
        any_text_gives_a_person_or_a_refusal_that_is_silent
        a_number_with_a_wrong_character_is_not_repaired
        numbers_run_together_are_refused""",
    "Identity.parse": """
        every_accepted_spelling_gives_the_one_person
        the_given_day_decides_and_no_clock
        nobody_is_read_before_the_birth
        what_is_no_text_is_a_type_error""",
}

_OBSERVER: Proofs = {
    "Observer: every kind": """
        it_takes_every_kind_of_event
        it_takes_several_events_at_once
        it_takes_the_steps_of_many_enrolments_in_any_order""",
    "Observer: gaps": """
        it_takes_a_step_whose_forerunners_it_was_never_told
        it_takes_the_steps_of_many_enrolments_in_any_order""",
    "Observer: threads": "many_threads_tell_it_at_once",
    "Observer: quick": "it_does_not_keep_the_step_waiting",
    "Observer: silent": "it_says_nothing_of_the_person",
    "Observer.notice": "it_takes_every_kind_of_event",
}

_PROOFS: Mapping[type[Contract[Any]], Proofs] = {
    StorageContract: _STORAGE,
    InboxContract: _INBOX,
    MessengerContract: _MESSENGER,
    DirectoryContract: _DIRECTORY,
    IdentityContract: _IDENTITY,
    ObserverContract: _OBSERVER,
}
