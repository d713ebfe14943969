"""Bugs in calls that come twice under a key, and in steps that follow from an old view."""

from proofs.seeded_bugs.bug import Bug, Catcher

BUGS = (
    Bug(
        name="a-repeated-call-is-a-new-one",
        harm="a double click would end in an error, and a lost answer would stay lost",
        module="application.executor",
        old="                if first is not None:\n                    self.storage.log",
        new="                if first is None and at is None:\n                    self.storage.log",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 10"),
    ),
    Bug(
        name="an-old-page-ends-all-the-same",
        harm="an alarm that came while the page was open would vanish with the end",
        module="application.from_view",
        old="        old_views.require_no_new_flag(since)\n",
        new="",
        caught_by=Catcher("tests/application/test_once.py::test_a_step_from_an_old_view_is_refused_and_says_what_came"),
    ),
    Bug(
        name="one-click-sweeps-away-the-unseen",
        harm="a failed notification that came after the page was drawn would be settled by a click that saw others",
        module="rules.flags",
        old=" for lost in enrolment.undelivered if lost not in unseen)",
        new=" for lost in enrolment.undelivered)",
        caught_by=Catcher(
            "tests/rules/test_old_views.py::test_failures_that_came_after_the_view_go_on_waiting",
            "test_failures_that_came_after_the_view_go_on_waiting",
        ),
    ),
    Bug(
        name="any-content-under-the-key",
        harm="a message would be taken for written that nobody has",
        module="application.once",
        old="        if not _is_of(asked, call.fingerprint) or enrolment_id",
        new="        if enrolment_id",
        caught_by=Catcher(
            "tests/application/test_once.py::test_another_content_under_the_key_is_refused",
            "test_another_content_under_the_key_is_refused",
        ),
    ),
    Bug(
        name="a-call-that-changes-nothing-is-not-kept",
        harm="a repeated click would mark as read what came after the first one",
        module="application.executor",
        old="if not (result.events or once or noted):",
        new="if not (result.events or noted):",
        caught_by=Catcher(
            "tests/application/test_once.py::test_a_call_that_changed_nothing_changes_nothing_later_either",
            "test_a_call_that_changed_nothing_changes_nothing_later_either",
        ),
    ),
    Bug(
        name="keys-outlive-the-record-in-memory",
        harm="a digest of a number would be left of a patient whose record had to go",
        module="adapters.memory.records",
        old="        for key in self._of_enrolment.pop(enrolment_id, ()):\n",
        new="        for key in {k for k in self._of_enrolment.pop(enrolment_id, ()) if k.kind is Draft}:\n",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_nothing_is_left_of_what_is_purged",
            "test_nothing_is_left_of_what_is_purged",
        ),
    ),
    Bug(
        name="a-key-is-lost-where-a-step-is-one-statement",
        harm="on PostgreSQL a double click would write a message twice",
        module="adapters.sql.saving",
        old="change.resolved or change.completed:",
        new="change.resolved:",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestPostgresqlStorage::test_a_call_is_found_by_its_key",
            "test_a_call_is_found_by_its_key",
        ),
    ),
    Bug(
        name="a-repeated-call-of-a-desk-is-a-new-one",
        harm="a double click would leave two plans, and the second one be approved unread",
        module="application.desk_calls",
        old="    if first is None:\n        try:",
        new="    if first is None or again:\n        try:",
        caught_by=Catcher(
            "tests/application/test_once.py::test_the_same_key_returns_the_first_result_and_changes_nothing",
            "test_the_same_key_returns_the_first_result_and_changes_nothing",
        ),
    ),
    Bug(
        name="another-plan-under-the-key-of-a-purge",
        harm="a host would take the receipt of one purge for that of another",
        module="application.once",
        old="        if not _is_of(asked, call.fingerprint):\n",
        new="        if not call.fingerprint:\n",
        caught_by=Catcher(
            "tests/application/test_once.py::test_another_content_under_the_key_is_refused",
            "test_another_content_under_the_key_is_refused",
        ),
    ),
    Bug(
        name="a-plan-without-its-key",
        harm="after a lost answer the administrator would have two plans",
        module="adapters.sql.records",
        old="            add_desk_call(connection, completed)\n",
        new="",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_a_call_at_a_desk_is_found_by_its_key",
            "test_a_call_at_a_desk_is_found_by_its_key",
        ),
    ),
    Bug(
        name="a-purge-without-its-key-in-the-lifecycle",
        harm="the laws would not notice a key that is forgotten",
        module="application.purge",
        old="self._save_plan(Action.PLAN_PURGE, plan, at, completing(plan.id))",
        new="self._save_plan(Action.PLAN_PURGE, plan, at, None)",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 10"),
    ),
    Bug(
        name="a-purge-leaves-the-keys",
        harm="a digest of a number would be left of a patient whose record had to go, or stop the purge",
        module="adapters.sql.deletion",
        old="        (completed_calls, completed_calls.c.enrolment_id),\n",
        new="",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_nothing_is_left_of_what_is_purged",
            "test_nothing_is_left_of_what_is_purged",
        ),
    ),
)
