"""Bugs in drafts: what ends them, who sees them, and how they are stored."""

# ruff: noqa: E501 - lines of other files

from proofs.seeded_bugs.bug import Bug, Catcher

_CONTRACT = "tests/adapters/sql/test_storage.py::TestSqliteStorage"

BUGS = (
    Bug(
        name="a-submission-leaves-its-draft",
        harm="a patient would send the same form again",
        module="rules.drafts",
        old="            discarded.add(event.form)\n",
        new="            pass\n",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 6"),
    ),
    Bug(
        name="the-end-leaves-drafts",
        harm="what a patient never sent would be kept for ten years",
        module="rules.drafts",
        old="isinstance(event, (Maintained, Ended, Withdrawn))",
        new="isinstance(event, (Maintained, Withdrawn))",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 6"),
    ),
    Bug(
        name="a-draft-after-the-end",
        harm="a form would be begun that nobody will ever read",
        module="application.drafts",
        old="            definition = self._form(enrolment, form, at)\n            normalised",
        new="            definition = self._form(enrolment, form, enrolment.started_at)\n            normalised",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_maintenance_usual", "Law 6"),
    ),
    Bug(
        name="a-draft-is-read-in-the-next-room",
        harm="another patient would read what this one has not sent",
        module="application.drafts",
        old="        access.permit(action, self._patient, enrolment)\n",
        new="",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 9"),
    ),
    Bug(
        name="a-draft-of-any-size",
        harm="a page could fill the database with texts that no form can take",
        module="rules.drafts",
        old="isinstance(answer, str) and len(answer) <= question.longest",
        new="isinstance(answer, str)",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_treatment_usual", "Law 2"),
    ),
    Bug(
        name="a-purge-leaves-drafts-in-memory",
        harm="what a patient never sent would outlive everything that was sent",
        module="adapters.memory.retention",
        old="        self._records.delete(enrolment.id)\n",
        new="",
        caught_by=Catcher(
            "tests/adapters/memory/test_memory.py::TestMemoryStorage::test_no_draft_is_left_of_what_is_purged",
            "Broken clause: Retention.purge: nothing left",
        ),
    ),
    Bug(
        name="a-draft-of-an-old-state",
        harm="a page that saves by itself would leave a draft behind at the end",
        module="adapters.sql.drafts",
        old='update(enrolments).where(_OF_ENROLMENT, enrolments.c.version == bindparam("before"))',
        new='update(enrolments).where(_OF_ENROLMENT, enrolments.c.version >= bindparam("before"))',
        caught_by=Catcher(
            f"{_CONTRACT}::test_a_draft_of_another_state_is_refused", "Broken clause: Drafts.save_draft: optimistic"
        ),
    ),
    Bug(
        name="nobody-announces-a-draft",
        harm="a form that was sent would be there as a draft for ever",
        module="adapters.sql.drafts",
        old=".values(has_drafts=true())",
        new=".values(has_drafts=enrolments.c.has_drafts)",
        caught_by=Catcher(
            f"{_CONTRACT}::test_a_change_discards_the_drafts_that_it_names", "Broken clause: Change.discarded_drafts"
        ),
    ),
    Bug(
        name="one-draft-hides-the-others",
        harm="a second form that was sent would be there as a draft for ever",
        module="adapters.sql.drafts",
        old="    .values(has_drafts=exists(select(drafts.c.form).where(drafts.c.enrolment_id == enrolments.c.id)))\n",
        new="    .values(has_drafts=~exists(select(drafts.c.form).where(drafts.c.enrolment_id == enrolments.c.id)))\n",
        caught_by=Catcher(
            f"{_CONTRACT}::test_a_change_discards_the_drafts_that_it_names", "Broken clause: Change.discarded_drafts"
        ),
    ),
    Bug(
        name="drafts-are-not-purged",
        harm="a purge would fail wherever a draft is left",
        module="adapters.sql.deletion",
        old="        (drafts, drafts.c.enrolment_id),\n",
        new="",
        caught_by=Catcher(
            f"{_CONTRACT}::test_no_draft_is_left_of_what_is_purged", "Broken clause: Retention.purge: nothing left"
        ),
    ),
    Bug(
        name="a-draft-and-its-line-in-two",
        harm="a patient's data would be deleted, and the log know nothing of it",
        module="adapters.sql.drafts",
        old="            connection.execute(ADD_ACCESS, access_values(access))\n\n        self._database.write(work)\n",
        new="\n        self._database.write(work)\n        self._database.write(lambda connection: connection.execute(ADD_ACCESS, access_values(access)))\n",
        caught_by=Catcher(
            f"{_CONTRACT}::test_a_call_that_is_stopped_between_two_writes_is_done_or_not_begun[discard]",
            "Drafts.save_draft: discarded: stopped before write",
        ),
    ),
)
