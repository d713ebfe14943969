"""Bugs in the storage in SQL."""

# ruff: noqa: E501 - lines of other files

from proofs.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="a-begin-counts-as-an-attempt",
        harm="a notification that no worker had time to send would be given up as undelivered",
        module="adapters.sql.notifications",
        old="    .values(batch_key=select(digests.c.batch_key).where(digests.c.id == _n.digest_id).scalar_subquery())",
        new="    .values(\n"
        "        batch_key=select(digests.c.batch_key).where(digests.c.id == _n.digest_id).scalar_subquery(),\n"
        "        attempts=_n.attempts + ONE,\n"
        "    )",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_an_attempt_counts_with_its_answer",
            "test_an_attempt_counts_with_its_answer",
        ),
    ),
    Bug(
        name="a-dropped-notification-counts-as-tried",
        harm="the books would say that somebody had tried to send it",
        module="adapters.sql.digest_rows",
        old='"more_attempts": int(attempted)',
        new='"more_attempts": 1',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_what_is_settled_without_an_attempt_has_none_more",
            "test_what_is_settled_without_an_attempt_has_none_more",
        ),
    ),
    Bug(
        name="a-key-of-old-is-not-found",
        harm="a patient who runs a program of old would be stuck: found by no call, not to be ended",
        module="domain.validation",
        old='    return text.isprintable() or ("\\x00" not in text and is_encodable(text))',
        new="    return text.isprintable()",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_program_of_old_keeps_its_key_and_comes_back_as_it_was",
            "test_a_program_of_old_keeps_its_key_and_comes_back_as_it_was",
        ),
    ),
    Bug(
        name="the-end-of-access-an-instant-late",
        harm="the flag would come with the next pass",
        module="adapters.sql.enrolments",
        old='enrolments.c.access_until <= bindparam("now")',
        new='enrolments.c.access_until < bindparam("now")',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_access_that_is_over_is_found_from_its_very_instant",
            "test_access_that_is_over_is_found_from_its_very_instant",
        ),
    ),
    Bug(
        name="the-list-keeps-the-old-therapist",
        harm="the new therapist would not see the patient",
        module="adapters.sql.saving",
        old="_CHANGES_INDEXED = frozenset({HandedOver, Maintained, AccessEnded, Ended})",
        new="_CHANGES_INDEXED = frozenset({Maintained, AccessEnded, Ended})",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_therapist_has_the_own_patients_and_those_handed_over",
            "test_a_therapist_has_the_own_patients_and_those_handed_over",
        ),
    ),
    Bug(
        name="what-was-written-is-lost",
        harm="the message would be empty",
        module="adapters.sql.saving",
        old="    connection.execute_many(_ADD_DOCUMENT, step.documents)\n",
        new="    connection.execute_many(_ADD_DOCUMENT, step.documents[1:])\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_long_timeline_comes_back_whole_and_in_order",
            "test_a_long_timeline_comes_back_whole_and_in_order",
        ),
    ),
    Bug(
        name="notifications-in-a-transaction-of-their-own",
        harm="a message would be saved, and nobody told of it",
        module="adapters.sql.saving",
        old="            if not autocommit:\n                change_notifications(connection, step.change)\n\n        self._database.write(work, autocommit=autocommit)\n",
        new="\n        self._database.write(work, autocommit=autocommit)\n        if not autocommit:\n            self._database.write(lambda connection: change_notifications(connection, step.change))\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_an_id_is_the_key_of_one_notification",
            "test_an_id_is_the_key_of_one_notification",
        ),
    ),
    Bug(
        name="an-old-state-is-remembered",
        harm="a step would be decided on what another process has changed since",
        module="adapters.sql.state_cache",
        old="        if cached is not None and cached[0] == text:",
        new="        if cached is not None:",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_what_one_opening_has_saved_every_other_sees",
            "test_what_one_opening_has_saved_every_other_sees",
        ),
    ),
    Bug(
        name="the-documents-outlive-the-purge",
        harm="what a patient wrote would stay",
        module="adapters.sql.deletion",
        old="        (documents, documents.c.enrolment_id),\n",
        new="",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_nothing_is_left_of_what_is_purged",
            "test_nothing_is_left_of_what_is_purged",
        ),
    ),
    Bug(
        name="what-changed-is-purged",
        harm="something new would be destroyed that nobody approved",
        module="adapters.sql.purge",
        old="if version == planned[id_] and its",
        new="if version >= planned[id_] and its",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_one_that_changed_is_not_purged_but_named",
            "test_one_that_changed_is_not_purged_but_named",
        ),
    ),
    Bug(
        name="another-person-s-log",
        harm="a patient would be shown who read somebody else's record",
        module="adapters.sql.access_log",
        old='access_log.c.person_value == bindparam("person_value"), access_log',
        new='access_log.c.person_value >= bindparam("person_value"), access_log',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_the_access_log_outlives_the_purge",
            "test_the_access_log_outlives_the_purge",
        ),
    ),
    Bug(
        name="the-log-skips-the-first",
        harm="an access would never be shown",
        module="adapters.sql.access_log",
        old='access_log.c.number > bindparam("after")',
        new='access_log.c.number > bindparam("after") + 1',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_plan_is_logged_with_it",
            "test_a_plan_is_logged_with_it",
        ),
    ),
    Bug(
        name="the-profile-of-every-unit",
        harm="ticking at one unit would tick at another",
        module="adapters.sql.profiles",
        old='_PROFILE = select(profiles.c.data).where(profiles.c.unit == bindparam("unit"), profiles',
        new='_PROFILE = select(profiles.c.data).where(profiles.c.unit >= bindparam("unit"), profiles',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_profile_is_of_one_person_at_one_unit",
            "test_a_profile_is_of_one_person_at_one_unit",
        ),
    ),
    Bug(
        name="the-oldest-flag-is-the-newest",
        harm="whoever has waited longest would come last",
        module="adapters.sql.step_rows",
        old='"waiting_since": counts.waiting_since,',
        new='"waiting_since": enrolment.last_entry_at,',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_row_tells_what_the_state_tells",
            "test_a_row_tells_what_the_state_tells",
        ),
    ),
    Bug(
        name="an-end-of-access-that-came-first-is-no-oldest-flag",
        harm="a form of today would hide that access ended a month ago",
        module="adapters.sql.case_order",
        old="_e.access_until < _e.waiting_since",
        new="_e.access_until > _e.waiting_since",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_the_oldest_of_several_flags_counts_and_the_end_of_access_is_one",
            "test_the_oldest_of_several_flags_counts_and_the_end_of_access_is_one",
        ),
    ),
    Bug(
        name="the-totals-count-the-ended",
        harm="a badge would never be empty again",
        module="adapters.sql.caseload",
        old="    ).where(NOT_ENDED),\n    own=False,",
        new="    ),\n    own=False,",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_the_totals_are_those_of_the_rows",
            "test_the_totals_are_those_of_the_rows",
        ),
    ),
    Bug(
        name="the-rank-is-not-in-the-key",
        harm="patients would be missing from the second page",
        module="adapters.sql.caseload",
        old="key=(rank, instant, enrolment_id),\n    )",
        new="key=(0, instant, enrolment_id),\n    )",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_priority_comes_first_then_flags_then_the_rest",
            "test_priority_comes_first_then_flags_then_the_rest",
        ),
    ),
    Bug(
        name="a-file-that-is-gone",
        harm="what is acknowledged would be in no file",
        module="adapters.sql.sqlite_connection",
        old="        if self._writes and self.files is not None:",
        new="        if not self._writes and self.files is not None:",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_nothing_is_acknowledged_that_a_new_opening_does_not_read",
            "test_nothing_is_acknowledged_that_a_new_opening_does_not_read",
        ),
    ),
    Bug(
        name="one-damaged-row-hides-a-person-s-others",
        harm="a patient would see no treatment while an old one of theirs is damaged",
        module="adapters.sql.enrolments",
        old="return tuple(read_each(rows, partial(read_state, connection, self._states), unreadable_enrolment))",
        new="return tuple(read_state(connection, self._states, row) for row in rows)",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_list_goes_on_without_a_damaged_enrolment",
            "test_a_list_goes_on_without_a_damaged_enrolment",
        ),
    ),
    Bug(
        name="what-cannot-be-read-hangs-on-the-error",
        harm="a log would get the whole record of a patient",
        module="serialization.stored",
        old="        failure = unreadable_error(what, error)\n    raise failure",
        new="        raise unreadable_error(what, error) from None\n    raise failure",
        caught_by=Catcher(
            "tests/serialization/test_stored.py::test_what_cannot_be_read_hangs_on_no_error",
            "test_what_cannot_be_read_hangs_on_no_error",
        ),
    ),
    Bug(
        name="any-claim-will-do",
        harm="a worker that was thought dead would settle what another has claimed",
        module="adapters.sql.outbox",
        old="if token == tokens[id_]}",
        new="if token is not None}",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_stale_claim_begins_and_completes_nothing",
            "test_a_stale_claim_begins_and_completes_nothing",
        ),
    ),
    Bug(
        name="what-a-dead-worker-held-is-lost",
        harm="what a worker had claimed when it died would never go",
        module="adapters.sql.digests",
        old='or_(_d.lease_until.is_(None), _d.lease_until <= bindparam("now"))',
        new="_d.lease_until.is_(None)",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_claimed_digest_is_nobody_elses_until_its_lease_is_over",
            "test_a_claimed_digest_is_nobody_elses_until_its_lease_is_over",
        ),
    ),
    Bug(
        name="cancelled-and-begun",
        harm="the patient would be told after the end",
        module="adapters.sql.outbox",
        old="ids = decision.notifications & pending",
        new="ids = decision.notifications",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_what_was_cancelled_after_the_claim_is_not_begun",
            "test_what_was_cancelled_after_the_claim_is_not_begun",
        ),
    ),
    Bug(
        name="begun-and-cancelled",
        harm="a timeline would say dropped of what was sent",
        module="adapters.sql.notifications",
        old="_CANCELLABLE = and_(PENDING, _n.batch_key.is_(None))",
        new="_CANCELLABLE = and_(PENDING, _n.id.is_not(None))",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_cancelling_what_does_not_wait_is_a_conflict",
            "test_cancelling_what_does_not_wait_is_a_conflict",
        ),
    ),
    Bug(
        name="an-answer-forgives-no-lost-worker",
        harm="what once was in a crash would be claimed last for ever",
        module="adapters.sql.digests",
        old='lost=row["lost"]',
        new="lost=_d.lost",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_poison_message_is_claimed_last_and_alone",
            "test_a_poison_message_is_claimed_last_and_alone",
        ),
    ),
    Bug(
        name="the-poison-row-first",
        harm="what was claimed with one that ends every worker would wait until it is given up",
        module="adapters.sql.digests",
        old=".order_by(_d.lost, _d.next_at, _d.id)",
        new=".order_by(_d.next_at, _d.id)",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_of_those_whose_worker_was_lost_the_one_that_was_tried_least_comes_first",
            "test_of_those_whose_worker_was_lost_the_one_that_was_tried_least_comes_first",
        ),
    ),
    Bug(
        name="a-batch-is-never-over",
        harm="what is tried again would go under the key of another notice",
        module="adapters.sql.digests",
        old='"batch_key": case((HAS_PENDING_BATCH, _d.batch_key), else_=null()),',
        new='"batch_key": _d.batch_key,',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_what_is_settled_is_never_due_again",
            "test_what_is_settled_is_never_due_again",
        ),
    ),
    Bug(
        name="the-day-is-not-kept",
        harm="a patient would be told twice on one day",
        module="adapters.sql.digests",
        old='told_on = func.coalesce(row["told_on"], _d.told_on)',
        new='told_on = row["told_on"]',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_the_day_on_which_the_recipient_was_told_is_kept",
            "test_the_day_on_which_the_recipient_was_told_is_kept",
        ),
    ),
    Bug(
        name="the-superseded-key-is-lost",
        harm="a purged patient's notice would stay in the inbox",
        module="adapters.sql.outbox",
        old="if before not in {None, key}:",
        new="if before in {key}:",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_notification_keys_are_those_that_were_sent_for_them",
            "test_notification_keys_are_those_that_were_sent_for_them",
        ),
    ),
    Bug(
        name="a-claim-of-nothing-readable-ends-the-run",
        harm="all patients behind a damaged row would wait",
        module="adapters.sql.outbox",
        old="if readable or not claimed:",
        new="if readable or claimed:",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_damaged_notification_keeps_no_other_waiting[1]",
            "test_a_damaged_notification_keeps_no_other_waiting",
        ),
    ),
    Bug(
        name="no-lost-row-is-counted",
        harm="what ends every worker would be tried for ever",
        module="adapters.sql.digest_rows",
        old="lost=lost + begun",
        new="lost=lost",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_poison_message_is_claimed_last_and_alone",
            "test_a_poison_message_is_claimed_last_and_alone",
        ),
    ),
    Bug(
        name="what-waits-counts-as-sent",
        harm="a message would count as told of with one that was there before it",
        module="adapters.sql.digest_rows",
        old="frozenset(row[1] for row in rows if row[-1] is not None)",
        new="frozenset(row[1] for row in rows)",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_batch_in_doubt_is_not_brought_forward",
            "test_a_batch_in_doubt_is_not_brought_forward",
        ),
    ),
    Bug(
        name="settled-without-a-note",
        harm="a notification would be lost, and nobody would know",
        module="adapters.sql.digest_rows",
        old='"is_noted": status is Status.DELIVERED',
        new='"is_noted": status is not None',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_what_was_not_delivered_waits_for_a_note_until_it_is_written",
            "test_what_was_not_delivered_waits_for_a_note_until_it_is_written",
        ),
    ),
    Bug(
        name="a-message-brings-a-row-forward",
        harm="a broken inbox would be asked with each new message",
        module="adapters.sql.digests",
        old="next_at = case((_d.batch_key.is_(None), earlier), else_=present)",
        new="next_at = earlier",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_batch_in_doubt_is_not_brought_forward",
            "test_a_batch_in_doubt_is_not_brought_forward",
        ),
    ),
    Bug(
        name="the-purge-forgets-the-day",
        harm="a patient would be told twice on one day",
        module="adapters.sql.deletion",
        old="else_=_d.attempted_on)",
        new="else_=_d.told_on)",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_batch_that_is_purged_whole_may_have_told_the_recipient",
            "test_a_batch_that_is_purged_whole_may_have_told_the_recipient",
        ),
    ),
    Bug(
        name="a-notice-of-an-open-one-goes",
        harm="a patient in treatment would not find what there is to read",
        module="adapters.sql.purge",
        old="_OF_OPEN_ENROLMENT = exists(select(_e.id).where(_e.id == _others.c.enrolment_id, NOT_ENDED))",
        new="_OF_OPEN_ENROLMENT = exists(select(_e.id).where(_e.id == _others.c.enrolment_id, ENDED))",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_notification_keys_leave_out_what_an_open_enrolment_shares",
            "test_notification_keys_leave_out_what_an_open_enrolment_shares",
        ),
    ),
    Bug(
        name="an-update-makes-new-keys",
        harm="a patient would be told twice of what was sent before the update",
        module="adapters.sql.migrations.versions.v0004_digests",
        old="max(CASE WHEN place = 1 AND {_TRIED} THEN id END)",
        new="max(CASE WHEN place = 1 AND {_TRIED} THEN 'new.' || id END)",
        caught_by=Catcher(
            "tests/adapters/sql/test_migration_of_digests.py::test_whatever_waited_is_told_once_and_under_the_key_that_the_inbox_may_have[sqlite-at_once]",
            "test_whatever_waited_is_told_once_and_under_the_key_that_the_inbox_may_have",
        ),
    ),
    Bug(
        name="an-update-forgets-who-was-told",
        harm="a patient would be told twice on the day of the update",
        module="adapters.sql.migrations.versions.v0004_digests",
        old='WHEN "window" > {settled_on} THEN "window" ELSE {settled_on} END',
        new='WHEN "window" > {settled_on} THEN NULL ELSE NULL END',
        caught_by=Catcher(
            "tests/adapters/sql/test_migration_of_digests.py::test_whatever_waited_is_told_once_and_under_the_key_that_the_inbox_may_have[sqlite-at_once]",
            "test_whatever_waited_is_told_once_and_under_the_key_that_the_inbox_may_have",
        ),
    ),
    Bug(
        name="an-update-forgets-older-keys",
        harm="a purged patient's notice would stay in the inbox",
        module="adapters.sql.migrations.versions.v0004_digests",
        old="AND n.attempts > 0 AND n.id <> d.batch_key",
        new="AND n.attempts > 0 AND n.id = d.batch_key AND n.id <> d.batch_key",
        caught_by=Catcher(
            "tests/adapters/sql/test_migration_of_digests.py::test_whatever_waited_is_told_once_and_under_the_key_that_the_inbox_may_have[sqlite-at_once]",
            "test_whatever_waited_is_told_once_and_under_the_key_that_the_inbox_may_have",
        ),
    ),
    Bug(
        name="an-old-shape-is-believed",
        harm="after an update a page would show counts that nobody counts so any more",
        module="adapters.sql.enrolments",
        old="    if shape == ENROLMENT_SHAPE:\n",
        new="    if shape is not None:\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_state_of_an_earlier_shape_is_replayed_from_its_timeline",
            "Broken clause: Enrolments.load_many: earlier shape",
        ),
    ),
    Bug(
        name="a-later-version-s-schema-is-used",
        harm="a server that was not updated would write what the updated ones cannot read",
        module="adapters.sql.engine",
        old="        raise StorageError(NEWER)\n",
        new="        return\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_storage_of_a_later_version_is_refused",
            "Broken clause: Storage: refusing",
        ),
    ),
    Bug(
        name="a-profile-and-its-line-in-two",
        harm="a choice would be made of which the log knows nothing",
        module="adapters.sql.profiles",
        old="            connection.execute(ADD_ACCESS, access_values(access))\n\n        self._database.write(work)\n",
        new="            pass\n\n        self._database.write(work)\n        self._database.write(lambda connection: connection.execute(ADD_ACCESS, access_values(access)))\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_call_that_is_stopped_between_two_writes_is_done_or_not_begun[profile]",
            "Staff.save_profile: stopped before write",
        ),
    ),
    Bug(
        name="a-plan-and-its-line-in-two",
        harm="a purge would be planned of which the log knows nothing",
        module="adapters.sql.purge_plans",
        old="            connection.execute(ADD_ACCESS, access_values(access))\n\n        self._database.write(work)\n",
        new="            pass\n\n        self._database.write(work)\n        self._database.write(lambda connection: connection.execute(ADD_ACCESS, access_values(access)))\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_call_that_is_stopped_between_two_writes_is_done_or_not_begun[plan]",
            "Retention.save_plan: stopped before write",
        ),
    ),
    Bug(
        name="results-and-their-lines-in-two",
        harm="a delivery would leave no trace",
        module="adapters.sql.outbox",
        old="            self._database.write(lambda connection: self._complete(connection, results, access))\n",
        new="            self._database.write(lambda connection: self._complete(connection, results, NOTHING))\n            lines = [access_values(entry) for entries in access.values() for entry in entries]\n            self._database.write(lambda c: ACCESS_BATCH.run(c, lines, single_statement=False))\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_call_that_is_stopped_between_two_writes_is_done_or_not_begun[complete]",
            "Outbox.complete: one transaction: stopped before write",
        ),
    ),
)
