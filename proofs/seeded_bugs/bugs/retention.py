"""Bugs in what may be purged, and in the procedure."""

# ruff: noqa: E501 - lines of other files

from proofs.seeded_bugs.bug import Bug, Catcher

_MEMORY = "tests/adapters/memory/test_memory.py::TestMemoryStorage"

BUGS = (
    Bug(
        name="an-approved-plan-is-listed-as-open",
        harm="a plan would be approved twice, and the approved one never be carried out",
        module="adapters.sql.plan_list",
        old="    PlanState.OPEN: and_(_RECEIPT.is_(None), ~plans.c.approved),\n",
        new="    PlanState.OPEN: _RECEIPT.is_(None),\n",
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteStorage::test_plans_are_the_units_own_in_order_and_by_state",
            "test_plans_are_the_units_own_in_order_and_by_state",
        ),
    ),
    Bug(
        name="a-list-of-plans-leaves-no-line",
        harm="nobody could tell who had looked at the plans",
        module="application.plan_pages",
        old="    executor.storage.log((access_entry(Action.SEE_PLANS, actor, executor.now()),))\n",
        new="",
        caught_by=Catcher(
            "tests/application/test_access_log.py::test_each_call_leaves_its_lines_and_no_other",
            "test_each_call_leaves_its_lines_and_no_other",
        ),
    ),
    Bug(
        name="a-year-too-early",
        harm="records would be destroyed that must be kept",
        module="rules.retention",
        old="years_earlier(now, policy.retention_years, policy.zone)",
        new="years_earlier(now, policy.retention_years - 1, policy.zone)",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 7"),
    ),
    Bug(
        name="counted-from-the-end",
        harm="a record with a later entry would be destroyed too early",
        module="rules.retention",
        old="enrolment.last_entry_at >= before\n",
        new="enrolment.ended_at >= before\n",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 7"),
    ),
    Bug(
        name="purged-without-a-decision",
        harm="records would be destroyed that nobody decided on",
        module="rules.retention",
        old='    if plan.decision is None:\n        raise RuleViolation("D-21a", Reason.NOT_APPROVED)\n    return plan.decision',
        new='    return plan.decision or PurgeDecision(reference="-", by=by.hsa_id, at=plan.made_at)',
        caught_by=Catcher(
            "tests/rules/test_retention.py::test_a_purge_leaves_a_receipt_and_the_access_log_and_is_done_once"
        ),
    ),
    Bug(
        name="an-old-export-will-do",
        harm="what came after the export would be lost",
        module="rules.retention",
        old="present.exported != present.version:",
        new="not present.exported:",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 7", seed=4),
    ),
    Bug(
        name="nobody-asks-for-the-export",
        harm="statistics would be lost for good",
        module="rules.retention",
        old="    if policy.export_before_purge and",
        new="    if not policy.export_before_purge and",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 7"),
    ),
    Bug(
        name="the-receipt-names-what-stayed",
        harm="a replay would destroy what was kept on purpose",
        module="rules.retention",
        old="if e.enrolment_id not in ids),",
        new="if e.enrolment_id),",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 7"),
    ),
    Bug(
        name="any-receipt-is-believed",
        harm="a made-up receipt would destroy records that nobody exported",
        module="rules.retention",
        old="    return recheck(planned or present, present, policy, now)",
        new="    return Skip.TOO_YOUNG if present.last_entry_at >= period_start(now, policy) else None",
        caught_by=Catcher(
            "tests/rules/test_receipts.py::test_without_plan_and_proof_a_receipt_passes_the_checks_of_a_purge"
        ),
    ),
    Bug(
        name="a-notice-goes-that-is-needed",
        harm="a patient in treatment would not find what there is to read",
        module="adapters.memory.notifications",
        old="and is_open(row.record",
        new="and not is_open(row.record",
        caught_by=Catcher(f"{_MEMORY}::test_notification_keys_leave_out_what_an_open_enrolment_shares"),
    ),
    Bug(
        name="the-inbox-keeps-its-notices",
        harm="a purged patient's number would stay in the inbox",
        module="application.unit_records",
        old="= (self._executor.ports.inbox, *self._executor.ports.messengers)",
        new="= (*self._executor.ports.messengers,)",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 7"),
    ),
    Bug(
        name="the-purge-is-not-logged",
        harm="nobody could tell who destroyed a record",
        module="application.purge",
        old="        self._records.log_each(Action.PURGE, {id_: states[id_].person for id_ in ids if id_ in states})\n",
        new="",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 7"),
    ),
)
