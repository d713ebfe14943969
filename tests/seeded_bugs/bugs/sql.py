"""Bugs in the storage in SQL."""

# ruff: noqa: E501 - lines of other files

from tests.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="a-key-of-old-is-not-found",
        harm="a patient who runs a program of old would be stuck: found by no call, not to be ended",
        module="adapters.sql.parts",
        old="    return text.isprintable() or is_storable(text)",
        new="    return text.isprintable()",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_program_of_old_keeps_its_key_and_comes_back_as_it_was",
            "test_a_program_of_old_keeps_its_key_and_comes_back_as_it_was",
        ),
    ),
    Bug(
        name="any-claim-will-do",
        harm="a worker that was thought dead would settle what another has in hand",
        module="adapters.sql.outbox",
        old='.where(_n.id == outcome["id"], _n.token == outcome["claim"])',
        new='.where(_n.id == outcome["id"], outcome["claim"] != "")',
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_stale_token_is_passed_over",
            "test_a_stale_token_is_passed_over",
        ),
    ),
    Bug(
        name="what-a-dead-worker-held-is-lost",
        harm="what a worker had in hand when it died would never go",
        module="adapters.sql.claims",
        old='                    _HELD.c.held_until > bindparam("now"),',
        new='                    _HELD.c.held_until < bindparam("now"),',
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_lane_whose_lease_ran_out_comes_whole",
            "test_a_lane_whose_lease_ran_out_comes_whole",
        ),
    ),
    Bug(
        name="somebody-else-was-told",
        harm="a patient would be told a day late",
        module="adapters.sql.claims",
        old=", _GONE.c.lane == _n.lane)",
        new=", _GONE.c.unit == _n.unit)",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_lane_has_told_its_own_patient",
            "test_a_lane_has_told_its_own_patient",
        ),
    ),
    Bug(
        name="the-end-of-access-an-instant-late",
        harm="the flag would come with the next pass",
        module="adapters.sql.enrolments",
        old='enrolments.c.access_until <= bindparam("now")',
        new='enrolments.c.access_until < bindparam("now")',
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_access_that_is_over_is_found_from_its_very_instant",
            "test_access_that_is_over_is_found_from_its_very_instant",
        ),
    ),
    Bug(
        name="the-list-keeps-the-old-therapist",
        harm="the new therapist would not see the patient",
        module="adapters.sql.saving",
        old="_MOVES = frozenset({HandedOver, Maintained, AccessEnded, Ended})",
        new="_MOVES = frozenset({Maintained, AccessEnded, Ended})",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_therapist_has_the_own_patients_and_those_handed_over",
            "test_a_therapist_has_the_own_patients_and_those_handed_over",
        ),
    ),
    Bug(
        name="what-was-written-is-lost",
        harm="the message would be empty",
        module="adapters.sql.saving",
        old="            link.many(_ADD_DOCUMENT, rows.documents)\n",
        new="            link.many(_ADD_DOCUMENT, rows.documents[1:])\n",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_long_timeline_comes_back_whole_and_in_order",
            "test_a_long_timeline_comes_back_whole_and_in_order",
        ),
    ),
    Bug(
        name="notifications-in-a-transaction-of-their-own",
        harm="a message would be saved, and nobody told of it",
        module="adapters.sql.saving",
        old="            self._database.write(lambda link: self._save(link, change, rows))\n",
        new="            self._database.write(lambda link: self._save(link, __import__('attrs').evolve(change, outcomes=(), dropped=(), notifications=()), rows))\n            self._database.write(lambda link: self._change_notifications(link, change))\n",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_an_id_is_the_key_of_one_notification",
            "test_an_id_is_the_key_of_one_notification",
        ),
    ),
    Bug(
        name="an-old-state-is-remembered",
        harm="a step would be decided on what another process has changed since",
        module="adapters.sql.saving",
        old="        if known is not None and known[0] == text:",
        new="        if known is not None:",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_what_one_opening_has_saved_every_other_sees",
            "test_what_one_opening_has_saved_every_other_sees",
        ),
    ),
    Bug(
        name="the-documents-outlive-the-purge",
        harm="what a patient wrote would stay",
        module="adapters.sql.retention",
        old="        (documents, documents.c.enrolment_id),\n",
        new="",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_purge_that_is_killed_again_and_again_ends_like_one_that_was_not",
            "test_a_purge_that_is_killed_again_and_again_ends_like_one_that_was_not",
        ),
    ),
    Bug(
        name="what-changed-is-purged",
        harm="something new would be destroyed that nobody approved",
        module="adapters.sql.retention",
        old="if version == planned[id_] and its",
        new="if version >= planned[id_] and its",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_one_that_changed_is_not_purged_but_named",
            "test_one_that_changed_is_not_purged_but_named",
        ),
    ),
    Bug(
        name="another-person-s-log",
        harm="a patient would be shown who read somebody else's record",
        module="adapters.sql.offices",
        old='access_log.c.person_value == bindparam("person_value"), access_log',
        new='access_log.c.person_value >= bindparam("person_value"), access_log',
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_the_access_log_outlives_the_purge",
            "test_the_access_log_outlives_the_purge",
        ),
    ),
    Bug(
        name="the-log-skips-the-first",
        harm="an access would never be shown",
        module="adapters.sql.offices",
        old='access_log.c.number > bindparam("after")',
        new='access_log.c.number > bindparam("after") + 1',
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_plan_is_logged_with_it",
            "test_a_plan_is_logged_with_it",
        ),
    ),
    Bug(
        name="the-profile-of-every-unit",
        harm="ticking at one unit would tick at another",
        module="adapters.sql.offices",
        old='_PROFILE = select(profiles.c.data).where(profiles.c.unit == bindparam("unit"), profiles',
        new='_PROFILE = select(profiles.c.data).where(profiles.c.unit >= bindparam("unit"), profiles',
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_profile_is_of_one_person_at_one_unit",
            "test_a_profile_is_of_one_person_at_one_unit",
        ),
    ),
    Bug(
        name="the-rank-is-not-in-the-key",
        harm="patients would be missing from the second page",
        module="adapters.sql.caseload",
        old="key=(row[0], row[1]),",
        new="key=(0, row[1]),",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_priority_comes_first_then_flags_then_the_rest",
            "test_priority_comes_first_then_flags_then_the_rest",
        ),
    ),
    Bug(
        name="a-file-that-is-gone",
        harm="what is acknowledged would be in no file",
        module="adapters.sql.sqlite",
        old="        if self._writes and self.files is not None:",
        new="        if not self._writes and self.files is not None:",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_nothing_is_acknowledged_that_a_new_opening_does_not_read",
            "test_nothing_is_acknowledged_that_a_new_opening_does_not_read",
        ),
    ),
    Bug(
        name="whoever-holds-it-may-note",
        harm="a timeline would say undelivered of what another worker delivers",
        module="adapters.sql.outbox",
        old='select(_n.id).where(_n.id == bindparam("id"), PENDING, _n.token == bindparam("claim"))',
        new='select(_n.id).where(_n.id == bindparam("id"), _n.token.isnot(None))',
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_step_about_what_somebody_else_holds_is_a_conflict",
            "test_a_step_about_what_somebody_else_holds_is_a_conflict",
        ),
    ),
    Bug(
        name="one-damaged-row-hides-a-person-s-others",
        harm="a patient would see no treatment while an old one of theirs is damaged",
        module="adapters.sql.enrolments",
        old="return tuple(read_each(rows, partial(self._state, link), unreadable_enrolment))",
        new="return tuple(self._state(link, row) for row in rows)",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_list_goes_on_without_a_damaged_enrolment",
            "test_a_list_goes_on_without_a_damaged_enrolment",
        ),
    ),
    Bug(
        name="what-cannot-be-read-hangs-on-the-error",
        harm="a log would get the whole record of a patient",
        module="serialization",
        old="        failure = unreadable(what, error)\n    raise failure",
        new="        raise unreadable(what, error) from None\n    raise failure",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_damaged_enrolment_is_refused_alone_and_in_silence",
            "test_a_damaged_enrolment_is_refused_alone_and_in_silence",
        ),
    ),
    Bug(
        name="a-claim-of-nothing-readable-ends-the-pass",
        harm="all patients behind a damaged row would wait",
        module="adapters.sql.claims",
        old="while taken := self._database.write(work):",
        new="if taken := self._database.write(work):",
        caught_by=Catcher(
            "tests/test_sql_storage.py::TestSqliteStorage::test_a_damaged_notification_keeps_no_other_waiting[1]",
            "test_a_damaged_notification_keeps_no_other_waiting",
        ),
    ),
)
